/* The console's commands for the watchdog: what it sees, and ways to make something stuck for
 * it. */
#include <string.h>

#include "console.h"
#include "datapath.h"
#include "lwip/timeouts.h"
#include "port.h"
#include "watchdog.h"

static enum console_result show(unsigned words, char *word[]) {
  unsigned seconds;
  const char *reason = watchdog_reason(&seconds);

  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  console_print("%s, fed within %u s\r\n", port_watchdog.name, WATCHDOG_FEED_TIMEOUT_MS / 1000);
  if (reason != NULL)
    console_print("last reset: %s made no progress for %u s\r\n", reason, seconds);
  for (const struct watchdog_subject *subject = watchdog_subjects(); subject != NULL;
       subject = subject->next)
    console_print("%s%s%s: %s, %u of %u looks\r\n", subject->kind->name,
                  subject->device != NULL ? " of " : "",
                  subject->device != NULL ? subject->device->name : "",
                  subject->still == 0 ? "moves" : "still", subject->still, WATCHDOG_LOOKS_MAX);
  return CONSOLE_DONE;
}

/* ---- wedges: each makes one subject stuck, for good ---- */

enum { NEVER_MS = 24 * 3600 * 1000 };

static bool refuse(struct nic *nic, struct pbuf *packet) {
  (void)nic;
  (void)packet;
  return false;
}

/* True if all interfaces are driven by their drivers' own functions: a capture's depend on their
 * place in memory, so a wedge cannot copy them, and it has room for one NIC. */
static bool drivers_alone(void) {
  const struct registry_entry *entry;

  for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
    if (entry->state == REGISTRY_ACTIVATED && entry->device->nic->ops != entry->driver->ops) {
      console_print("a capture is on, or an interface is stuck already\r\n");
      return false;
    }
  }
  return true;
}

/* The device no longer takes what it is given, as after an unseen fault: the receive ring runs dry,
 * or what is to be sent waits for ever. */
static bool wedge_nic(const char *name, bool rx) {
  static struct nic_ops wedged;
  struct registry_entry *entry = console_interface(name);

  if (entry == NULL || !drivers_alone())
    return false;
  wedged = *entry->device->nic->ops;
  wedged.turn = datapath_run; /* the driver's own would call what it was compiled with */
  if (rx)
    wedged.rx_post = refuse;
  else
    wedged.tx_post = refuse;
  nic_set_ops(entry->device->nic, &wedged);
  return true;
}

/* The first of lwIP's timeouts is not due for a day, and those behind it wait. */
static void wedge_timers(void) { (*sys_timeouts_get_next_timeout())->time += NEVER_MS; }

/* The main loop never comes back; interrupts are taken, or not. */
_Noreturn static void wedge_loop(bool masked) {
  if (masked)
    (void)port_irq_save();
  for (;;)
    port_sleep();
}

/* An interrupt that never ends: the console's, at what is typed next. */
static void never_end(void) {
  for (;;)
    (void)port_clock_ms();
}

/* True if the board's watchdog bites even while interrupts are masked, or while another interrupt
 * never ends. */
static bool bites(bool masked) {
  if (masked ? port_watchdog.bites_masked : port_watchdog.bites_in_interrupts)
    return true;
  console_print("the board's watchdog is an interrupt: it would not come\r\n");
  return false;
}

static enum console_result wedge(unsigned words, char *word[]) {
  const char *what = words >= 2 ? word[1] : "";
  bool rx = strcmp(what, "rx") == 0;

  if (rx || strcmp(what, "tx") == 0) {
    if (words > 3)
      return CONSOLE_USAGE;
    return wedge_nic(words == 3 ? word[2] : "en0", rx) ? console_tell(what, 0) : CONSOLE_REFUSED;
  }
  if (words != 2)
    return CONSOLE_USAGE;
  if (strcmp(what, "timers") == 0) {
    wedge_timers();
  } else if (strcmp(what, "console") == 0) {
    port_console_on_input(NULL); /* nobody is told of what is typed */
  } else if (strcmp(what, "loop") == 0) {
    wedge_loop(false);
  } else if (strcmp(what, "masked") == 0) {
    if (!bites(true))
      return CONSOLE_REFUSED;
    wedge_loop(true);
  } else if (strcmp(what, "interrupt") == 0) {
    if (!bites(false))
      return CONSOLE_REFUSED;
    port_console_on_input(never_end);
  } else {
    return CONSOLE_USAGE;
  }
  return console_tell(what, 0);
}

const struct console_command watchdog_commands[] = {
    {"watchdog", "", "what the watchdog sees, and why it last reset", show, false, NULL},
    {"wedge", "rx|tx|timers|console|loop|masked|interrupt [NAME]",
     "makes it stuck: the watchdog's turn", wedge, false, NULL},
    {.name = NULL},
};
