/* A host on the emulated LAN: Ethernet frames over QEMU's datagram sockets, ARP, IPv4. */
#ifndef LAN_H
#define LAN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ETH_HEADER = 14,
  ETH_FRAME_MIN = 60,
  IP_HEADER = 20,
  FRAME_MAX = 1514,
};

struct lan {
  int socket;
  const char *local_path;  /* our end; removed by lan_close() */
  const char *remote_path; /* QEMU's end */
  uint8_t mac[6];
  uint8_t address[4];
};

/* A frame with an IPv4 packet in it, taken apart. */
struct lan_packet {
  const uint8_t *frame;
  const uint8_t *source_mac;
  const uint8_t *source, *destination;
  uint8_t protocol, ttl;
  const uint8_t *payload; /* behind the IP header */
  size_t length;          /* of the payload */
};

/* Set by a signal handler: whatever waits for the LAN ends at once. */
extern volatile sig_atomic_t lan_interrupted;

/* Milliseconds of a clock that never goes back, with their fraction. */
double lan_now_ms(void);

/* Ends the program with exit status 2 and one line on standard error. */
_Noreturn void lan_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Binds our socket; ends the program if another one holds it. A socket that a dead program has left
 * behind is replaced. */
void lan_open(struct lan *lan);
void lan_close(struct lan *lan);

/* Sends a frame, padded to Ethernet's minimum. False if QEMU does not listen yet, or takes nothing
 * for a second. */
bool lan_send(struct lan *lan, uint8_t *frame, size_t length);

/* Waits for the next frame, until `deadline_ms`. Answers ARP requests for our address by itself.
 * Returns its length, or 0 at the deadline or after a signal. */
size_t lan_receive(struct lan *lan, uint8_t frame[FRAME_MAX], double deadline_ms);

/* Sends an ARP request for `target`. */
void lan_ask_for(struct lan *lan, const uint8_t target[4]);

/* If `frame` is an ARP reply of `target`, its address goes to `mac`. */
bool lan_is_reply_of(const uint8_t *frame, size_t length, const uint8_t target[4], uint8_t mac[6]);

/* Writes Ethernet and IPv4 headers for `length` bytes of payload, which follow them. */
void lan_make_headers(const struct lan *lan, uint8_t *frame, const uint8_t mac[6],
                      const uint8_t destination[4], uint8_t protocol, size_t length);

/* Takes an IPv4 frame apart; false if it is none or its lengths or header checksum are wrong. */
bool lan_parse(const uint8_t *frame, size_t length, struct lan_packet *packet);

/* The Internet checksum (RFC 1071). */
uint16_t lan_checksum(const uint8_t *data, size_t length);

uint16_t lan_get16(const uint8_t *at);
void lan_put16(uint8_t *at, uint16_t value);

/* Gets an address from the DHCP server of the LAN (RFC 2131) into lan->address, within `wait_ms`;
 * false if none answers. */
bool lan_dhcp(struct lan *lan, double wait_ms);

#endif
