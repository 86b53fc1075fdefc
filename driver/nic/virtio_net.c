/* The virtio network device over memory-mapped registers, as a NIC of the kit (OASIS, Virtual I/O
 * Device (VIRTIO) Version 1.2: 5.1 network device, 2.7 split virtqueues).
 *
 * Each slot of a ring has a block of descriptors, the first of which is for the header that the
 * device wants in front of each frame: so the frame itself is in the packet's buffer, aligned. */
#include "virtio_net.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "log.h"
#include "datapath_turn.h"
#include "mac_access.h"
#include "port.h"

/* The device's configuration (5.1.4). */
enum {
  DEVICE_ID_NETWORK = 1,
  CONFIG_MAC = VIRTIO_MMIO_CONFIG,
  CONFIG_STATUS = VIRTIO_MMIO_CONFIG + 6,
  CONFIG_STATUS_LINK_UP = 1 << 0,
  CONFIG_MTU = VIRTIO_MMIO_CONFIG + 10,
};

/* Features (5.1.3, 6). */
enum {
  F_CSUM = 1 << 0,       /* the device makes checksums */
  F_GUEST_CSUM = 1 << 1, /* the device hands on frames whose checksum it vouches for */
  F_MTU = 1 << 3,        /* it says how long its frames may be */
  F_MAC = 1 << 5,
  F_STATUS = 1 << 16,
  F_CTRL_VQ = 1 << 17,
  F_CTRL_RX = 1 << 18,
  F_CTRL_MAC_ADDR = 1 << 23,
  F_CONTROL = F_CTRL_VQ | F_CTRL_RX | F_CTRL_MAC_ADDR,
  F_WANTED = F_CSUM | F_GUEST_CSUM | F_MTU | F_MAC | F_STATUS | F_CONTROL,
};

enum {
  QUEUE_RX = 0, /* 5.1.2 */
  QUEUE_TX = 1,
  QUEUE_CONTROL = 2,
  CONTROL_SIZE = 2,
  HEADER_NEEDS_CSUM = 1 << 0,
  HEADER_DATA_VALID = 1 << 1,
  HEADER_BYTES = sizeof(struct virtio_net_header),
  RX_STRIDE = 2, /* descriptors for a buffer: its header's, and its own */
  TX_STRIDE = 8, /* for a frame: its header's, and its parts' */
  TX_PARTS_MAX = TX_STRIDE - 1,

  CLASS_RX = 0, /* of commands (5.1.6.5) */
  RX_PROMISC = 0,
  RX_ALLMULTI = 1,
  CLASS_MAC = 1,
  MAC_TABLE_SET = 0,
  MAC_ADDR_SET = 1,

  COMMAND_POLLS_MAX = 1000000, /* about 0.1 s: the device may be a thread of a busy host */
  CONFIG_READS_MAX = 10,
};

static_assert(sizeof(struct virtio_net_header) == 12, "the header's layout is the device's");
static_assert(VIRTIO_NET_RX_BUFFERS * RX_STRIDE <= VIRTQ_SIZE_MAX &&
                  VIRTIO_NET_TX_FRAMES * TX_STRIDE <= VIRTQ_SIZE_MAX,
              "a virtqueue has room for the ring");
static_assert(offsetof(struct virtio_net, nic) == 0, "the kit's pointer is ours");

static struct virtio_net *virtio_of(struct nic *nic) { return (struct virtio_net *)(void *)nic; }

/* ---- lifecycle ---- */

static int negotiate(struct nic *nic, uint32_t wanted) {
  if (nic->offloads == 0)
    wanted &= ~(uint32_t)(F_CSUM | F_GUEST_CSUM);
  return virtio_negotiate(nic->base, wanted, F_CTRL_RX | F_CTRL_MAC_ADDR, F_CTRL_VQ,
                          &virtio_of(nic)->features);
}

/* Whoever accepts the device's MTU sends nothing that is longer, and has buffers for that much
 * (5.1.4.2). One that no buffer holds, or that no device may have, is not accepted. */
