/* The packet tap: a NIC around a NIC that writes what it sends and receives as a pcap stream. */
#include "pcap.h"

#include <assert.h>
#include <errno.h>

#include "datapath.h"
#include "port.h"

struct file_header {
  uint32_t magic;
  uint16_t version_major, version_minor;
  uint32_t zone, accuracy, snaplen, link_type;
};

struct record_header {
  uint32_t seconds, microseconds, captured, length;
};

static_assert(sizeof(struct file_header) == 24, "libpcap's file header");
static_assert(sizeof(struct record_header) == 16, "libpcap's record header");

enum {
  ETHERTYPE = 12,
  IP4_PROTOCOL = 14 + 9,
  IP4_PORTS = 14 + 20,
  IP6_NEXT_HEADER = 14 + 6,
  IP6_PORTS = 14 + 40,
  PROTOCOL_ICMP = 1,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_ICMP6 = 58,
};

static unsigned get16(const struct pbuf *frame, unsigned offset) {
  return (unsigned)pbuf_get_at(frame, (u16_t)offset) << 8 | pbuf_get_at(frame, (u16_t)(offset + 1));
}

/* True if the filter wants the frame. Bytes beyond its end read as 0. */
static bool wants(const struct pcap_filter *filter, const struct pbuf *frame) {
  unsigned type = get16(frame, ETHERTYPE);
  bool ip6 = type == 0x86dd;
  unsigned protocol, ports;

  if (filter->kind == PCAP_ALL)
    return true;
  if (filter->kind == PCAP_ARP)
    return type == 0x0806;
  if (type != 0x0800 && !ip6)
    return false;
  protocol = pbuf_get_at(frame, ip6 ? IP6_NEXT_HEADER : IP4_PROTOCOL);
  if (filter->kind == PCAP_ICMP)
    return protocol == (ip6 ? PROTOCOL_ICMP6 : PROTOCOL_ICMP);
  if (protocol != (filter->kind == PCAP_TCP ? PROTOCOL_TCP : PROTOCOL_UDP))
    return false;
  ports = ip6 ? IP6_PORTS : IP4_PORTS;
  return filter->port == 0 || get16(frame, ports) == filter->port ||
         get16(frame, ports + 2) == filter->port;
}

static void capture(struct pcap_tap *tap, const struct pbuf *frame) {
  uint64_t now_us = port_clock_us();
  uint32_t left = frame->tot_len < tap->snaplen ? frame->tot_len : tap->snaplen;
  const struct record_header header = {
      .seconds = (uint32_t)(now_us / 1000000),
      .microseconds = (uint32_t)(now_us % 1000000),
      .captured = left,
      .length = frame->tot_len,
  };

  if (!wants(&tap->filter, frame)) {
    tap->passed++;
    return;
  }
  tap->write(&header, sizeof header);
  for (const struct pbuf *part = frame; part != NULL && left != 0; part = part->next) {
    uint32_t length = part->len < left ? part->len : left;

    tap->write(part->payload, length);
    left -= length;
  }
  tap->captured++;
}

static struct pbuf *rx_reap(struct nic *nic);

/* The tap, or NULL if a receiver has taken it off within this turn. */
static struct pcap_tap *tap_of(const struct nic *nic) {
  if (nic->ops->rx_reap != rx_reap)
    return NULL;
  return (struct pcap_tap *)(uintptr_t)((uintptr_t)nic->ops - offsetof(struct pcap_tap, ops));
}

static struct pbuf *rx_reap(struct nic *nic) {
  struct pcap_tap *tap = tap_of(nic);
  struct pbuf *packet;

  if (tap == NULL)
    return nic->ops->rx_reap(nic);
  packet = tap->inner->rx_reap(nic);
  if (packet != NULL && packet->len != 0) {
    dma_invalidate(packet->payload, packet->len);
    capture(tap, packet);
  }
  return packet;
}

static bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct pcap_tap *tap = tap_of(nic);

  if (tap == NULL)
    return nic->ops->tx_post(nic, frame);
  if (!tap->inner->tx_post(nic, frame))
    return false;
  capture(tap, frame);
  return true;
}

int pcap_start(struct pcap_tap *tap, struct nic *nic, uint16_t snaplen,
               const struct pcap_filter *filter, void (*write)(const void *data, size_t length)) {
  const struct file_header header = {
      .magic = UINT32_C(0xa1b2c3d4),
      .version_major = 2,
      .version_minor = 4,
      .snaplen = snaplen,
      .link_type = 1,
  };

  if (tap->nic != NULL || nic->ops->rx_reap == rx_reap)
    return -EBUSY;
  if (snaplen < PCAP_SNAPLEN_MIN || snaplen > PCAP_SNAPLEN_MAX)
    return -EINVAL;
  *tap = (struct pcap_tap){
      .ops = *nic->ops,
      .inner = nic->ops,
      .nic = nic,
      .filter = *filter,
      .snaplen = snaplen,
      .write = write,
  };
  tap->ops.turn = datapath_run; /* the MAC driver's own turn bypasses the tap */
  tap->ops.rx_reap = rx_reap;
  tap->ops.tx_post = tx_post;
  write(&header, sizeof header);
  nic_set_ops(nic, &tap->ops);
  return 0;
}

void pcap_stop(struct pcap_tap *tap) {
  if (tap->nic == NULL)
    return;
  nic_set_ops(tap->nic, tap->inner);
  tap->nic = NULL;
}
