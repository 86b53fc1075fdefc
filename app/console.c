/* The serial console: a line of words is a command. */
#include "console.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "log.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/stats.h"
#include "nic_commands.h"
#include "port.h"

enum {
  LINE_BYTES = 80,
  WORDS_MAX = 8,
};

void console_print(const char *format, ...) {
  char text[128];
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  port_console_write(text, length < (int)sizeof text ? (size_t)length : sizeof text - 1);
}

/* ---- commands ---- */

static bool memory(unsigned words, char *word[]) {
  (void)word;
  if (words != 1)
    return false;
  console_print("heap used %u, most %u, of %u, refused %" PRIu32 "\r\n",
                (unsigned)lwip_stats.mem.used, (unsigned)lwip_stats.mem.max,
                (unsigned)lwip_stats.mem.avail, (uint32_t)lwip_stats.mem.err);
  for (unsigned i = 0; i < MEMP_MAX; i++) {
    const struct stats_mem *s = lwip_stats.memp[i];

    if (s->max != 0)
      console_print("pool %u used %u, most %u, of %u, refused %" PRIu32 "\r\n", i,
                    (unsigned)s->used, (unsigned)s->max, (unsigned)s->avail, (uint32_t)s->err);
  }
  return true;
}

/* What lwIP counts of each protocol; its drops are those that no NIC counts. */
static bool protocols(unsigned words, char *word[]) {
  static const struct {
    const char *name;
    const struct stats_proto *stats;
  } all[] = {
      {"arp", &lwip_stats.etharp},  {"ip", &lwip_stats.ip},   {"icmp", &lwip_stats.icmp},
      {"udp", &lwip_stats.udp},     {"tcp", &lwip_stats.tcp}, {"ip6", &lwip_stats.ip6},
      {"icmp6", &lwip_stats.icmp6}, {"nd6", &lwip_stats.nd6},
  };

  (void)word;
  if (words != 1)
    return false;
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    const struct stats_proto *s = all[i].stats;

    console_print("%-6s received %lu, sent %lu, dropped %lu, bad checksum %lu\r\n", all[i].name,
                  (unsigned long)s->recv, (unsigned long)s->xmit, (unsigned long)s->drop,
                  (unsigned long)s->chkerr);
  }
  return true;
}

static bool log_levels(unsigned words, char *word[]) {
  enum log_level level;

  if (words == 1) {
    console_print("level %s\r\n", log_level_name(log_level_of(NULL)));
    return true;
  }
  if (words > 3 || !log_level_parse(word[words - 1], &level))
    return false;
  return log_set_level(words == 3 ? word[1] : NULL, level);
}

static bool uptime(unsigned words, char *word[]) {
  uint32_t now = port_clock_ms();

  (void)word;
  if (words != 1)
    return false;
  console_print("up %" PRIu32 ".%03" PRIu32 " s\r\n", now / 1000, now % 1000);
  return true;
}

bool console_number(const char *text, unsigned long least, unsigned long most,
                    unsigned long *number) {
  char *end;

  *number = strtoul(text, &end, 10);
  return *text >= '0' && *text <= '9' && *end == '\0' && *number >= least && *number <= most;
}

/* The main loop does nothing for a while, as under a slow application; interrupts are taken. */
static bool stall(unsigned words, char *word[]) {
  unsigned long duration;
  uint64_t until;

  if (words != 2 || !console_number(word[1], 1, 60000, &duration))
    return false;
  console_print("the main loop stops for %lu ms\r\n", duration);
  until = port_clock_us() + UINT64_C(1000) * duration;
  while (port_clock_us() < until) {
  }
  return true;
}

static int overflow_stack(unsigned depth) {
  volatile char frame[256];

  frame[depth % sizeof frame] = 1;
  return depth == 0 ? frame[0] : overflow_stack(depth - 1) + frame[depth % sizeof frame];
}

static bool crash(unsigned words, char *word[]) {
  if (words != 2)
    return false;
  if (strcmp(word[1], "bus") == 0)
    mmio_write(UINT32_C(0x50000000), 1);
  else if (strcmp(word[1], "undefined") == 0)
    __builtin_trap();
  else if (strcmp(word[1], "stack") == 0)
    (void)overflow_stack(1000);
  else
    return false;
  return true;
}

