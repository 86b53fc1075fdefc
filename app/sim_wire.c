/* The wires of the simulated NICs: the peer on each, and a log line for each of its ticks. */
#include "sim_wire.h"

#include <inttypes.h>

#include "board.h"
#include "log.h"
#include "sim_capture.h"

/* What the peers do until the console says otherwise: make DEFINES=-DSIM_PROFILE=SIM_PEER_FLOOD. */
#ifndef SIM_PROFILE
#define SIM_PROFILE SIM_PEER_ECHO
#endif

/* Faults from the start, and their seed, with which a run without outside influences is the same
 * each time. make DEFINES="-DSIM_FAULT_THOUSANDTHS=50 -DSIM_FAULT_SEED=7" */
#ifndef SIM_FAULT_THOUSANDTHS
#define SIM_FAULT_THOUSANDTHS 0
#endif
#ifndef SIM_FAULT_SEED
#define SIM_FAULT_SEED 1
#endif
/* "used", so that the compiler does not take them for constants: for other faults without another
 * build they can be patched in the firmware's file. */
static __attribute__((used)) struct {
  uint32_t seed;
  uint16_t thousandths;
} faults_at_start = {SIM_FAULT_SEED, SIM_FAULT_THOUSANDTHS};

/* The peers of sim0 and sim1, each on a network of its own. */
#define PEER(number)                                                                               \
  {                                                                                                \
    .mac = {0x02, 0x00, 0x00, 0x51, 0xd0, 0x02 + 0x10 * (number)},                                 \
    .address = {10, 1 + (number), 0, 2}, .station = {10, 1 + (number), 0, 1}, .burst = 8,          \
    .profile = SIM_PROFILE, .replay = sim_capture, .replay_length = SIM_CAPTURE_BYTES,             \
    .first_ms = 1000, .period_ms = 5000,                                                           \
  }
static const struct sim_peer_config peers[BOARD_SIMS] = {PEER(0), PEER(1)};

static struct {
  struct dispatch_source burst_done;
  struct sim_peer_report last; /* as of the line before */
} wires[BOARD_SIMS];

static void report(void *context) {
  const struct sim_device *device = context;
  unsigned number = (unsigned)(device - board_sim_devices);
  const struct sim_peer_report now = device->peer.report;
  const struct sim_peer_report last = wires[number].last;

  log_info("sim",
           "sim%u tick %" PRIu32 ": %" PRIu32 " requests, %" PRIu32 " right, %" PRIu32
           " wrong, %" PRIu32 " missing",
           number, now.ticks, now.requests - last.requests, now.right - last.right,
           now.wrong - last.wrong, now.missing - last.missing);
  if (device->peer.config.profile == SIM_PEER_SESSION)
    log_info("sim",
             "sim%u tcp: %" PRIu32 " of %" PRIu32 " segments came back, %" PRIu32 " sessions lost",
             number, now.echoed, now.segments, now.lost);
  wires[number].last = now;
}

void sim_wire_start(struct dispatch_queue *dispatch) {
  for (unsigned i = 0; i < BOARD_SIMS; i++) {
    const struct nic_device *listed = &board_devices[BOARD_DEVICES - BOARD_SIMS + i]; /* the last */
    struct sim_device *device = &board_sim_devices[i];

    board_sim_nics[i] = listed->nic;
    sim_device_init(device, &peers[i], listed->config->irq);
    sim_faults_seed(&device->faults, faults_at_start.seed);
    for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++)
      device->faults.probability[fault] = faults_at_start.thousandths;
    if (dispatch_add(dispatch, &wires[i].burst_done, report, device) == 0)
      device->peer.burst_done = &wires[i].burst_done;
  }
}

struct sim_device *sim_wire_device(const struct nic *nic) {
  for (unsigned i = 0; i < BOARD_SIMS; i++) {
    if (nic->config->base == (uintptr_t)&board_sim_devices[i])
      return &board_sim_devices[i];
  }
  return NULL;
}
