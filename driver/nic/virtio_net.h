/* A virtio network device over memory-mapped registers: the state of its driver. */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include "nic.h"
#include "virtio_mmio.h"

enum {
  VIRTIO_NET_RX_BUFFERS = 64,
  VIRTIO_NET_TX_FRAMES = 32,
  VIRTIO_NET_HEADERS_BYTES = 92, /* Ethernet, IPv4 with all options, TCP up to its checksum */
  VIRTIO_NET_COMMAND_BYTES = 2 + 2 * 4 + NIC_GROUPS_MAX * ETH_ADDRESS_BYTES,
};

/* In front of each frame (5.1.6). */
struct virtio_net_header {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_length, gso_size;
  uint16_t checksum_start, checksum_offset;
  uint16_t buffer_count;
};

/* What the device reads and writes besides frames, in uncached memory, since both sides write into
 * what would be the same cache line. */
struct virtio_net_rings {
  struct virtq rx, tx, control;
  struct virtio_net_header rx_headers[VIRTIO_NET_RX_BUFFERS];
  struct {
    struct virtio_net_header header;
    uint8_t frame[VIRTIO_NET_HEADERS_BYTES]; /* the frame's own headers, if they have to differ */
  } tx_headers[VIRTIO_NET_TX_FRAMES];
  uint8_t command[VIRTIO_NET_COMMAND_BYTES]; /* for the control queue: class, command, data */
  volatile uint8_t command_status;           /* its answer */
};

struct virtio_net {
  struct nic nic;                 /* first: the kit's pointer is ours */
  struct virtio_net_rings *rings; /* the board's */

  uint32_t features;    /* bits 0 to 31 of the negotiated ones */
  uint16_t commands;    /* commands given to the control queue so far */
  bool control_is_open; /* there is a control queue, and it answers */
  struct virtqueue rx, tx;
  uint8_t rx_blocks[VIRTIO_NET_RX_BUFFERS];
  uint8_t tx_blocks[VIRTIO_NET_TX_FRAMES];
  struct pbuf *rx_slots[VIRTIO_NET_RX_BUFFERS];
  struct pbuf *tx_slots[VIRTIO_NET_TX_FRAMES];
};

extern const struct nic_ops virtio_net_ops;

#endif
