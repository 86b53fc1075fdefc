/* A host on the emulated LAN: Ethernet frames over QEMU's datagram sockets, ARP, IPv4. */
#define _GNU_SOURCE
#include "lan.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
  ARP = ETH_HEADER,
  ARP_OPERATION = ARP + 6,
  ARP_SENDER_MAC = ARP + 8,
  ARP_SENDER_IP = ARP + 14,
  ARP_TARGET_MAC = ARP + 18,
  ARP_TARGET_IP = ARP + 24,
  ARP_END = ARP + 28,
};

volatile sig_atomic_t lan_interrupted;

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

double lan_now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void lan_die(const char *format, ...) {
  va_list arguments;

  fprintf(stderr, "lanping: ");
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(2);
}

uint16_t lan_get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

void lan_put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  if (strlen(path) >= sizeof address.sun_path)
    lan_die("%s: a socket's path has at most %zu characters", path, sizeof address.sun_path - 1);
  strcpy(address.sun_path, path);
  return address;
}

void lan_open(struct lan *lan) {
  /* A paused emulator takes no frames: a full queue must not hold us for ever. */
  const struct timeval send_timeout = {.tv_sec = 1};
  struct sockaddr_un address = address_of(lan->local_path);
  struct stat file;

  (void)address_of(lan->remote_path);
  lan->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (lan->socket < 0)
    lan_die("no socket: %s", strerror(errno));
  setsockopt(lan->socket, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof send_timeout);
  if (bind(lan->socket, (struct sockaddr *)&address, sizeof address) == 0)
    return;
  if (errno != EADDRINUSE)
    lan_die("%s: %s", lan->local_path, strerror(errno));
  if (connect(lan->socket, (struct sockaddr *)&address, sizeof address) == 0)
    lan_die("another program holds %s: wait for it, or give another --local", lan->local_path);
  if (errno != ECONNREFUSED || lstat(lan->local_path, &file) != 0 || !S_ISSOCK(file.st_mode))
    lan_die("%s is there and no socket of ours: give another --local", lan->local_path);
  unlink(lan->local_path);
  if (bind(lan->socket, (struct sockaddr *)&address, sizeof address) != 0)
    lan_die("%s: %s", lan->local_path, strerror(errno));
}

void lan_close(struct lan *lan) {
  close(lan->socket);
  unlink(lan->local_path);
}

bool lan_send(struct lan *lan, uint8_t *frame, size_t length) {
  struct sockaddr_un address = address_of(lan->remote_path);

  if (length < ETH_FRAME_MIN) {
    memset(frame + length, 0, ETH_FRAME_MIN - length);
    length = ETH_FRAME_MIN;
  }
  if (sendto(lan->socket, frame, length, 0, (struct sockaddr *)&address, sizeof address) >= 0)
    return true;
  if (errno != ENOENT && errno != ECONNREFUSED && errno != EAGAIN && errno != EINTR) {
    const char *why = strerror(errno);

    lan_close(lan);
    lan_die("%s: %s", lan->remote_path, why);
  }
  return false;
}

static void send_arp(struct lan *lan, uint16_t operation, const uint8_t mac[6],
                     const uint8_t target[4]) {
  uint8_t frame[ETH_FRAME_MIN] = {0};

  memcpy(frame, mac, 6);
  memcpy(frame + 6, lan->mac, 6);
  memcpy(frame + 12, "\x08\x06\x00\x01\x08\x00\x06\x04", 8);
  lan_put16(frame + ARP_OPERATION, operation);
  memcpy(frame + ARP_SENDER_MAC, lan->mac, 6);
  memcpy(frame + ARP_SENDER_IP, lan->address, 4);
  if (operation == 2)
    memcpy(frame + ARP_TARGET_MAC, mac, 6);
  memcpy(frame + ARP_TARGET_IP, target, 4);
  (void)lan_send(lan, frame, ARP_END);
}

