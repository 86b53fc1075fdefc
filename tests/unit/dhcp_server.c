#include "dhcp_server.h"

#include "unit.h"

#include "lwip/dhcp.h"
#include "lwip/prot/dhcp.h"
#include "lwip/prot/iana.h"
#include "lwip/udp.h"
#include "udp_wire.h"

enum {
  HEADER = DHCP_OPTIONS_OFS,
  OTHERS = 40,            /* bytes */
  OPTION_OF_OTHERS = 224, /* RFC 3942 */
};

struct dhcp_server dhcp_server;

static const uint8_t address[] = {10, 0, 0, 9}, own[] = {10, 0, 0, 1};
static struct udp_wire_datagram question; /* the request to be answered; no bytes: none */

static uint8_t type_of(const struct udp_wire_datagram *message) {
  assert_int_equal(message->data[HEADER], DHCP_OPTION_MESSAGE_TYPE); /* lwIP's first one */
  return message->data[HEADER + 2];
}

static void sent(const struct udp_wire_datagram *datagram) {
  if (datagram->destination != LWIP_IANA_PORT_DHCP_SERVER)
    return;
  if (type_of(datagram) == DHCP_REQUEST) {
    if (memcmp(&datagram->to, own, sizeof own) == 0)
      dhcp_server.asked++;
    else
      dhcp_server.all_asked++;
  }
  if (dhcp_server.serving)
    question = *datagram;
}

/* RFC 2131, 3.1; before these is an option of nobody's, so long that a part of the answer lies
 * within it. */
void dhcp_server_answers(void) {
  struct udp_wire_datagram answer = question;
  struct dhcp_msg *message = (void *)answer.data;
  const uint8_t type = question.bytes != 0 ? type_of(&question) : 0;
  const uint32_t lease_s = dhcp_server.lease_s;
  const uint8_t options[] = {
      DHCP_OPTION_MESSAGE_TYPE,
      1,
      type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK,
      DHCP_OPTION_LEASE_TIME,
      4,
      (uint8_t)(lease_s >> 24),
      (uint8_t)(lease_s >> 16),
      (uint8_t)(lease_s >> 8),
      (uint8_t)lease_s,
      DHCP_OPTION_SERVER_ID,
      4,
      own[0],
      own[1],
      own[2],
      own[3],
      DHCP_OPTION_END,
  };

  question.bytes = 0;
  if (type != DHCP_DISCOVER && (type != DHCP_REQUEST || dhcp_server.offering))
    return;
  message->op = DHCP_BOOTREPLY;
  memcpy(&message->yiaddr, address, sizeof address);
  memset(answer.data + HEADER, 0, OTHERS);
  answer.data[HEADER] = OPTION_OF_OTHERS;
  answer.data[HEADER + 1] = OTHERS - 2;
  memcpy(answer.data + HEADER + OTHERS, options, sizeof options);
  answer.bytes = HEADER + OTHERS + sizeof options;
  memcpy(&answer.from, own, sizeof own);
  answer.to = IPADDR_BROADCAST;
  answer.source = LWIP_IANA_PORT_DHCP_SERVER;
  answer.destination = LWIP_IANA_PORT_DHCP_CLIENT;
  if (dhcp_server.in_parts)
    udp_wire_comes_in_parts(&answer, HEADER + OTHERS / 4);
  else
    udp_wire_comes(&answer);
}

void dhcp_server_link_flaps(void) {
  netif_set_link_down(&udp_wire_netif);
  netif_set_link_up(&udp_wire_netif);
}

bool dhcp_server_gave_address(void) {
  return memcmp(netif_ip4_addr(&udp_wire_netif), address, sizeof address) == 0;
}

bool dhcp_server_gave_none(void) { return ip4_addr_isany(netif_ip4_addr(&udp_wire_netif)); }

int dhcp_server_setup(void **state) {
  (void)state;
  question.bytes = 0;
  dhcp_server = (struct dhcp_server){.serving = true, .lease_s = DHCP_SERVER_LEASE_MIN * 60};
  udp_wire_setup(sent);
  assert_int_equal(dhcp_start(&udp_wire_netif), ERR_OK);
  dhcp_server_answers();
  dhcp_server_answers();
  assert_true(dhcp_supplied_address(&udp_wire_netif));
  assert_true(dhcp_server_gave_address());
  return 0;
}

int dhcp_server_teardown(void **state) {
  (void)state;
  dhcp_stop(&udp_wire_netif);
  dhcp_cleanup(&udp_wire_netif);
  udp_wire_teardown();
  assert_null(udp_pcbs);
  return 0;
}
