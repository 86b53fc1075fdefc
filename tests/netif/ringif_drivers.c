/* ringif under the netif suite: the kit over each of its MAC drivers, and those over their fakes.
 */
#include "unit.h"

#include "dispatch.h"
#include "fake_mac.h"
#include "lwip/timeouts.h"
#include "netif_driver.h"
#include "ringif.h"

enum { PACKETS = 96, HELD_MAX = 64, BUFFER = 1536, DEPTH = 32, ALIGNMENT = 64 };

static struct dispatch_queue dispatch;
static _Alignas(ALIGNMENT) uint8_t memory[NIC_MEMORY_BYTES(PACKETS, BUFFER, 32, ALIGNMENT, DEPTH)];
static struct nic_config config;
static const struct fake_mac *mac;

static void interrupt(void *context) { nic_interrupt(context); }

static void power_on(const struct fake_mac *fake) {
  mac = fake;
  host_reset();
  memset(mac->nic, 0, mac->nic_size);
  mac->power_on();
  for (unsigned line = mac->irq; line <= mac->irq || line <= mac->irq_last; line++)
    host_connect_irq(line, interrupt, mac->nic);
  config = (struct nic_config){
      .ops = mac->ops,
      .base = mac->base,
      .irq = mac->irq,
      .irq_last = (uint16_t)mac->irq_last,
      .pool = {.packets = PACKETS,
               .buffer_size = BUFFER,
               .headroom = 32,
               .alignment = ALIGNMENT,
               .held_max = HELD_MAX},
      .memory = memory,
      .memory_size = sizeof memory,
      .queue_depth = DEPTH,
      .batch = 8,
      .budget = 16,
      .mac = {2, 0, 0, 0x12, 0x34, 0x56},
  };
}

/* A NIC that was removed before is free once the stack has given back what it kept. */
static err_t init(struct netif *netif) {
  (void)nic_free(mac->nic);
  if (nic_init(mac->nic, &config, &dispatch) != 0)
    return ERR_IF;
  netif->state = mac->nic;
  return ringif_init(netif);
}

static void start(struct netif *netif) { (void)nic_set_interface_enable(ringif_nic(netif), true); }

static void run(struct netif *netif) {
  (void)netif;
  do {
    host_run_for_us(0);
  } while (dispatch_run(&dispatch));
  host_run_for_us(1000);
  sys_check_timeouts();
  do {
    host_run_for_us(0);
  } while (dispatch_run(&dispatch));
}

struct arrival {
  const uint8_t *frame;
  uint32_t length;
  enum fake_verdict verdict;
};

static void come_in(void *context) {
  struct arrival *arrival = context;

  arrival->verdict = mac->receive(arrival->frame, arrival->length);
}

static bool receive(const uint8_t *frame, uint32_t length) {
  struct arrival arrival = {.frame = frame, .length = length};

  host_device_step(come_in, &arrival);
  return arrival.verdict == FAKE_RECEIVED;
}

static void hold(void *context) {
  *mac->hold_tx = *(const bool *)context;
  if (!*mac->hold_tx)
    mac->send(UINT32_MAX);
}

static void hold_tx(bool on) { host_device_step(hold, &on); }

static void send(void *context) { mac->send(*(const unsigned *)context); }

static void send_some(unsigned frames) { host_device_step(send, &frames); }

static void change_link(void *context) { mac->set_link(*(const bool *)context); }

static void set_link(bool up) {
  if (mac->set_link != NULL)
    host_device_step(change_link, &up);
}

static void take_out(struct netif *netif) { assert_int_equal(ringif_remove(netif), 0); }

#define RINGIF_OVER(driver)                                                                        \
  static void power_on_##driver(void) { power_on(&fake_mac_##driver); }                            \
  const struct netif_driver netif_driver_##driver = {                                              \
      .name = "ringif over " #driver,                                                              \
      .power_on = power_on_##driver,                                                               \
      .init = init,                                                                                \
      .start = start,                                                                              \
      .remove = take_out,                                                                          \
      .run = run,                                                                                  \
      .receive = receive,                                                                          \
      .hold_tx = hold_tx,                                                                          \
      .send_some = send_some,                                                                      \
      .set_link = set_link,                                                                        \
  };
FAKE_MACS(RINGIF_OVER)
