/* Gets an address from the DHCP server of the LAN (RFC 2131). */
#include "lan.h"

#include <string.h>
#include <unistd.h>

enum {
  UDP_HEADER = 8,
  BOOTP_BYTES = 300, /* as RFC 1542 wants at least */
  OPTIONS = 240,     /* where options start in a message, behind the magic cookie */
  DISCOVER = 1,
  OFFER = 2,
  REQUEST = 3,
  ACK = 5,
  RETRY_MS = 500,
};

static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t any[4] = {0, 0, 0, 0}, all[4] = {255, 255, 255, 255};

static uint8_t *option(uint8_t *at, uint8_t code, const void *data, uint8_t length) {
  at[0] = code;
  at[1] = length;
  memcpy(at + 2, data, length);
  return at + 2 + length;
}

static void send_message(struct lan *lan, uint32_t id, uint8_t type, const uint8_t address[4],
                         const uint8_t server[4]) {
  uint8_t frame[FRAME_MAX] = {0};
  uint8_t *udp = frame + ETH_HEADER + IP_HEADER;
  uint8_t *message = udp + UDP_HEADER;
  uint8_t *at = message + OPTIONS;

  memcpy(message, "\x01\x01\x06\x00", 4);
  memcpy(message + 4, &id, 4);
  message[10] = 0x80; /* broadcast: we have no address yet */
  memcpy(message + 28, lan->mac, 6);
  memcpy(message + 236, "\x63\x82\x53\x63", 4);
  at = option(at, 53, &type, 1);
  if (type == REQUEST) {
    at = option(at, 50, address, 4);
    at = option(at, 54, server, 4);
  }
  *at = 255;
  lan_put16(udp, 68);
  lan_put16(udp + 2, 67);
  lan_put16(udp + 4, UDP_HEADER + BOOTP_BYTES);
  memcpy(lan->address, any, 4);
  lan_make_headers(lan, frame, everyone, all, 17, UDP_HEADER + BOOTP_BYTES);
  (void)lan_send(lan, frame, ETH_HEADER + IP_HEADER + UDP_HEADER + BOOTP_BYTES);
}

static const uint8_t *find_option(const uint8_t *message, size_t length, uint8_t code,
                                  uint8_t size) {
  for (size_t i = OPTIONS; i + 1 < length && message[i] != 255;) {
    if (message[i] == 0) {
      i++;
      continue;
    }
    if (message[i] == code && message[i + 1] == size && i + 2 + size <= length)
      return message + i + 2;
    i += (size_t)message[i + 1] + 2;
  }
  return NULL;
}

/* Waits for the server's message of `type`; false at the deadline. */
static bool receive_message(struct lan *lan, uint32_t id, uint8_t type, uint8_t address[4],
                            uint8_t server[4], double deadline_ms) {
  uint8_t frame[FRAME_MAX];
  size_t length;

  while ((length = lan_receive(lan, frame, deadline_ms)) != 0) {
    struct lan_packet packet;
    const uint8_t *message, *found;
    size_t size;

    if (!lan_parse(frame, length, &packet) || packet.protocol != 17 ||
        packet.length < UDP_HEADER + OPTIONS || lan_get16(packet.payload + 2) != 68)
      continue;
    message = packet.payload + UDP_HEADER;
    size = packet.length - UDP_HEADER;
    if (message[0] != 2 || memcmp(message + 4, &id, 4) != 0 ||
        (found = find_option(message, size, 53, 1)) == NULL || *found != type ||
        (found = find_option(message, size, 54, 4)) == NULL)
      continue;
    memcpy(server, found, 4);
    memcpy(address, message + 16, 4);
    return true;
  }
  return false;
}

bool lan_dhcp(struct lan *lan, double wait_ms) {
  double deadline_ms = lan_now_ms() + wait_ms;
  uint32_t id = (uint32_t)getpid();
  uint8_t address[4], server[4];

  while (!lan_interrupted && lan_now_ms() < deadline_ms) {
    send_message(lan, id, DISCOVER, any, any);
    if (!receive_message(lan, id, OFFER, address, server, lan_now_ms() + (double)RETRY_MS))
      continue;
    send_message(lan, id, REQUEST, address, server);
    if (!receive_message(lan, id, ACK, address, server, lan_now_ms() + (double)RETRY_MS))
      continue;
    memcpy(lan->address, address, 4);
    return true;
  }
  return false;
}