static bool leave(unsigned words, char *word[]) {
  unsigned long status = 0;

  if (words > 2 || (words == 2 && !console_number(word[1], 0, 255, &status)))
    return false;
  port_exit((int)status);
}

static bool help(unsigned words, char *word[]);

static const struct console_command commands[] = {
    {"help", "", "this list", help},
    {"proto", "", "what the stack counts of each protocol", protocols},
    {"mem", "", "lwIP's heap and pools", memory},
    {"log", "[[MODULE] error|warning|info|debug]", "the log's level", log_levels},
    {"uptime", "", "time since start-up", uptime},
    {"stall", "MS", "stops the main loop, 1 to 60000 ms", stall},
    {"crash", "bus|undefined|stack", "tries the fault report", crash},
    {"exit", "[STATUS]", "ends the run, where an emulator listens (-semihosting)", leave},
};

/* Of any length, which console_print() is not. */
static void print_usage(const char *prefix, const struct console_command *command) {
  console_print("%s%s ", prefix, command->name);
  port_console_write(command->usage, strlen(command->usage));
  console_print("\r\n");
}

/* The commands of all files, in the order of the help. */
static const struct {
  const struct console_command *commands;
  unsigned count;
} tables[] = {
    {nic_commands, NIC_COMMANDS},
    {commands, sizeof commands / sizeof *commands},
};
enum { TABLES = sizeof tables / sizeof *tables };

static bool help(unsigned words, char *word[]) {
  (void)word;
  if (words != 1)
    return false;
  for (unsigned t = 0; t < TABLES; t++) {
    for (unsigned i = 0; i < tables[t].count; i++) {
      const struct console_command *command = &tables[t].commands[i];

      print_usage("", command);
      console_print("        %s\r\n", command->help);
    }
  }
  return true;
}

/* ---- the line ---- */

static char line[LINE_BYTES];
static unsigned line_length;
static bool line_too_long;

/* Cuts `text` into words in place; returns how many, or WORDS_MAX + 1 where they are too many. */
static unsigned split(char *text, char *word[WORDS_MAX]) {
  unsigned words = 0;

  for (;;) {
    while (*text == ' ')
      *text++ = '\0';
    if (*text == '\0')
      return words;
    if (words == WORDS_MAX)
      return WORDS_MAX + 1;
    word[words++] = text;
    while (*text != ' ' && *text != '\0')
      text++;
  }
}

static void run_line(char *text) {
  char *word[WORDS_MAX];
  unsigned words = split(text, word);

  if (words > WORDS_MAX) {
    console_print("more than %d words\r\n", WORDS_MAX);
    return;
  }
  if (words == 0)
    return;
  for (unsigned t = 0; t < TABLES; t++) {
    for (unsigned i = 0; i < tables[t].count; i++) {
      const struct console_command *command = &tables[t].commands[i];

      if (strcmp(word[0], command->name) != 0)
        continue;
      if (!command->run(words, word))
        print_usage("usage: ", command);
      return;
    }
  }
  console_print("%s: no such command; try help\r\n", word[0]);
}

static void take(char byte) {
  if (byte == '\r' || byte == '\n') {
    console_print("\r\n");
    line[line_length] = '\0';
    if (line_too_long)
      console_print("more than %d characters\r\n", LINE_BYTES - 1);
    else
      run_line(line);
    line_length = 0;
    line_too_long = false;
  } else if (byte == '\b' || byte == 0x7f) {
    if (line_length > 0) {
      line_length--;
      console_print("\b \b");
    }
  } else if (byte >= ' ' && byte <= '~') {
    if (line_length == LINE_BYTES - 1) {
      line_too_long = true;
      return;
    }
    line[line_length++] = byte;
    console_print("%c", byte);
  }
}

void console_poll(void) {
  int byte;

  for (unsigned i = 0; i < LINE_BYTES && (byte = port_console_read()) >= 0; i++)
    take((char)byte);
}

void console_start(void) { console_print("type help for the console's commands\r\n"); }