static int take_mtu(struct nic *nic) {
  uint16_t mtu = mmio_read16(nic->base + CONFIG_MTU);

  if (mtu < NIC_MTU_MIN || mtu > nic_mtu_max(nic))
    return negotiate(nic, F_WANTED & ~(uint32_t)F_MTU);
  nic->mtu_max = mtu;
  if (nic->mtu > mtu)
    nic->mtu = mtu;
  return 0;
}

/* Reads the address that the host gave the device. Fields of the configuration are read at their
 * own width, and again if it has changed meanwhile (4.2.2.2, 2.5.1). */
static void read_mac(struct nic *nic, uint8_t mac[ETH_ADDRESS_BYTES]) {
  for (unsigned reads = 0; reads < CONFIG_READS_MAX; reads++) {
    uint32_t generation = virtio_config_generation(nic->base);

    for (unsigned i = 0; i < ETH_ADDRESS_BYTES; i++)
      mac[i] = mmio_read8(nic->base + CONFIG_MAC + i);
    if (virtio_config_generation(nic->base) == generation)
      return;
  }
}

/* What is negotiated here is what `enable` will get again, unless the device has changed. */
static int start(struct nic *nic) {
  struct virtio_net *virtio = virtio_of(nic);
  int error;

  if (!virtio_is_device(nic->base, DEVICE_ID_NETWORK, "-device virtio-net-device"))
    return -ENODEV;
  error = negotiate(nic, F_WANTED);
  if (error == 0 && (virtio->features & F_MTU) != 0)
    error = take_mtu(nic);
  if (error != 0)
    return error;
  if ((virtio->features & F_CSUM) == 0)
    nic->offloads &= (uint8_t)~NIC_OFFLOAD_TX_TCP_UDP;
  if ((virtio->features & F_GUEST_CSUM) == 0)
    nic->offloads &= (uint8_t)~NIC_OFFLOAD_RX_TCP_UDP;
  if ((virtio->features & F_MAC) != 0 && memcmp(nic->mac, nic->config->mac, sizeof nic->mac) == 0)
    read_mac(nic, nic->mac); /* no other one was set */
  return virtio_reset(nic->base) ? 0 : -ENODEV;
}

static bool add_queues(struct nic *nic) {
  struct virtio_net *virtio = virtio_of(nic);
  uintptr_t base = nic->base;

  return virtio_add_queue(base, QUEUE_RX, virtio->rx.shared, virtqueue_size(&virtio->rx)) &&
         virtio_add_queue(base, QUEUE_TX, virtio->tx.shared, virtqueue_size(&virtio->tx)) &&
         (!virtio->control_is_open ||
          virtio_add_queue(base, QUEUE_CONTROL, &virtio->rings->control, CONTROL_SIZE));
}

static int enable(struct nic *nic) {
  struct virtio_net *virtio = virtio_of(nic);
  struct virtio_net_rings *rings = virtio->rings;
  uint32_t features = virtio->features;
  int error = negotiate(nic, features);

  if (error != 0)
    return error;
  nic_ring_init(&nic->rx_ring, virtio->rx_slots, VIRTIO_NET_RX_BUFFERS);
  nic_ring_init(&nic->tx_ring, virtio->tx_slots, VIRTIO_NET_TX_FRAMES);
  virtqueue_init(&virtio->rx, &rings->rx, &nic->rx_ring, virtio->rx_blocks, RX_STRIDE);
  virtqueue_init(&virtio->tx, &rings->tx, &nic->tx_ring, virtio->tx_blocks, TX_STRIDE);
  for (unsigned i = 0; i < VIRTIO_NET_RX_BUFFERS; i++) {
    struct virtq_descriptor *descriptor = virtqueue_descriptors(&virtio->rx, i);

    descriptor[0].address = bus_address(&rings->rx_headers[i]);
    descriptor[0].length = HEADER_BYTES;
    descriptor[0].flags = VIRTQ_DESCRIPTOR_WRITE | VIRTQ_DESCRIPTOR_NEXT;
    descriptor[1].flags = VIRTQ_DESCRIPTOR_WRITE;
  }
  for (unsigned i = 0; i < VIRTIO_NET_TX_FRAMES; i++)
    virtqueue_descriptors(&virtio->tx, i)->address = bus_address(&rings->tx_headers[i]);
  virtio->commands = 0;
  virtio->control_is_open = (features & F_CTRL_VQ) != 0;
  if (virtio->features != features || !add_queues(nic)) {
    log_error("virtio_net", "the device is not what it was at the start");
    (void)virtio_reset(nic->base);
    virtio->features = features;
    return -ENODEV;
  }
  virtio_driver_ok(nic->base);
  return 0;
}

