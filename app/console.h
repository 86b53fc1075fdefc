/* The console: a line of words is a command, and a command is one function.
 *
 * Commands come from the serial line, where one that takes its time (a ping) is a job that is
 * waited for, and from the control page, which may run those marked `remote`. */
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
  CONSOLE_REFUSED, /* it could not be done, and the reason was printed */
};

struct console_command {
  const char *name;  /* one word or two: "nic install" */
  const char *usage; /* of its arguments */
  const char *help;
  /* Runs it; word[0] is the last word of its name. */
  enum console_result (*run)(unsigned words, char *word[]);
  bool remote; /* the control page may run it, too */
  /* Word number `index` of those that an argument may be, besides the words of `usage` and the
   * interfaces' names; "": no word at this number, NULL: beyond the last. May be NULL. */
  const char *(*argument)(unsigned index);
};

/* The commands of each file; a table ends with a NULL name. */
extern const struct console_command nic_commands[], sim_commands[], ifconfig_commands[],
    net_commands[], ping_commands[], ioreg_commands[], watchdog_commands[], system_commands[];

/* Prints on the console, or into the answer to a remote command; at most 127 bytes. Main loop. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "done", or, for an error of the kit (a negative errno), that `what` is refused, and
 * why. */
enum console_result console_tell(const char *what, int error);

/* The entry of interface `name`; if there is none, prints so and returns NULL. */
struct registry_entry *console_interface(const char *name);

/* Reads a whole decimal number from `least` to `most`; false, with `*number` unchanged, if `text`
 * is not one. */
bool console_number(const char *text, unsigned long least, unsigned long most,
                    unsigned long *number);

/* Reads an address; an IPv4 one must have all four numbers. */
bool console_address(const char *text, ip_addr_t *address);

/* ---- jobs: commands of the serial console that go on after their function has returned ---- */

/* Makes the running command a job: the next line waits until console_job_end(). Ctrl-C drops the
 * lines that wait and calls `cancel`, which has to end the job. */
void console_job_start(void (*cancel)(void));

/* The job is over: the prompt comes back. Main loop. */
void console_job_end(void);

/* ---- where lines come from ---- */

/* Runs a line that does not come from the serial console: at most `size` - 1 bytes of its output go
 * to `answer`, without a newline at the end, and with "..." if that is not all. A command that is
 * not `remote` is refused. `line` is cut into words. Main loop. */
enum console_result console_run_remote(char *line, char *answer, size_t size);

/* Starts the console: takes in what is typed by an event of `dispatch`, and prints log lines around
 * the line that is being typed. Main loop, once. */
void console_start(struct dispatch_queue *dispatch);

/* The console as a subject of the watchdog, of no device: it is idle while nothing that was typed
 * waits, or what waits is a line behind a job. */
extern const struct watchdog_kind console_progress;

/* How lines typed at the serial console were answered, since the start or since it was cleared. */
struct console_report {
  uint32_t lines;
  uint32_t late_most_us; /* the longest time from a line's end to the end of its command */
};
extern struct console_report console_report;

#endif
