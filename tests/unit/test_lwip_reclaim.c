/* lwIP gives up what it keeps for later on demand, and nothing else. */
#include "unit.h"

#include "lwip/icmp.h"
#include "lwip/init.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip_reclaim.h"

enum { SEQUENCE = 0xffffff00, WINDOW = 4 * 1460, PART_BYTES = 16, PARTS = 2 };

static struct netif netif;
static unsigned held; /* packets that lwIP holds */
static unsigned sent;

static void packet_freed(struct pbuf *packet) {
  held--;
  free(packet);
}

/* Like a NIC's: it counts until it is freed. */
static struct pbuf *packet_of(const void *data, uint16_t length) {
  struct pbuf_custom *custom = malloc(sizeof *custom + length);
  struct pbuf *packet;

  assert_non_null(custom);
  custom->custom_free_function = packet_freed;
  packet = pbuf_alloced_custom(PBUF_RAW, length, PBUF_POOL, custom, custom + 1, length);
  assert_non_null(packet);
  memcpy(packet->payload, data, length);
  held++;
  return packet;
}

static err_t output(struct netif *from, struct pbuf *packet, const ip4_addr_t *destination) {
  (void)from;
  (void)packet;
  (void)destination;
  sent++;
  return ERR_OK;
}

static err_t output_ip6(struct netif *from, struct pbuf *packet, const ip6_addr_t *destination) {
  (void)from;
  (void)packet;
  (void)destination;
  sent++;
  return ERR_OK;
}

static err_t init(struct netif *made) {
  made->mtu = made->mtu6 = 1500;
  made->output = output;
  made->output_ip6 = output_ip6;
  made->hwaddr_len = 6;
  return ERR_OK;
}

/* ---- arrivals ---- */

static void part_comes(uint16_t id, unsigned index) {
  struct {
    struct ip_hdr ip;
    uint8_t data[PART_BYTES];
  } part = {.ip = {._v_hl = 0x45,
                   ._len = lwip_htons(sizeof part),
                   ._id = lwip_htons(id),
                   ._offset = lwip_htons((uint16_t)(IP_MF | index * PART_BYTES / 8)),
                   ._ttl = 64,
                   ._proto = IP_PROTO_UDP}};

  part.ip.src.addr = lwip_htonl(0x0a000002);
  part.ip.dest.addr = netif_ip4_addr(&netif)->addr;
  assert_int_equal(netif.input(packet_of(&part, sizeof part), &netif), ERR_OK);
}

static void part_comes_by_ip6(uint32_t id, unsigned index) {
  struct {
    struct ip6_hdr ip;
    struct ip6_frag_hdr fragment;
    uint8_t data[PART_BYTES];
  } part = {.fragment = {._nexth = IP6_NEXTH_UDP,
                         ._fragment_offset =
                             lwip_htons((uint16_t)(index * PART_BYTES | IP6_FRAG_MORE_FLAG)),
                         ._identification = id}};
  ip6_addr_t from;

  IP6H_VTCFL_SET(&part.ip, 6, 0, 0);
  IP6H_PLEN_SET(&part.ip, sizeof part - IP6_HLEN);
  IP6H_NEXTH_SET(&part.ip, IP6_NEXTH_FRAGMENT);
  IP6H_HOPLIM_SET(&part.ip, 64);
  IP6_ADDR(&from, PP_HTONL(0xfe800000), 0, 0, PP_HTONL(2));
  ip6_addr_copy_to_packed(part.ip.src, from);
  ip6_addr_copy_to_packed(part.ip.dest, *netif_ip6_addr(&netif, 0));
  assert_int_equal(netif.input(packet_of(&part, sizeof part), &netif), ERR_OK);
}

/* `index` segments beyond the next one. */
static void segment_comes(const struct tcp_pcb *pcb, unsigned index) {
  struct {
    struct ip_hdr ip;
    struct tcp_hdr tcp;
    uint8_t data[PART_BYTES];
  } segment = {
      .ip = {._v_hl = 0x45, ._len = lwip_htons(sizeof segment), ._ttl = 64, ._proto = IP_PROTO_TCP},
      .tcp = {.src = lwip_htons(pcb->remote_port),
              .dest = lwip_htons(pcb->local_port),
              .seqno = lwip_htonl(SEQUENCE + index * PART_BYTES),
              .ackno = lwip_htonl(SEQUENCE),
              .wnd = lwip_htons(WINDOW)}};

  segment.ip.src.addr = ip_2_ip4(&pcb->remote_ip)->addr;
  segment.ip.dest.addr = netif_ip4_addr(&netif)->addr;
  TCPH_HDRLEN_FLAGS_SET(&segment.tcp, TCP_HLEN / 4, TCP_ACK);
  assert_int_equal(netif.input(packet_of(&segment, sizeof segment), &netif), ERR_OK);
}