/* A reset is the only way to take back buffers that a device has not used (2.7.6.1). */
static void disable(struct nic *nic) { (void)virtio_reset(nic->base); }

/* ---- rings ---- */

static inline bool rx_post(struct nic *nic, struct pbuf *packet) {
  struct virtqueue *queue = &virtio_of(nic)->rx;
  struct virtq_descriptor *descriptor =
      virtqueue_descriptors(queue, virtqueue_push(queue, packet)) + 1;

  descriptor->address = bus_address(packet->payload);
  descriptor->length = packet->len;
  return true;
}

static inline struct pbuf *rx_reap(struct nic *nic) {
  struct virtio_net *virtio = virtio_of(nic);
  unsigned block;
  uint32_t length;
  struct pbuf *packet = virtqueue_pop(&virtio->rx, &block, &length, &nic->faulted);

  if (packet == NULL)
    return NULL;
  if (length <= HEADER_BYTES || length - HEADER_BYTES > nic->config->pool.buffer_size) {
    nic_count(nic, NIC_IN_ERROR);
    length = HEADER_BYTES;
  }
  packet_set_length(packet, (uint16_t)(length - HEADER_BYTES));
  /* NEEDS_CSUM marks a frame that has not been on a wire: it has no checksum yet (5.1.6.4). */
  if ((virtio->rings->rx_headers[block].flags & (HEADER_NEEDS_CSUM | HEADER_DATA_VALID)) != 0)
    packet->flags |= PACKET_FLAG_CHECKED;
  return packet;
}

/* ---- checksums of what is sent ---- */

enum {
  ETHERTYPE_OFFSET = 12,
  ETHERTYPE_IP4 = 0x0800,
  IP4_BYTES_MIN = 20, /* RFC 791, 3.1 */
  IP4_LENGTH = 2,
  IP4_FRAGMENT = 6,
  IP4_FRAGMENT_ANY = 0x3fff, /* more fragments, or an offset */
  IP4_PROTOCOL = 9,
  IP4_ADDRESSES = 12,
  TCP = 6,
  TCP_CHECKSUM = 16,
  UDP = 17,
  UDP_CHECKSUM = 6,
};

static uint32_t get16(const uint8_t *bytes) { return (uint32_t)bytes[0] << 8 | bytes[1]; }

/* The device adds up from `checksum_start` to the frame's end, and wants the pseudo header's sum
 * where the checksum goes (5.1.6.2). The pbuf stays unchanged, since lwIP may send it again: the
 * frame's first bytes are copied to the header's area instead. Returns how many, 0 if there is
 * nothing to be done. */
static uint16_t prepare_checksum(const struct pbuf *frame, struct virtio_net_header *header,
                                 uint8_t copy[VIRTIO_NET_HEADERS_BYTES]) {
  uint8_t bytes[VIRTIO_NET_HEADERS_BYTES];
  uint16_t length = pbuf_copy_partial(frame, bytes, sizeof bytes, 0);
  const uint8_t *ip = bytes + ETH_HEADER_BYTES;
  uint32_t ip_bytes, sum;
  uint16_t start, offset, end;

  if (length < ETH_HEADER_BYTES + IP4_BYTES_MIN || get16(bytes + ETHERTYPE_OFFSET) != ETHERTYPE_IP4)
    return 0;
  ip_bytes = (ip[0] & 0xfu) * 4;
  if (ip_bytes < IP4_BYTES_MIN || (get16(ip + IP4_FRAGMENT) & IP4_FRAGMENT_ANY) != 0 ||
      (ip[IP4_PROTOCOL] != TCP && ip[IP4_PROTOCOL] != UDP))
    return 0;
  start = (uint16_t)(ETH_HEADER_BYTES + ip_bytes);
  offset = ip[IP4_PROTOCOL] == TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
  end = (uint16_t)(start + offset + 2);
  if (end > length)
    return 0;
  sum = ip[IP4_PROTOCOL] + get16(ip + IP4_LENGTH) - ip_bytes;
  for (unsigned i = 0; i < 8; i += 2)
    sum += get16(ip + IP4_ADDRESSES + i);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  bytes[start + offset] = (uint8_t)(sum >> 8);
  bytes[start + offset + 1] = (uint8_t)sum;
  memcpy(copy, bytes, end);
  header->flags = HEADER_NEEDS_CSUM;
  header->checksum_start = start;
  header->checksum_offset = offset;
  return end;
}

