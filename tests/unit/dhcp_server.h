/* A DHCP server at the other end of the wire of udp_wire.h, for tests of lwIP's client. */
#ifndef DHCP_SERVER_H
#define DHCP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

enum { DHCP_SERVER_LEASE_MIN = 10 };

struct dhcp_server {
  bool serving, offering; /* the latter: it offers only addresses that it does not assign */
  bool in_parts;          /* its answers are reassembled from fragments */
  uint32_t lease_s;       /* UINT32_MAX: infinite */
  unsigned asked;         /* requests to the server alone, */
  unsigned all_asked;     /* and to any; it need not be serving */
};

extern struct dhcp_server dhcp_server;

/* cmocka's set-up and teardown functions: the client has a lease of DHCP_SERVER_LEASE_MIN, and
 * gives it back. */
int dhcp_server_setup(void **state);
int dhcp_server_teardown(void **state);

/* What was asked last is answered, once. */
void dhcp_server_answers(void);

/* The link fails and returns, and the client asks whether it may keep its address. */
void dhcp_server_link_flaps(void);

/* Whether the client has the address that it was given, or none. */
bool dhcp_server_gave_address(void);
bool dhcp_server_gave_none(void);

#endif
