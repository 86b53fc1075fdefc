/* A netif driver as it is written from a skeleton, with neither queues nor interrupts of the kit's:
 * what comes in is copied, what goes out is gathered.
 *
 * It drives the textbook MAC, and shows how a driver is put under the suite. It does everything
 * right except for plain_defect. */
#include "plain_driver.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "port_arch.h"
#include "textbook.h"

enum { BUFFER_BYTES = 1536, LINK_PERIOD_MS = 100, SHORTEST = 60, SMALL_MTU = 1486 };

enum plain_defect plain_defect;

static struct {
  struct textbook_descriptor rx[TEXTBOOK_RX], tx[TEXTBOOK_TX];
  uint8_t buffers[TEXTBOOK_RX][BUFFER_BYTES];
  struct pbuf *sent[TEXTBOOK_TX]; /* the frame that ends with this descriptor */
  unsigned rx_next, tx_head, tx_tail, groups, ms;
  bool reaps, was_full, stopped;
} plain;

static bool has(enum plain_defect defect) { return plain_defect == defect; }

static uint32_t reg_read(enum textbook_register offset) {
  return mmio_read(TEXTBOOK_BASE + offset);
}

static void reg_write(enum textbook_register offset, uint32_t value) {
  mmio_write(TEXTBOOK_BASE + offset, value);
}

static uint32_t bus_address(const volatile void *memory) { return (uint32_t)(uintptr_t)memory; }

/* ---- transmit ---- */

/* A frame's free function may send another: that reaps no more. */
static void reap(void) {
  bool is_sent = false;

  if (plain.reaps && !has(PLAIN_TX_REAPS_WITHIN))
    return;
  plain.reaps = true;
  while (plain.tx_tail != plain.tx_head &&
         (plain.tx[plain.tx_tail % TEXTBOOK_TX].owner == 0 || is_sent)) {
    struct pbuf **slot = &plain.sent[plain.tx_tail++ % TEXTBOOK_TX], *sent = *slot;

    *slot = NULL;
    is_sent = has(PLAIN_TX_FREES_WAITING);
    if (sent != NULL && !has(PLAIN_TX_NO_REFERENCE) && !has(PLAIN_TX_LEAKS))
      pbuf_free(sent);
  }
  plain.reaps = false;
}

/* The device takes few parts, and reads them later: what it cannot gather, or what may change by
 * then, is copied. */
static bool must_copy(const struct pbuf *frame) {
  if (pbuf_clen(frame) > TEXTBOOK_FRAGMENTS)
    return true;
  for (; frame != NULL; frame = frame->next) {
    if (PBUF_NEEDS_COPY(frame) && !has(PLAIN_TX_NO_COPY))
      return true;
  }
  return false;
}

static void post(struct pbuf *frame) {
  const unsigned first = plain.tx_head;

  for (const struct pbuf *part = frame; part != NULL; part = part->next) {
    struct textbook_descriptor *descriptor = &plain.tx[plain.tx_head % TEXTBOOK_TX];
    const bool is_last = part->next == NULL || has(PLAIN_TX_FIRST_PART);

    descriptor->address = bus_address(part->payload);
    descriptor->length = part->len | (is_last ? TEXTBOOK_LAST : 0);
    if (part->tot_len < SHORTEST && has(PLAIN_TX_PADS_WITH_ANYTHING))
      descriptor->length = SHORTEST | TEXTBOOK_LAST;
    if (has(PLAIN_TX_SMALL_MTU) && part->len > SMALL_MTU + SIZEOF_ETH_HDR)
      descriptor->length = (SMALL_MTU + SIZEOF_ETH_HDR) | (is_last ? TEXTBOOK_LAST : 0);
    descriptor->owner = plain.tx_head++ != first; /* the first one's is set last */
    if (is_last)
      break;
  }
  plain.sent[(plain.tx_head - 1) % TEXTBOOK_TX] = frame;
  dma_publish();
  plain.tx[first % TEXTBOOK_TX].owner = 1;
  reg_write(TEXTBOOK_KICK, 2);
}

static bool has_room(void) {
  return plain.tx_head - plain.tx_tail <= TEXTBOOK_TX - TEXTBOOK_FRAGMENTS;
}