static inline bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct virtio_net *virtio = virtio_of(nic);
  struct virtio_net_header header = {.flags = 0};
  struct virtq_descriptor *descriptor;
  uint16_t skip = 0;
  unsigned block;

  if (ring_full(&nic->tx_ring.ring))
    return false;
  block = virtqueue_push(&virtio->tx, frame);
  if ((nic->offloads & NIC_OFFLOAD_TX_TCP_UDP) != 0)
    skip = prepare_checksum(frame, &header, virtio->rings->tx_headers[block].frame);
  virtio->rings->tx_headers[block].header = header;
  descriptor = virtqueue_descriptors(&virtio->tx, block);
  descriptor->length = HEADER_BYTES + (uint32_t)skip;
  for (const struct pbuf *part = frame; part != NULL; part = part->next) {
    uint16_t skipped = skip < part->len ? skip : part->len;

    skip = (uint16_t)(skip - skipped);
    if (skipped == part->len)
      continue; /* all of it is in the header's area */
    descriptor->flags = VIRTQ_DESCRIPTOR_NEXT;
    descriptor++;
    descriptor->address = bus_address((const uint8_t *)part->payload + skipped);
    descriptor->length = (uint32_t)part->len - skipped;
  }
  descriptor->flags = 0;
  return true;
}

static inline struct pbuf *tx_reap(struct nic *nic) {
  unsigned block;
  uint32_t length;

  return virtqueue_pop(&virtio_of(nic)->tx, &block, &length, &nic->faulted);
}

static void doorbell(struct nic *nic, enum nic_direction which) {
  struct virtio_net_rings *rings = virtio_of(nic)->rings;

  if (which == NIC_TX) {
    virtio_notify(nic->base, QUEUE_TX, &rings->tx, (uint16_t)nic->tx_ring.ring.head);
    return;
  }
  if (rings->rx.available.index == rings->rx.used.index)
    nic_count(nic, NIC_RX_RESTARTS); /* it had used up all its buffers */
  virtio_notify(nic->base, QUEUE_RX, &rings->rx, (uint16_t)nic->rx_ring.ring.head);
}

/* ---- interrupt ---- */

static void interrupt(struct nic *nic) {
  struct virtio_net_rings *rings = virtio_of(nic)->rings;

  if ((virtio_interrupt(nic->base, &nic->faulted) & VIRTIO_INTERRUPT_CONFIG) != 0)
    nic->link_event = true;
  rings->rx.available.flags = VIRTQ_AVAILABLE_NO_INTERRUPT;
  rings->tx.available.flags = VIRTQ_AVAILABLE_NO_INTERRUPT;
}

/* What the device used while it was told not to interrupt does not interrupt later (2.7.7). */
static void irq_unmask(struct nic *nic) {
  struct virtio_net *virtio = virtio_of(nic);

  virtio->rings->rx.available.flags = 0;
  virtio->rings->tx.available.flags =
      ring_empty(&nic->tx_ring.ring) ? VIRTQ_AVAILABLE_NO_INTERRUPT : 0;
  dma_publish();
  if (virtqueue_is_used(&virtio->rx) || virtqueue_is_used(&virtio->tx))
    port_irq_pend(nic->config->irq);
}

/* A virtual link has no speed of its own. */
static void read_link(struct nic *nic, struct nic_link *state) {
  if (!virtio_works(nic->base))
    nic->faulted = true;
  else if ((virtio_of(nic)->features & F_STATUS) == 0 ||
           (mmio_read16(nic->base + CONFIG_STATUS) & CONFIG_STATUS_LINK_UP) != 0)
    *state = (struct nic_link){.status = NIC_LINK_ACTIVE, .full_duplex = true, .speed_mbps = 1000};
}

/* ---- control queue ---- */