void lan_ask_for(struct lan *lan, const uint8_t target[4]) { send_arp(lan, 1, broadcast, target); }

static bool is_arp(const uint8_t *frame, size_t length, uint16_t operation) {
  return length >= ARP_END && lan_get16(frame + 12) == 0x0806 &&
         lan_get16(frame + ARP_OPERATION) == operation;
}

bool lan_is_reply_of(const uint8_t *frame, size_t length, const uint8_t target[4], uint8_t mac[6]) {
  if (!is_arp(frame, length, 2) || memcmp(frame + ARP_SENDER_IP, target, 4) != 0)
    return false;
  memcpy(mac, frame + ARP_SENDER_MAC, 6);
  return true;
}

size_t lan_receive(struct lan *lan, uint8_t frame[FRAME_MAX], double deadline_ms) {
  while (!lan_interrupted) {
    struct pollfd wait = {.fd = lan->socket, .events = POLLIN};
    double left_ms = deadline_ms - lan_now_ms();
    struct timespec timeout = {.tv_sec = 0};
    ssize_t length;

    if (left_ms > 0) {
      timeout.tv_sec = (time_t)(left_ms / 1e3);
      timeout.tv_nsec = (long)((left_ms - (double)timeout.tv_sec * 1e3) * 1e6);
    }
    if (ppoll(&wait, 1, &timeout, NULL) <= 0)
      return 0;
    length = recv(lan->socket, frame, FRAME_MAX, MSG_DONTWAIT);
    if (length < ETH_HEADER)
      continue;
    if (is_arp(frame, (size_t)length, 1) && memcmp(frame + ARP_TARGET_IP, lan->address, 4) == 0) {
      send_arp(lan, 2, frame + ARP_SENDER_MAC, frame + ARP_SENDER_IP);
      continue;
    }
    return (size_t)length;
  }
  return 0;
}

uint16_t lan_checksum(const uint8_t *data, size_t length) {
  uint32_t sum = 0;

  for (size_t i = 0; i + 1 < length; i += 2)
    sum += lan_get16(data + i);
  if (length % 2 != 0)
    sum += (uint32_t)data[length - 1] << 8;
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

void lan_make_headers(const struct lan *lan, uint8_t *frame, const uint8_t mac[6],
                      const uint8_t destination[4], uint8_t protocol, size_t length) {
  uint8_t *ip = frame + ETH_HEADER;

  memcpy(frame, mac, 6);
  memcpy(frame + 6, lan->mac, 6);
  lan_put16(frame + 12, 0x0800);
  memset(ip, 0, IP_HEADER);
  ip[0] = 0x45;
  lan_put16(ip + 2, (uint16_t)(IP_HEADER + length));
  lan_put16(ip + 6, 0x4000); /* don't fragment */
  ip[8] = 64;
  ip[9] = protocol;
  memcpy(ip + 12, lan->address, 4);
  memcpy(ip + 16, destination, 4);
  lan_put16(ip + 10, lan_checksum(ip, IP_HEADER));
}

bool lan_parse(const uint8_t *frame, size_t length, struct lan_packet *packet) {
  const uint8_t *ip = frame + ETH_HEADER;
  size_t header, total;

  if (length < ETH_HEADER + IP_HEADER || lan_get16(frame + 12) != 0x0800 || ip[0] >> 4 != 4)
    return false;
  header = (size_t)(ip[0] & 0xf) * 4;
  total = lan_get16(ip + 2);
  if (header < IP_HEADER || total < header || ETH_HEADER + total > length ||
      lan_checksum(ip, header) != 0)
    return false;
  *packet = (struct lan_packet){.frame = frame,
                                .source_mac = frame + 6,
                                .source = ip + 12,
                                .destination = ip + 16,
                                .protocol = ip[9],
                                .ttl = ip[8],
                                .payload = ip + header,
                                .length = total - header};
  return true;
}
