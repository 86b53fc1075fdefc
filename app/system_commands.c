/* The console's commands for the machine: its log, its time, its end. */
#include <inttypes.h>
#include <string.h>

#include "board.h"
#include "console.h"
#include "log.h"
#include "lwip_timers.h"
#include "port.h"
#include "watchdog.h"

static void print_tail(void) {
  uint32_t position = log_tail_start();
  char part[64];
  size_t length;

  while ((length = log_tail_read(&position, part, sizeof part)) > 0)
    console_print("%.*s", (int)length, part);
}

static enum console_result log_command(unsigned words, char *word[]) {
  enum log_level level;

  if (words == 1) {
    console_print("level %s\r\n", log_level_name(log_level_of(NULL)));
    return CONSOLE_DONE;
  }
  if (words == 2 && strcmp(word[1], "tail") == 0) {
    print_tail();
    return CONSOLE_DONE;
  }
  if (words > 3 || !log_level_parse(word[words - 1], &level))
    return CONSOLE_USAGE;
  if (log_set_level(words == 3 ? word[1] : NULL, level))
    return CONSOLE_DONE;
  console_print("%s: too long, or too many modules have a level of their own\r\n", word[1]);
  return CONSOLE_REFUSED;
}

static enum console_result uptime(unsigned words, char *word[]) {
  uint64_t now_ms = port_clock_us() / 1000;
  uint32_t seconds = (uint32_t)(now_ms / 1000);

  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  console_print("up %" PRIu32 ".%03u s\r\n", seconds, (unsigned)(now_ms % 1000));
  return CONSOLE_DONE;
}

/* How late the main loop came to what was due. */
static enum console_result lateness(unsigned words, char *word[]) {
  if (words > 2 || (words == 2 && strcmp(word[1], "-z") != 0))
    return CONSOLE_USAGE;
  console_print("timers   %" PRIu32 " runs, at most %" PRIu32 " ms late\r\n",
                lwip_timers_report.runs, lwip_timers_report.late_most_ms);
  console_print("console  %" PRIu32 " lines, answered within %" PRIu32 ".%03" PRIu32 " ms\r\n",
                console_report.lines, console_report.late_most_us / 1000,
                console_report.late_most_us % 1000);
  if (words == 2) {
    lwip_timers_report = (struct lwip_timers_report){0};
    console_report = (struct console_report){0};
  }
  return CONSOLE_DONE;
}

/* The main loop does nothing for a while, as under a slow application; interrupts are taken. */
static enum console_result stall(unsigned words, char *word[]) {
  unsigned long duration;
  uint64_t until;

  if (words != 2 || !console_number(word[1], 1, 60000, &duration))
    return CONSOLE_USAGE;
  console_print("the main loop stops for %lu ms\r\n", duration);
  until = port_clock_us() + UINT64_C(1000) * duration;
  while (port_clock_us() < until) {
  }
  return CONSOLE_DONE;
}

static int overflow_stack(unsigned depth) {
  volatile char frame[256];

  frame[depth % sizeof frame] = 1;
  return depth == 0 ? frame[0] : overflow_stack(depth - 1) + frame[depth % sizeof frame];
}

static enum console_result crash(unsigned words, char *word[]) {
  if (words != 2)
    return CONSOLE_USAGE;
  if (strcmp(word[1], "bus") == 0)
    mmio_write(UINT32_C(0x50000000), 1);
  else if (strcmp(word[1], "undefined") == 0)
    __builtin_trap();
  else if (strcmp(word[1], "stack") == 0)
    (void)overflow_stack(1000);
  else
    return CONSOLE_USAGE;
  return CONSOLE_DONE;
}

static enum console_result reboot(unsigned words, char *word[]) {
  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  console_print("rebooting\r\n");
  watchdog_forget();
  port_reset();
}

static enum console_result leave(unsigned words, char *word[]) {
  unsigned long status = 0;

  if (words > 2 || (words == 2 && !console_number(word[1], 0, 255, &status)))
    return CONSOLE_USAGE;
  watchdog_forget(); /* it may be a reboot */
  port_exit((int)status);
}

const struct console_command system_commands[] = {
    {"log", "[[MODULE] error|warning|info|debug | tail]", "the log's level, or its last lines",
     log_command, false, NULL},
    {"uptime", "", "time since start-up", uptime, false, NULL},
    {"lateness", "[-z]", "of timers and answers, at most; -z clears it", lateness, false, NULL},
    {"stall", "MS", "stops the main loop, 1 to 60000 ms", stall, false, NULL},
    {"crash", "bus|undefined|stack", "tries the fault report", crash, false, NULL},
    {"reboot", "", "starts anew", reboot, false, NULL},
    {"exit", "[STATUS]", "ends a run in an emulator, or reboots", leave, false, NULL},
    {.name = NULL},
};
