/* The service of the profile "small": echo (RFC 862) over UDP. */
#include "log.h"
#include "lwip/udp.h"
#include "reply.h"
#include "services.h"

enum { ECHO_PORT = 7 };

/* The answer goes out in the buffer that the question came in. */
static void udp_echo(void *argument, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                     u16_t port) {
  (void)argument;
  if (port != ECHO_PORT) { /* an answer to an echo would be answered, and so on without end */
    if (reply_to_datagram(pcb, data, true))
      return;
    (void)udp_sendto(pcb, data, from, port); /* a drop is counted where it happens */
  }
  pbuf_free(data);
}

void services_start(void) {
  struct udp_pcb *udp = udp_new();

  if (udp == NULL || udp_bind(udp, IP_ANY_TYPE, ECHO_PORT) != ERR_OK)
    log_error("services", "UDP port %d: no memory to listen", ECHO_PORT);
  else
    udp_recv(udp, udp_echo, NULL);
}
