/* The fast path with other options of lwIP: without ICMP, and with a hook that is to see all
 * packets (test_fast_path_hook.c). This program has it in itself, and lwIP's own way only counts.
 */
#include "unit.h"

#include "lwip/opt.h"
#undef LWIP_ICMP
#define LWIP_ICMP 0

#include "fast_path.c"

#include "lwip/inet_chksum.h"
#include "lwip/init.h"

#ifdef LWIP_HOOK_IP4_INPUT
enum { HOOKED = 1 };
#else
enum { HOOKED = 0 };
#endif
enum { PORT = 7 };

static struct netif netif;
static unsigned general, received;

/* The linker takes this in place of lwIP's. */
err_t ethernet_input(struct pbuf *packet, struct netif *to) {
  assert_ptr_equal(to, &netif);
  general++;
  pbuf_free(packet);
  return ERR_OK;
}

static void receive(void *unused, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                    u16_t port) {
  (void)unused;
  (void)pcb;
  (void)from;
  (void)port;
  received++;
  pbuf_free(data);
}

static err_t send(struct netif *by, struct pbuf *packet, const ip4_addr_t *to) {
  (void)by;
  (void)packet;
  (void)to;
  fail_msg("nothing is to be sent");
  return ERR_OK;
}

static int setup(void **state) {
  (void)state;
  netif = (struct netif){
      .flags = NETIF_FLAG_UP | NETIF_FLAG_ETHARP, .mtu = 1500, .output = send, .num = 0};
  IP_ADDR4(&netif.ip_addr, 10, 1, 0, 1);
  IP_ADDR4(&netif.netmask, 255, 255, 255, 0);
  NETIF_SET_CHECKSUM_CTRL(&netif, NETIF_CHECKSUM_ENABLE_ALL);
  general = received = 0;
  return 0;
}

static void comes(uint8_t protocol) {
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, 60, PBUF_RAM);
  struct frame *frame = packet->payload;

  memset(frame, 0, packet->len);
  frame->eth.type = PP_HTONS(ETHTYPE_IP);
  frame->ip._v_hl = 0x45;
  frame->ip._len = PP_HTONS(IP_BYTES);
  frame->ip._proto = protocol;
  frame->ip.src.addr = PP_HTONL(0x0a010063);
  frame->ip.dest.addr = netif_ip4_addr(&netif)->addr;
  frame->ip._chksum = inet_chksum(&frame->ip, sizeof frame->ip);
  if (protocol == IP_PROTO_ICMP) {
    frame->icmp.type = ICMP_ECHO;
    frame->icmp.chksum = inet_chksum(&frame->icmp, sizeof frame->icmp);
  } else {
    frame->udp.dest = PP_HTONS(PORT);
    frame->udp.len = PP_HTONS(UDP_HLEN);
  }
  assert_int_equal(fast_path_input(packet, &netif), ERR_OK);
}

static void without_icmp_no_ping_is_answered(void **state) {
  (void)state;
  comes(IP_PROTO_ICMP);
  assert_int_equal(general, 1);
}

static void a_datagram_is_fast_unless_a_hook_is_to_see_it(void **state) {
  struct udp_pcb *pcb = udp_new();

  (void)state;
  assert_int_equal(udp_bind(pcb, IP_ANY_TYPE, PORT), ERR_OK);
  udp_recv(pcb, receive, NULL);
  comes(IP_PROTO_UDP);
  assert_int_equal(general, HOOKED);
  assert_int_equal(received, !HOOKED);
  udp_remove(pcb);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(without_icmp_no_ping_is_answered, setup),
      cmocka_unit_test_setup(a_datagram_is_fast_unless_a_hook_is_to_see_it, setup),
  };

  lwip_init();
  return cmocka_run_group_tests_name("fast_path_options", tests, NULL, NULL);
}
