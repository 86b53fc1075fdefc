/* The console: a line of words is a command, and a command is one function.
 *
 * Commands come from the serial line, where what takes its time (a ping) is a job that is waited
 * for, and from the control page, whose commands are those marked as `remote`. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/ip_addr.h"
#include "registry.h"
#include "watchdog.h"

enum console_result {
  CONSOLE_DONE,
  CONSOLE_USAGE,   /* the arguments are wrong: nothing was changed or printed */
  CONSOLE_REFUSED, /* it was not possible, and the reason is printed */
};

struct console_command {
  const char *name;  /* one word or two: "nic install" */
  const char *usage; /* of its arguments */
  const char *help;
  /* Runs it; word[0] is the last word of its name. */
  enum console_result (*run)(unsigned words, char *word[]);
  bool remote; /* the control page may run it, too */
  /* The name number `index` of those that may stand as an argument, besides the words of `usage`
   * and the interfaces' names; "" is none, NULL behind the last. May be NULL. */
  const char *(*argument)(unsigned index);
};

/* The commands of a file; the table ends with a NULL name. */
extern const struct console_command nic_commands[], sim_commands[], ifconfig_commands[],
    net_commands[], ping_commands[], ioreg_commands[], watchdog_commands[], system_commands[];

/* Prints on the console, or into the answer of a remote command; at most 127 bytes. Main loop. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "done", or what is refused and why, for an error of the kit's (0 or a negative errno). */
enum console_result console_tell(const char *what, int error);

/* The entry of interface `name`; where there is none, that is printed and NULL returned. */
struct registry_entry *console_interface(const char *name);

/* Reads a whole decimal number within `least` and `most`; false, with `*number` as it was, where
 * `text` is none. */
bool console_number(const char *text, unsigned long least, unsigned long most,
                    unsigned long *number);

/* Reads an address; an IPv4 one has to have all its four numbers. */
bool console_address(const char *text, ip_addr_t *address);

/* ---- jobs: commands of the serial console that go on after their function has returned ---- */

/* The command that runs now becomes a job: the next line waits until console_job_end(). `cancel` is
 * called when Ctrl-C is typed, which drops the lines that wait, and has to end it. */
void console_job_start(void (*cancel)(void));

/* The job is over: the prompt comes back. Main loop. */
void console_job_end(void);

/* ---- where lines come from ---- */

/* Runs a line for somebody who is not at the serial console: at most `size` - 1 bytes of what it
 * says go to `answer`, without an end of line at its end, and with "..." where that is not all. A
 * command that is not for that is refused. `line` is cut into words. Main loop. */
enum console_result console_run_remote(char *line, char *answer, size_t size);

/* Says that the console is there, has what is typed taken in by an event of `dispatch`, and lets
 * log lines pass by the line that is being typed. Main loop, once. */
void console_start(struct dispatch_queue *dispatch);

/* The console as a subject of the watchdog, of no device: it is idle while nothing that was typed
 * waits, or what waits is a line behind a job. */
extern const struct watchdog_kind console_progress;

/* How lines typed at the serial console are answered, since the start or since it was cleared. */
struct console_report {
  uint32_t lines;
  uint32_t late_most_us; /* the most from a line's end to the end of its command */
};
extern struct console_report console_report;

#endif