static struct tcp_pcb *connection(uint16_t port) {
  struct tcp_pcb *pcb = tcp_new();

  assert_non_null(pcb);
  pcb->state = ESTABLISHED;
  pcb->local_ip = netif.ip_addr;
  ip_addr_set_ip4_u32(&pcb->remote_ip, lwip_htonl(0x0a000002));
  pcb->local_port = 80;
  pcb->remote_port = port;
  pcb->rcv_nxt = pcb->lastack = pcb->snd_nxt = pcb->snd_lbb = SEQUENCE;
  pcb->rcv_wnd = pcb->rcv_ann_wnd = pcb->snd_wnd = pcb->snd_wnd_max = WINDOW;
  pcb->snd_wl1 = SEQUENCE - 1;
  pcb->snd_wl2 = SEQUENCE;
  TCP_REG_ACTIVE(pcb);
  return pcb;
}

static unsigned bytes_read;

static err_t received(void *context, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  (void)context;
  (void)error;
  bytes_read += data->tot_len;
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  return ERR_OK;
}

/* ---- tests ---- */

static void what_is_kept_is_given_up(void **state) {
  struct tcp_pcb *pcbs[2];

  (void)state;
  for (unsigned i = 0; i < PARTS; i++) {
    part_comes((uint16_t)i, i); /* the sender of a first fragment gets an error (ICMP) */
    part_comes_by_ip6(i, i);
  }
  for (unsigned i = 0; i < 2; i++) {
    pcbs[i] = connection((uint16_t)(40000 + i));
    tcp_recv(pcbs[i], received);
    segment_comes(pcbs[i], 1);
    segment_comes(pcbs[i], 3);
  }
  assert_int_equal(held, 2 * PARTS + 4);
  sent = 0;
  lwip_reclaim();
  assert_int_equal(held, 0);
  assert_int_equal(sent, 2);
  assert_int_equal(bytes_read, 0);
  for (unsigned i = 0; i < 2; i++) { /* both go on */
    for (unsigned part = 0; part < 4; part++)
      segment_comes(pcbs[i], part);
    assert_int_equal(bytes_read, (i + 1) * 4 * PART_BYTES);
    tcp_abort(pcbs[i]);
  }
  assert_int_equal(held, 0);
}

/* Acknowledged data will not come again. */
static err_t refuses(void *context, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  (void)context;
  (void)pcb;
  (void)data;
  (void)error;
  return ERR_MEM;
}

static void what_was_acknowledged_is_kept(void **state) {
  struct tcp_pcb *pcb = connection(40000);

  (void)state;
  tcp_recv(pcb, refuses);
  segment_comes(pcb, 0);
  assert_int_equal(held, 1);
  lwip_reclaim();
  assert_int_equal(held, 1);
  bytes_read = 0;
  tcp_recv(pcb, received);
  assert_int_equal(tcp_process_refused_data(pcb), ERR_OK);
  assert_int_equal(bytes_read, PART_BYTES);
  assert_int_equal(held, 0);
  tcp_abort(pcb);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_kept_is_given_up),
      cmocka_unit_test(what_was_acknowledged_is_kept),
  };
  ip4_addr_t address, netmask;
  ip6_addr_t address6;

  lwip_init();
  IP4_ADDR(&address, 10, 0, 0, 1);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  if (netif_add(&netif, &address, &netmask, NULL, NULL, init, ip_input) == NULL)
    return 1;
  IP6_ADDR(&address6, PP_HTONL(0xfe800000), 0, 0, PP_HTONL(1));
  netif_ip6_addr_set(&netif, 0, &address6);
  netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_PREFERRED);
  NETIF_SET_CHECKSUM_CTRL(&netif, NETIF_CHECKSUM_DISABLE_ALL);
  netif_set_up(&netif);
  netif_set_link_up(&netif);
  netif_set_default(&netif);
  return cmocka_run_group_tests_name("lwip_reclaim", tests, NULL, NULL);
}