static err_t linkoutput(struct netif *netif, struct pbuf *frame) {
  (void)netif;
  if (!has(PLAIN_TX_WHEN_IDLE))
    reap();
  while (has(PLAIN_TX_WAITS) && !has_room()) {
    (void)reg_read(TEXTBOOK_CAUSE);
    reap();
  }
  while (has(PLAIN_TX_SPINS) && !has_room())
    dma_observe();
  if (!has_room() && has(PLAIN_TX_ENDS))
    exit(0);
  if (!has_room() || plain.was_full) {
    plain.was_full = has(PLAIN_TX_STAYS_FULL);
    return has(PLAIN_TX_DROPS) ? ERR_OK : ERR_MEM;
  }
  if (must_copy(frame)) {
    frame = pbuf_clone(PBUF_RAW, PBUF_RAM, frame);
    if (frame == NULL)
      return ERR_MEM;
  } else if (!has(PLAIN_TX_NO_REFERENCE) && !has(PLAIN_TX_FREES_ALL)) {
    pbuf_ref(frame);
  }
  if (has(PLAIN_TX_CHANGES))
    frame->tot_len = frame->len;
  post(frame);
  return ERR_OK;
}

/* ---- receive ---- */

static void rx_give(unsigned index) {
  plain.rx[index].address = bus_address(plain.buffers[index]);
  plain.rx[index].length = BUFFER_BYTES;
  dma_publish();
  plain.rx[index].owner = 1;
}

static struct pbuf *copy_of(uint8_t *buffer, u16_t length) {
  struct pbuf *copy;

  if (has(PLAIN_RX_LENGTH))
    length = (u16_t)(length + 8);
  if (has(PLAIN_RX_POSTS_EARLY)) { /* no copy */
    copy = pbuf_alloc(PBUF_RAW, length, PBUF_REF);
    if (copy != NULL)
      copy->payload = buffer;
    return copy;
  }
  copy = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
  if (copy != NULL)
    (void)pbuf_take(copy, buffer, length);
  if (copy != NULL && has(PLAIN_RX_SUM))
    copy->len = (u16_t)(copy->len + 8);
  return copy;
}

static unsigned type_of(const struct pbuf *frame) {
  return (unsigned)pbuf_get_at(frame, 12) << 8 | pbuf_get_at(frame, 13);
}

static void receive_one(struct netif *netif) {
  const unsigned index = plain.rx_next;
  struct pbuf *frame =
      copy_of(plain.buffers[index], (u16_t)(plain.rx[index].length & TEXTBOOK_LENGTH));

  if (frame == NULL && has(PLAIN_RX_STOPS_WITHOUT_MEMORY)) {
    plain.stopped = true;
    return;
  }
  plain.rx_next = (index + 1) % TEXTBOOK_RX;
  rx_give(index);
  if (frame == NULL)
    LINK_STATS_INC(link.memerr);
  else if (has(PLAIN_RX_ONLY_IP) && type_of(frame) != ETHTYPE_IP)
    pbuf_free(frame);
  else if (netif->input(frame, netif) != ERR_OK && !has(PLAIN_RX_LEAKS))
    pbuf_free(frame);
}

static void receive(struct netif *netif, uint32_t cause) {
  while (plain.rx[plain.rx_next].owner == 0 && !plain.stopped) {
    receive_one(netif);
    if (has(PLAIN_RX_ONE_AT_A_TIME))
      break;
  }
  if ((cause & TEXTBOOK_STALL) != 0 && !has(PLAIN_RX_STAYS_STALLED))
    reg_write(TEXTBOOK_KICK, 1);
}

/* ---- the netif ---- */

static err_t filter_group(bool on) {
  while (has(PLAIN_GROUPS_WAIT_FOR_TX) && plain.tx_tail != plain.tx_head) {
    dma_observe();
    reap();
  }
  if (has(PLAIN_GROUPS_ARE_FEW) && on && plain.groups++ == 4)
    return ERR_MEM;
  if (!has(PLAIN_GROUPS_STAY_OUT))
    reg_write(TEXTBOOK_FILTER,
              (on ? 2 : reg_read(TEXTBOOK_FILTER)) | has(PLAIN_RX_ALL_STATIONS)); /* all groups */
  return ERR_OK;
}

#if LWIP_IGMP
static err_t igmp_filter(struct netif *netif, const ip4_addr_t *group,
                         enum netif_mac_filter_action action) {
  (void)netif;
  (void)group;
  return filter_group(action == NETIF_ADD_MAC_FILTER);
}
#endif

