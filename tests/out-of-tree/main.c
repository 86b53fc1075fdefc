/* The product: it echoes UDP on port 7, at 10.0.2.15, and sleeps between packets. */
#include "board.h"
#include "dispatch.h"
#include "log.h"
#include "lwip/init.h"
#include "lwip/udp.h"
#include "lwip_port.h"
#include "lwip_timers.h"
#include "netif/ethernet.h"
#include "port.h"
#include "reply.h"
#include "ringif.h"

static struct dispatch_queue dispatch;
static struct netif netifs[BOARD_NICS];

static void add_interface(unsigned number) {
  struct nic *nic = board_nics[number];
  const struct nic_config *config = &board_nic_configs[number];
  ip4_addr_t address, netmask, gateway;
  int error;

  IP4_ADDR(&address, 10, 0, 2 + number, 15);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 0, 2 + number, 2);
  error = nic_init(nic, config, &dispatch);
  if (error == 0) {
    if (netif_add(&netifs[number], &address, &netmask, &gateway, nic, ringif_init,
                  ethernet_input) == NULL)
      return; /* ringif has logged why */
    netif_set_up(&netifs[number]);
    error = nic_set_interface_enable(nic, true);
  }
  if (error == 0)
    log_info("product", "%s is up", nic->ops->name);
  else
    log_error("product", "%s is not up: error %d", config->ops->name, -error);
}

enum { ECHO_PORT = 7 };

static void echo(void *unused, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                 u16_t port) {
  (void)unused;
  if (port != ECHO_PORT) { /* an answer to an echo would be answered, and so on without end */
    if (reply_to_datagram(pcb, data, true))
      return;
    (void)udp_sendto(pcb, data, from, port);
  }
  pbuf_free(data);
}

static void sleep_until_event(void) {
  uint32_t state = port_irq_save();

  if (!dispatch_pending(&dispatch))
    port_sleep();
  port_irq_restore(state);
}

int main(void) {
  struct udp_pcb *pcb;

  board_init();
  lwip_port_init(0);
  lwip_init();
  (void)lwip_timers_start(&dispatch);
  for (unsigned i = 0; i < BOARD_NICS; i++)
    add_interface(i);
  pcb = udp_new();
  if (pcb != NULL && udp_bind(pcb, IP_ANY_TYPE, ECHO_PORT) == ERR_OK)
    udp_recv(pcb, echo, NULL);
  for (;;) {
    (void)dispatch_run(&dispatch);
    lwip_timers_arm();
    sleep_until_event();
  }
}
