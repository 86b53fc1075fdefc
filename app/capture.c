/* The console's packet tap: an interface's frames go to the second UART or to a semihosting file.
 */
#include "capture.h"

#include <inttypes.h>
#include <string.h>

#include "pcap.h"
#include "port.h"
#include "registry.h"

enum { SNAPLEN_DEFAULT = 128 };

static struct pcap_tap tap;
static int file = -1; /* the open file, or -1: the second UART */

static void write_file(const void *data, size_t length) { port_file_write(file, data, length); }

static void stop(void) {
  pcap_stop(&tap);
  if (file >= 0)
    port_file_close(file);
  file = -1;
}

void capture_forget(const struct nic *nic) {
  if (tap.nic == nic)
    stop();
}

/* Reads a filter from the `words` left; false where they make none. */
static bool parse_filter(struct pcap_filter *filter, unsigned words, char *word[]) {
  static const struct {
    const char *name;
    enum pcap_kind kind;
    bool has_port;
  } kinds[] = {
      {"arp", PCAP_ARP, false},
      {"icmp", PCAP_ICMP, false},
      {"tcp", PCAP_TCP, true},
      {"udp", PCAP_UDP, true},
  };
  unsigned long port = 0;

  *filter = (struct pcap_filter){.kind = PCAP_ALL};
  if (words == 0)
    return true;
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(word[0], kinds[i].name) != 0)
      continue;
    if (words > 2 ||
        (words == 2 && (!kinds[i].has_port || !console_number(word[1], 1, UINT16_MAX, &port))))
      return false;
    *filter = (struct pcap_filter){.kind = kinds[i].kind, .port = (uint16_t)port};
    return true;
  }
  return false;
}

static enum console_result start(struct nic *nic, unsigned words, char *word[]) {
  const char *file_name = NULL;
  unsigned long snaplen = SNAPLEN_DEFAULT;
  struct pcap_filter filter;
  int error;

  if (words >= 2 && strcmp(word[0], "file") == 0) {
    file_name = word[1];
    words -= 2;
    word += 2;
  }
  if (words >= 1 && console_number(word[0], PCAP_SNAPLEN_MIN, PCAP_SNAPLEN_MAX, &snaplen)) {
    words--;
    word++;
  }
  if (!parse_filter(&filter, words, word))
    return CONSOLE_USAGE;
  if (tap.nic != NULL) {
    console_print("a capture is on already: pcap NAME stop ends it\r\n");
    return CONSOLE_REFUSED;
  }
  if (file_name != NULL) {
    file = port_file_create(file_name);
    if (file < 0) {
      console_print("%s: no such file can be made; it needs qemu -semihosting\r\n", file_name);
      return CONSOLE_REFUSED;
    }
  }
  if (file < 0 && !port_capture_present()) {
    console_print(
        "no second UART (qemu -serial ... -serial file:NAME); or pcap NAME start file\r\n");
    return CONSOLE_REFUSED;
  }
  error = pcap_start(&tap, nic, (uint16_t)snaplen, &filter,
                     file >= 0 ? write_file : port_capture_write);
  if (error != 0)
    return console_tell("pcap", error);
  console_print("capturing\r\n");
  return CONSOLE_DONE;
}

enum console_result capture_command(unsigned words, char *word[]) {
  struct registry_entry *entry;

  if (words < 3)
    return CONSOLE_USAGE;
  entry = console_interface(word[1]);
  if (entry == NULL)
    return CONSOLE_REFUSED;
  if (strcmp(word[2], "start") == 0)
    return start(entry->device->nic, words - 3, word + 3);
  if (strcmp(word[2], "stop") != 0 || words != 3)
    return CONSOLE_USAGE;
  if (tap.nic != entry->device->nic) {
    console_print("%s: no capture is on\r\n", word[1]);
    return CONSOLE_REFUSED;
  }
  stop();
  console_print("%" PRIu32 " frames captured, %" PRIu32 " passed by\r\n", tap.captured, tap.passed);
  return CONSOLE_DONE;
}