#if LWIP_IPV6_MLD
static err_t mld_filter(struct netif *netif, const ip6_addr_t *group,
                        enum netif_mac_filter_action action) {
  (void)netif;
  (void)group;
  return filter_group(action == NETIF_ADD_MAC_FILTER);
}
#endif

static err_t init(struct netif *netif) {
  static const u8_t address[ETH_HWADDR_LEN] = {2, 0, 0, 0x12, 0x34, 0x56};

  memset(&plain, 0, sizeof plain);
  if (reg_read(TEXTBOOK_ID) != TEXTBOOK_ID_VALUE)
    return ERR_IF;
  for (unsigned i = 0; i < TEXTBOOK_RX; i++)
    rx_give(i);
  reg_write(TEXTBOOK_RX_RING, bus_address(plain.rx));
  reg_write(TEXTBOOK_TX_RING, bus_address(plain.tx));
  reg_write(TEXTBOOK_ADDRESS_HIGH, 0x02000012);
  reg_write(TEXTBOOK_ADDRESS_LOW, 0x34560000);
  reg_write(TEXTBOOK_ACCEPT, 1);
  reg_write(TEXTBOOK_FILTER, has(PLAIN_RX_ALL_STATIONS));
  reg_write(TEXTBOOK_CONTROL, 1);
  netif->name[0] = 'p';
  netif->name[1] = 'l';
  netif->hwaddr_len = ETH_HWADDR_LEN;
  memcpy(netif->hwaddr, address, sizeof address);
  netif->mtu = has(PLAIN_TX_SMALL_MTU) ? SMALL_MTU : 1500;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  netif->linkoutput = linkoutput;
#if LWIP_IPV4
  netif->output = etharp_output;
#endif
#if LWIP_IPV6
  netif->output_ip6 = ethip6_output;
#endif
#if LWIP_IGMP
  netif->flags |= NETIF_FLAG_IGMP;
  netif->igmp_mac_filter = igmp_filter;
#endif
#if LWIP_IPV6_MLD
  netif->flags |= NETIF_FLAG_MLD6;
  netif->mld_mac_filter = mld_filter;
#endif
  return ERR_OK;
}

static void remove_netif(struct netif *netif) {
  if (!has(PLAIN_REMOVED_STAYS_ON))
    reg_write(TEXTBOOK_CONTROL, 0);
  for (unsigned i = 0; i < TEXTBOOK_TX; i++) {
    if (plain.sent[i] != NULL && !has(PLAIN_REMOVED_LEAKS))
      pbuf_free(plain.sent[i]);
  }
  netif_remove(netif);
}

static void follow_link(struct netif *netif) {
  if ((reg_read(TEXTBOOK_LINK) & 1) != 0)
    netif_set_link_up(netif);
  else if (!has(PLAIN_LINK_STAYS))
    netif_set_link_down(netif);
}

/* The main loop's part. */
static void poll(struct netif *netif) {
  uint32_t cause, causes = 0;

  do {
    cause = reg_read(TEXTBOOK_CAUSE);
    causes |= cause;
    reg_write(TEXTBOOK_CAUSE, cause);
    receive(netif, cause);
  } while (cause != 0);
  if (!has(PLAIN_TX_FREES_LATE) && !(has(PLAIN_TX_WHEN_IDLE) && (causes & TEXTBOOK_RECEIVED) != 0))
    reap();
  if (plain.ms++ % LINK_PERIOD_MS == 0)
    follow_link(netif);
}

/* ---- under the suite ---- */

static void power_on(void) {
  host_reset();
  textbook_power_on();
}

static void run(struct netif *netif) {
  host_run_for_us(1000);
  poll(netif);
}

static bool frame_comes(const uint8_t *frame, uint32_t length) {
  return textbook_receive(frame, length) == FAKE_RECEIVED;
}

static void hold_tx(bool hold) {
  textbook_held = hold;
  if (!hold)
    textbook_send(UINT32_MAX);
}

const struct netif_driver netif_driver_plain = {
    .name = "plain",
    .power_on = power_on,
    .init = init,
    .remove = remove_netif,
    .run = run,
    .receive = frame_comes,
    .hold_tx = hold_tx,
    .send_some = textbook_send,
    .set_link = textbook_set_link,
};
