/* A guest of the bench: echo over UDP and TCP on port 7, on INTERFACES interfaces. */
#include "board.h"
#include "dispatch.h"
#include "log.h"
#include "lwip/init.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "lwip_port.h"
#include "lwip_timers.h"
#include "netif/ethernet.h"
#include "port.h"
#include "reply.h"
#include "ringif.h"
#include "wire.h"

enum { ECHO_PORT = 7 };

static struct dispatch_queue dispatch;
static struct netif netifs[INTERFACES];

static void add_interface(unsigned number) {
  struct nic *nic = board_nics[number];
  ip4_addr_t address, netmask, gateway;

  IP4_ADDR(&address, 10, (uint8_t)number, 2, 15);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, (uint8_t)number, 2, 2);
  if (nic_init(nic, &board_nic_configs[number], &dispatch) != 0 ||
      netif_add(&netifs[number], &address, &netmask, &gateway, nic, ringif_init, ethernet_input) ==
          NULL)
    return; /* ringif has logged why */
  netif_create_ip6_linklocal_address(&netifs[number], 1);
  netif_set_up(&netifs[number]);
  if (nic_set_interface_enable(nic, true) == 0)
    log_info("guest", "en%u up", number);
}

static void udp_echo(void *unused, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                     u16_t port) {
  (void)unused;
  if (reply_to_datagram(pcb, data, true))
    return;
  (void)udp_sendto(pcb, data, from, port);
  pbuf_free(data);
}

static err_t tcp_echo(void *unused, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  (void)unused;
  (void)error;
  if (data == NULL)
    return tcp_close(pcb);
  tcp_recved(pcb, data->tot_len);
  for (struct pbuf *part = data; part != NULL; part = part->next)
    (void)tcp_write(pcb, part->payload, part->len, TCP_WRITE_FLAG_COPY);
  pbuf_free(data);
  return ERR_OK;
}

static err_t accepted(void *unused, struct tcp_pcb *pcb, err_t error) {
  (void)unused;
  if (error != ERR_OK || pcb == NULL)
    return ERR_VAL;
  tcp_recv(pcb, tcp_echo);
  return ERR_OK;
}

static void services_start(void) {
  struct udp_pcb *udp = udp_new_ip_type(IPADDR_TYPE_ANY);
  struct tcp_pcb *tcp = tcp_new_ip_type(IPADDR_TYPE_ANY);

  if (udp != NULL && udp_bind(udp, IP_ANY_TYPE, ECHO_PORT) == ERR_OK)
    udp_recv(udp, udp_echo, NULL);
  if (tcp != NULL && tcp_bind(tcp, IP_ANY_TYPE, ECHO_PORT) == ERR_OK &&
      (tcp = tcp_listen(tcp)) != NULL)
    tcp_accept(tcp, accepted);
}

static void sleep_until_event(void) {
  uint32_t state = port_irq_save();

  if (!dispatch_pending(&dispatch))
    port_sleep();
  port_irq_restore(state);
}

int main(void) {
  board_init();
  lwip_port_init(0);
  lwip_init();
  (void)lwip_timers_start(&dispatch);
  wires_start();
  for (unsigned i = 0; i < INTERFACES; i++)
    add_interface(i);
  services_start();
  wires_are_up();
  for (;;) {
    (void)dispatch_run(&dispatch);
    lwip_timers_arm();
    sleep_until_event();
  }
}
