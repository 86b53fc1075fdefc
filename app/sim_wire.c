/* The wire of the simulated NIC: the peer on it, and a log line for each of its ticks. */
#include "sim_wire.h"

#include <inttypes.h>

#include "board.h"
#include "log.h"

/* The seed's times and burst, on en1's network. */
static const struct sim_peer_config peer = {
    .mac = {0x02, 0x00, 0x00, 0x51, 0xd0, 0x02},
    .address = {10, 1, 0, 2},
    .station = {10, 1, 0, 1},
    .burst = 8,
    .first_ms = 1000,
    .period_ms = 5000,
};

static struct dispatch_source burst_done;
static struct sim_peer_report last; /* as of the line before */

static void report(void *context) {
  const struct sim_device *device = context;
  const struct sim_peer_report now = device->peer.report;

  log_info("sim",
           "tick %" PRIu32 ": %" PRIu32 " echo requests, %" PRIu32 " answers right, %" PRIu32
           " wrong, %" PRIu32 " missing",
           now.ticks, now.requests - last.requests, now.right - last.right, now.wrong - last.wrong,
           now.missing - last.missing);
  last = now;
}

void sim_wire_start(struct dispatch_queue *dispatch) {
  sim_device_init(&board_sim_device, &peer, BOARD_IRQ_FABRIC0);
  if (dispatch_add(dispatch, &burst_done, report, &board_sim_device) == 0)
    board_sim_device.peer.burst_done = &burst_done;
}
