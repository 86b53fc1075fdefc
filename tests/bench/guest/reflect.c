/* A guest without a stack, which returns each packet to its sender: the most that the emulator, its
 * NIC and its network can do. */
#include <string.h>

#include "board.h"
#include "datapath.h"
#include "dispatch.h"
#include "log.h"
#include "port.h"

enum { /* offsets in a frame */
       ETH_TYPE = 12,
       ARP_OPERATION = 20,
       ARP_SENDER = 22,
       ARP_TARGET = 32,
       ARP_BYTES = 10, /* a sender's, a target's */
       IP_SOURCE = 26,
       IP_DESTINATION = 30,
       UDP_SOURCE = 34,
       UDP_DESTINATION = 36,
};

static struct dispatch_queue dispatch;

static void swap(uint8_t *frame, unsigned a, unsigned b, unsigned length) {
  uint8_t kept[ARP_BYTES];

  memcpy(kept, frame + a, length);
  memcpy(frame + a, frame + b, length);
  memcpy(frame + b, kept, length);
}

/* It answers any ARP request itself: whatever the address, it is ours. */
static void answer_arp(struct nic *nic, uint8_t *frame) {
  frame[ARP_OPERATION + 1] = 2;
  swap(frame, ARP_SENDER, ARP_TARGET, ARP_BYTES);
  memcpy(frame + ARP_SENDER, nic->mac, ETH_ADDRESS_BYTES);
}

static void reflect(struct nic *nic, struct pbuf *packet) {
  uint8_t *frame = packet->payload;
  bool arp = frame[ETH_TYPE] == 8 && frame[ETH_TYPE + 1] == 6;

  memcpy(frame, frame + ETH_ADDRESS_BYTES, ETH_ADDRESS_BYTES);
  memcpy(frame + ETH_ADDRESS_BYTES, nic->mac, ETH_ADDRESS_BYTES);
  if (arp) {
    answer_arp(nic, frame);
  } else {
    swap(frame, IP_SOURCE, IP_DESTINATION, 4); /* checksums stay right */
    swap(frame, UDP_SOURCE, UDP_DESTINATION, 2);
  }
  (void)datapath_transmit(nic, packet); /* a drop is counted */
  pbuf_free(packet);
}

int main(void) {
  struct nic *nic = board_nics[0];
  uint32_t state;

  board_init();
  if (nic_init(nic, &board_nic_configs[0], &dispatch) == 0) {
    nic->input = reflect;
    if (nic_start(nic) == 0 && nic_set_interface_enable(nic, true) == 0)
      log_info("guest", "en0 up");
  }
  for (;;) {
    (void)dispatch_run(&dispatch);
    state = port_irq_save();
    if (!dispatch_pending(&dispatch))
      port_sleep();
    port_irq_restore(state);
  }
}