/* Gives the device one command, and waits for its answer; false if it does not take it. A device
 * that never answers is not asked again before the next reset: it still has the command's
 * memory. */
static bool command(struct nic *nic, uint8_t class, uint8_t number, const void *data, size_t size) {
  struct virtio_net *virtio = virtio_of(nic);
  struct virtio_net_rings *rings = virtio->rings;
  struct virtq *queue = &rings->control;

  if (!virtio->control_is_open)
    return false;
  rings->command[0] = class;
  rings->command[1] = number;
  memcpy(rings->command + 2, data, size);
  queue->descriptors[0].address = bus_address(rings->command);
  queue->descriptors[0].length = 2 + (uint32_t)size;
  queue->descriptors[0].flags = VIRTQ_DESCRIPTOR_NEXT;
  queue->descriptors[0].next = 1;
  queue->descriptors[1].address = bus_address(&rings->command_status);
  queue->descriptors[1].length = sizeof rings->command_status;
  queue->descriptors[1].flags = VIRTQ_DESCRIPTOR_WRITE;
  queue->available.ring[virtio->commands++ % CONTROL_SIZE] = 0;
  virtio_notify(nic->base, QUEUE_CONTROL, queue, virtio->commands);
  for (unsigned polls = 0; polls < COMMAND_POLLS_MAX; polls++) {
    if (queue->used.index != virtio->commands)
      continue;
    dma_observe();
    return rings->command_status == 0;
  }
  virtio->control_is_open = false;
  log_warning("virtio_net", "the device's control queue does not answer: it filters nothing");
  return false;
}

/* Until it is told another address, the device has the one that its host gave it. */
static void set_address(struct nic *nic) {
  uint8_t mac[ETH_ADDRESS_BYTES];

  read_mac(nic, mac);
  if (memcmp(mac, nic->mac, sizeof mac) != 0 &&
      !command(nic, CLASS_MAC, MAC_ADDR_SET, nic->mac, sizeof nic->mac))
    log_warning("virtio_net", "the device does not take its new address");
}

/* Until it is told otherwise, the emulator's device passes on everything: so does one that cannot
 * be told, and the kit filters groups. */
static void set_filter(struct nic *nic) {
  const struct nic_filter *filter = &nic->filter;
  uint32_t groups = filter->group_count;
  uint8_t all = filter->all_multicast || filter->unlisted != 0;
  uint8_t promiscuous = filter->promiscuous;
  uint8_t table[8 + NIC_GROUPS_MAX * ETH_ADDRESS_BYTES] = {0}; /* no stations, then the groups */

  if ((virtio_of(nic)->features & F_CTRL_MAC_ADDR) != 0)
    set_address(nic);
  if ((virtio_of(nic)->features & F_CTRL_RX) == 0)
    return;
  memcpy(table + 4, &groups, sizeof groups);
  memcpy(table + 8, filter->groups, groups * ETH_ADDRESS_BYTES);
  if (!command(nic, CLASS_MAC, MAC_TABLE_SET, table, 8 + groups * ETH_ADDRESS_BYTES))
    all = true;
  if (!command(nic, CLASS_RX, RX_ALLMULTI, &all, 1) ||
      !command(nic, CLASS_RX, RX_PROMISC, &promiscuous, 1))
    log_warning("virtio_net", "the device does not take its filter");
}

DATAPATH_TURN(virtio_net_ops)

const struct nic_ops virtio_net_ops = {
    .name = "virtio_net",
    .caps = {.tx_fragments_max = TX_PARTS_MAX,
             .tx_alignment = 1,
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO,
             .offloads = NIC_OFFLOAD_TX_TCP_UDP | NIC_OFFLOAD_RX_TCP_UDP,
             .multicast = NIC_MULTICAST_HASH, /* it may filter inexactly (5.1.6.5.1) */
             .promiscuous = true},
    .start = start,
    .enable = enable,
    .disable = disable,
    .rx_post = rx_post,
    .rx_reap = rx_reap,
    .tx_post = tx_post,
    .tx_reap = tx_reap,
    .doorbell = doorbell,
    .turn = turn,
    .interrupt = interrupt,
    .irq_unmask = irq_unmask,
    .read_link = read_link,
    .set_filter = set_filter,
};
