/* lanping: a host on the emulated LAN that pings a guest, in ping's own format. */
#define _GNU_SOURCE
#include "lan.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  ICMP_HEADER = 8,
  ICMP_ECHO_REPLY = 0,
  ICMP_ECHO_REQUEST = 8,
  SIZE_MAX_BYTES = 1472, /* what fits in one frame */
  ASK_AGAIN_MS = 200,
  SEEN_MAX = 65536,
};

static const char usage[] =
    "usage: tools/lanping [option]... --local PATH --remote PATH TARGET\n"
    "Pings TARGET on the emulated LAN behind QEMU's -netdev dgram, in ping's format.\n"
    "  --local PATH         our datagram socket, which is QEMU's remote.path\n"
    "  --remote PATH        QEMU's datagram socket, its local.path\n"
    "  --address A.B.C.D    our address (10.0.2.100)\n"
    "  --dhcp               ask the LAN for an address instead\n"
    "  --mac X:X:X:X:X:X    our Ethernet address (02:00:00:00:00:64)\n"
    "  -c, --count N        requests, 1 to 65535 (5)\n"
    "  -s, --size N         bytes of data in each, 0 to 1472 (56)\n"
    "  -i, --interval S     seconds from request to request (1); 0: as soon as the answer came\n"
    "  -W, --timeout S      seconds to wait for an answer (1)\n"
    "      --wait S         seconds to ask for TARGET by ARP until it first answers (10)\n"
    "  -q, --quiet          only the summary\n"
    "Exit status: 0 all answered rightly, 1 not all, 2 a wrong option, no LAN or no output.\n";

static struct {
  unsigned count, size;
  double interval_ms, timeout_ms, wait_ms;
  bool quiet, dhcp;
  uint8_t target[4];
} options = {.count = 5, .size = 56, .interval_ms = 1000, .timeout_ms = 1000, .wait_ms = 10000};

static struct lan lan = {.mac = {2, 0, 0, 0, 0, 0x64}, .address = {10, 0, 2, 100}};

/* What became of each request. */
static struct {
  double sent_at_ms;
  bool answered;
} requests[SEEN_MAX];
static unsigned sent, received, duplicates, wrong;
static double rtt_min, rtt_max, rtt_sum, rtt_squares;

static void interrupt(int number) {
  (void)number;
  lan_interrupted = 1;
}

/* Whatever ends us leaves no socket behind. A hangup that our caller has chosen to ignore, as nohup
 * does, stays ignored; a shell has its background jobs ignore SIGINT, which must end us still. */
static void catch_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGPIPE};
  const struct sigaction on_interrupt = {.sa_handler = interrupt};
  struct sigaction hangup;

  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    sigaction(numbers[i], &on_interrupt, NULL);
  sigaction(SIGHUP, NULL, &hangup);
  if (hangup.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &on_interrupt, NULL);
}

static double number_of(const char *option, const char *text, double least, double most) {
  char *end;
  double number = strtod(text, &end);

  if (*text == '\0' || *end != '\0' || !(number >= least && number <= most))
    lan_die("%s %s: valid: %g to %g", option, text, least, most);
  return number;
}

static unsigned whole_number_of(const char *option, const char *text, unsigned least,
                                unsigned most) {
  double number = number_of(option, text, least, most);

  if (number != floor(number))
    lan_die("%s %s: valid: a whole number, %u to %u", option, text, least, most);
  return (unsigned)number;
}

