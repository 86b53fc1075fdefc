/* lwIP's own driver of a host's tap device (contrib/ports/unix) under the netif suite, unchanged: a
 * pair of sockets stands in for the device. */
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "lwip/prot/ethernet.h"
#include "netif/tapif.h"
#include "netif_driver.h"
#include "unit.h"

enum { DEVICE_BYTES = 16384, OURS = 0, DRIVERS = 1 };

static int device[2];
static bool held;
static uint8_t station[ETH_HWADDR_LEN];

/* The driver opens its device. */
int open(const char *path, int flags, ...) {
  (void)flags;
  assert_string_equal(path, "/dev/tap0");
  return device[DRIVERS];
}

static void power_on(void) {
  const int size = DEVICE_BYTES;

  host_reset();
  held = false;
  assert_int_equal(setenv("PRECONFIGURED_TAPIF", "tap0", 1), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, device), 0);
  for (unsigned end = 0; end < 2; end++)
    assert_int_equal(setsockopt(device[end], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
}

static bool is_readable(int end) {
  struct pollfd ready = {.fd = device[end], .events = POLLIN};

  return poll(&ready, 1, 0) == 1;
}

static void send_some(unsigned frames) {
  uint8_t frame[2048];

  while (frames-- != 0 && is_readable(OURS)) {
    ssize_t length = read(device[OURS], frame, sizeof frame);

    assert_true(length > 0);
    wire_sent(frame, (uint32_t)length);
  }
}

static void send_all(void) {
  if (!held)
    send_some(UINT_MAX);
}

static void run(struct netif *netif) {
  memcpy(station, netif->hwaddr, sizeof station);
  host_run_for_us(1000);
  do {
    while (is_readable(DRIVERS))
      tapif_poll(netif);
    send_all();
  } while (is_readable(DRIVERS));
}

/* As a switch does, that knows the station. */
static bool receive(const uint8_t *frame, uint32_t length) {
  if ((frame[0] & 1) == 0 && memcmp(frame, station, sizeof station) != 0)
    return false;
  return length <= 1518 && write(device[OURS], frame, length) == (ssize_t)length;
}

static void hold_tx(bool hold) {
  held = hold;
  send_all();
}

const struct netif_driver netif_driver_tapif = {
    .name = "tapif",
    .power_on = power_on,
    .init = tapif_init,
    .run = run,
    .receive = receive,
    .hold_tx = hold_tx,
    .send_some = send_some,
};