static void parse_options(int count, char *words[]) {
  static const struct option names[] = {
      {"local", required_argument, NULL, 'l'},
      {"remote", required_argument, NULL, 'r'},
      {"address", required_argument, NULL, 'a'},
      {"dhcp", no_argument, NULL, 'd'},
      {"mac", required_argument, NULL, 'm'},
      {"count", required_argument, NULL, 'c'},
      {"size", required_argument, NULL, 's'},
      {"interval", required_argument, NULL, 'i'},
      {"timeout", required_argument, NULL, 'W'},
      {"wait", required_argument, NULL, 'w'},
      {"quiet", no_argument, NULL, 'q'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int which, end = 0;

  opterr = 0; /* one line says all */
  while ((which = getopt_long(count, words, "c:s:i:W:qh", names, NULL)) != -1) {
    switch (which) {
    case 'l':
      lan.local_path = optarg;
      break;
    case 'r':
      lan.remote_path = optarg;
      break;
    case 'a':
      if (inet_pton(AF_INET, optarg, lan.address) != 1)
        lan_die("--address %s: valid: four numbers, such as 10.0.2.100", optarg);
      break;
    case 'd':
      options.dhcp = true;
      break;
    case 'm':
      if (sscanf(optarg, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &lan.mac[0], &lan.mac[1],
                 &lan.mac[2], &lan.mac[3], &lan.mac[4], &lan.mac[5], &end) != 6 ||
          optarg[end] != '\0' || (lan.mac[0] & 1) != 0)
        lan_die("--mac %s: valid: a station's address, such as 02:00:00:00:00:64", optarg);
      break;
    case 'c':
      options.count = whole_number_of("--count", optarg, 1, SEEN_MAX - 1);
      break;
    case 's':
      options.size = whole_number_of("--size", optarg, 0, SIZE_MAX_BYTES);
      break;
    case 'i':
      options.interval_ms = 1e3 * number_of("--interval", optarg, 0, 3600);
      break;
    case 'W':
      options.timeout_ms = 1e3 * number_of("--timeout", optarg, 0.001, 3600);
      break;
    case 'w':
      options.wait_ms = 1e3 * number_of("--wait", optarg, 0.1, 3600);
      break;
    case 'q':
      options.quiet = true;
      break;
    case 'h':
      fputs(usage, stdout);
      exit(0);
    default:
      lan_die("%s: no such option, or its value is missing; --help names the valid options",
              words[optind - 1]);
    }
  }
  if (lan.local_path == NULL || lan.remote_path == NULL)
    lan_die("--local and --remote name the two sockets of the LAN; --help says more");
  if (optind != count - 1 || inet_pton(AF_INET, words[optind], options.target) != 1)
    lan_die("one TARGET, such as 10.0.2.15, is needed behind the options");
}

static const char *target_name(void) {
  static char name[INET_ADDRSTRLEN];

  return inet_ntop(AF_INET, options.target, name, sizeof name);
}

/* Asks for the target until it answers; false where it does not in time. */
static bool find_target(uint8_t mac[6]) {
  double deadline_ms = lan_now_ms() + options.wait_ms;

  while (!lan_interrupted && lan_now_ms() < deadline_ms) {
    double ask_again_ms = lan_now_ms() + (double)ASK_AGAIN_MS;
    uint8_t frame[FRAME_MAX];
    size_t length;

    lan_ask_for(&lan, options.target);
    while ((length = lan_receive(&lan, frame, ask_again_ms)) != 0) {
      if (lan_is_reply_of(frame, length, options.target, mac))
        return true;
    }
  }
  return false;
}

static uint8_t data_byte(uint16_t sequence, size_t i) { return (uint8_t)(i + sequence); }

static void send_request(uint16_t id, uint16_t sequence, const uint8_t mac[6]) {
  uint8_t frame[FRAME_MAX] = {0};
  uint8_t *icmp = frame + ETH_HEADER + IP_HEADER;

  lan_make_headers(&lan, frame, mac, options.target, 1, ICMP_HEADER + options.size);
  icmp[0] = ICMP_ECHO_REQUEST;
  lan_put16(icmp + 4, id);
  lan_put16(icmp + 6, sequence);
  for (size_t i = 0; i < options.size; i++)
    icmp[ICMP_HEADER + i] = data_byte(sequence, i);
  lan_put16(icmp + 2, lan_checksum(icmp, ICMP_HEADER + options.size));
  requests[sequence].sent_at_ms = lan_now_ms();
  (void)lan_send(&lan, frame, ETH_HEADER + IP_HEADER + ICMP_HEADER + options.size);
  sent++;
}

/* What is wrong with an echo reply, or NULL. */
static const char *fault_of(const struct lan_packet *packet, uint16_t sequence,
                            const uint8_t mac[6]) {
  if (memcmp(packet->source_mac, mac, 6) != 0 || memcmp(packet->frame, lan.mac, 6) != 0)
    return "wrong Ethernet address";
  if (memcmp(packet->source, options.target, 4) != 0 ||
      memcmp(packet->destination, lan.address, 4) != 0)
    return "wrong IP address";
  if (lan_checksum(packet->payload, packet->length) != 0)
    return "wrong ICMP checksum";
  if (packet->length != ICMP_HEADER + options.size)
    return "wrong length";
  if (sequence == 0 || sequence > sent)
    return "wrong sequence number";
  for (size_t i = 0; i < options.size; i++) {
    if (packet->payload[ICMP_HEADER + i] != data_byte(sequence, i))
      return "wrong data";
  }
  return NULL;
}

/* True for an IPv4 frame of the target to us that lan_parse() refuses. */
static bool is_broken_answer(const uint8_t *frame, size_t length, const uint8_t mac[6]) {
  return length >= ETH_HEADER && lan_get16(frame + 12) == 0x0800 &&
         memcmp(frame, lan.mac, 6) == 0 && memcmp(frame + 6, mac, 6) == 0;
}

/* Takes a frame as an answer to one of our requests; true if it is a first and right one. */
static bool take_answer(const uint8_t *frame, size_t length, uint16_t id, const uint8_t mac[6]) {
  struct lan_packet packet;
  double rtt_ms = lan_now_ms();
  uint16_t sequence;
  const char *fault;
  bool again;

  if (!lan_parse(frame, length, &packet)) {
    if (is_broken_answer(frame, length, mac)) {
      printf("From %s wrong IP header\n", target_name());
      wrong++;
    }
    return false;
  }
  if (packet.protocol != 1 || packet.length < ICMP_HEADER || packet.payload[0] != ICMP_ECHO_REPLY ||
      lan_get16(packet.payload + 4) != id)
    return false;
  sequence = lan_get16(packet.payload + 6);
  fault = fault_of(&packet, sequence, mac);
  if (fault != NULL) {
    printf("From %s icmp_seq=%u %s\n", target_name(), sequence, fault);
    wrong++;
    return false;
  }
  again = requests[sequence].answered;
  rtt_ms -= requests[sequence].sent_at_ms;
  if (!options.quiet)
    printf("%zu bytes from %s: icmp_seq=%u ttl=%u time=%.3f ms%s\n", packet.length, target_name(),
           sequence, packet.ttl, rtt_ms, again ? " (DUP!)" : "");
  if (again) {
    duplicates++;
    return false;
  }
  requests[sequence].answered = true;
  rtt_min = received == 0 || rtt_ms < rtt_min ? rtt_ms : rtt_min;
  rtt_max = rtt_ms > rtt_max ? rtt_ms : rtt_max;
  rtt_sum += rtt_ms;
  rtt_squares += rtt_ms * rtt_ms;
  received++;
  return true;
}

/* Sends the requests, each at its time, and takes in answers until the last one's time is over. */
static void ping(const uint8_t mac[6]) {
  uint16_t id = (uint16_t)getpid();
  double start_ms = lan_now_ms();
  double next_ms = start_ms;
  uint8_t frame[FRAME_MAX];

  for (unsigned n = 1; n <= options.count && !lan_interrupted; n++) {
    uint16_t sequence = (uint16_t)n;
    bool last = n == options.count;
    double until_ms;

    send_request(id, sequence, mac);
    next_ms += options.interval_ms;
    until_ms = last || options.interval_ms <= 0 ? lan_now_ms() + options.timeout_ms : next_ms;
    while (!lan_interrupted) {
      size_t length;

      /* The next one goes when its time has come, in a closed loop when this one is answered; the
       * end comes when none is outstanding. */
      if (last ? received == sent : options.interval_ms <= 0 && requests[sequence].answered)
        break;
      length = lan_receive(&lan, frame, until_ms);
      if (length != 0)
        (void)take_answer(frame, length, id, mac);
      else if (lan_now_ms() >= until_ms)
        break;
    }
    fflush(stdout);
  }
}

static void print_summary(double duration_ms) {
  printf("\n--- %s ping statistics ---\n", target_name());
  printf("%u packets transmitted, %u received", sent, received);
  if (duplicates != 0)
    printf(", +%u duplicates", duplicates);
  if (wrong != 0)
    printf(", +%u errors", wrong);
  printf(", %g%% packet loss, time %.0fms\n", sent == 0 ? 0 : 100.0 * (sent - received) / sent,
         duration_ms);
  if (received != 0) {
    double mean = rtt_sum / received;

    printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", rtt_min, mean, rtt_max,
           sqrt(fmax(0, rtt_squares / received - mean * mean)));
  }
}

int main(int count, char *words[]) {
  uint8_t mac[6];
  double start_ms;

  parse_options(count, words);
  catch_signals();
  lan_open(&lan);
  if (options.dhcp && !lan_dhcp(&lan, options.wait_ms)) {
    lan_close(&lan);
    if (lan_interrupted)
      return 1;
    lan_die("no DHCP server has answered within %g s", options.wait_ms / 1e3);
  }
  printf("PING %s (%s) %u(%u) bytes of data.\n", target_name(), target_name(), options.size,
         options.size + IP_HEADER + ICMP_HEADER);
  fflush(stdout);
  start_ms = lan_now_ms();
  if (!find_target(mac)) {
    printf("From %s: no answer to ARP for %.1f s\n", target_name(),
           (lan_now_ms() - start_ms) / 1e3);
    lan_close(&lan);
    return 1;
  }
  start_ms = lan_now_ms();
  ping(mac);
  print_summary(lan_now_ms() - start_ms);
  lan_close(&lan);
  if (fflush(stdout) != 0 || ferror(stdout) != 0)
    lan_die("what was to be printed could not be written");
  return sent == options.count && received == sent && wrong == 0 ? 0 : 1;
}
