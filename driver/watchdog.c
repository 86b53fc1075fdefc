/* The watchdog: feeds the board's only while everything that has to make progress does so. */
#include "watchdog.h"

#include <stddef.h>
#include <string.h>

#include "log.h"
#include "port.h"
#include "timer_source.h"

enum {
  LOOK_US = 1000000 / WATCHDOG_LOOKS_PER_S,
  STILL_S = WATCHDOG_LOOKS_MAX / WATCHDOG_LOOKS_PER_S,
  SUBJECT_BYTES = 20,
};

/* What the next start finds. At power-on it is garbage, which `check` reveals. */
static struct record {
  uint32_t state;   /* the magic numbers below */
  uint32_t seconds; /* how long it had been stuck */
  char subject[SUBJECT_BYTES];
  uint32_t check;
} record PORT_KEPT_OVER_RESET;

#define STATE_RUNS  UINT32_C(0x57440001) /* nothing is stuck */
#define STATE_STUCK UINT32_C(0x57440002) /* `subject` is, and the watchdog will bite */

static struct watchdog_subject *first;
static struct dispatch_source look_event;
static struct timer_source look_timer = {.event = &look_event};
static char reason[SUBJECT_BYTES]; /* what was stuck; "": the last reset was not the watchdog's */
static unsigned reason_seconds;

/* ---- what is kept over a reset ---- */

/* An FNV-1a hash of all before `check`, which memory at power-on will not have by chance. */
static uint32_t sum_of(const struct record *of) {
  const uint8_t *byte = (const uint8_t *)of;
  uint32_t sum = UINT32_C(0x811c9dc5);

  for (size_t i = 0; i < offsetof(struct record, check); i++)
    sum = (sum ^ byte[i]) * UINT32_C(0x01000193);
  return sum;
}

/* Adds as much of `text` as fits behind the `used` bytes of the subject; returns the bytes now in
 * use. */
static size_t add_text(size_t used, const char *text) {
  while (*text != '\0' && used < sizeof record.subject - 1)
    record.subject[used++] = *text++;
  return used;
}

/* Main loop, or the interrupt of the board's watchdog: so it calls no library. */
static void write_record(uint32_t state, const char *name, const struct nic_device *device,
                         uint32_t seconds) {
  size_t used = add_text(0, name);

  if (device != NULL)
    used = add_text(add_text(used, " of "), device->name);
  memset(record.subject + used, 0, sizeof record.subject - used);
  record.state = state;
  record.seconds = seconds;
  record.check = sum_of(&record);
  dma_clean(&record, sizeof record); /* a reset loses what is only in the cache */
}

/* Logs what the run before this one has left. */
static void read_record(void) {
  bool valid = record.check == sum_of(&record);

  reason[0] = '\0';
  if (valid && record.state == STATE_STUCK) {
    memcpy(reason, record.subject, sizeof reason);
    reason_seconds = record.seconds;
    log_warning("watchdog", "reset: %s made no progress for %u s", reason, reason_seconds);
  } else if (valid && record.state == STATE_RUNS) {
    log_info("watchdog",
             "reset from outside, by a fault or with interrupts masked: nothing else was stuck");
  }
}

/* ---- the looks ---- */

/* The subject that has been still for too long; the first one where there are several. */
static const struct watchdog_subject *look_at_all(void) {
  const struct watchdog_subject *stuck = NULL;

  for (struct watchdog_subject *subject = first; subject != NULL; subject = subject->next) {
    if (subject->kind->moves(subject))
      subject->still = 0;
    else if (subject->still < WATCHDOG_LOOKS_MAX)
      subject->still++;
    if (stuck == NULL && subject->still >= WATCHDOG_LOOKS_MAX)
      stuck = subject;
  }
  return stuck;
}

/* A subject that moves again before the board's watchdog bites has escaped. */
static void look(void *context) {
  const struct watchdog_subject *stuck = look_at_all();

  (void)context;
  if (stuck == NULL) {
    if (record.state != STATE_RUNS)
      write_record(STATE_RUNS, "", NULL, 0);
    port_watchdog_feed();
  } else if (record.state == STATE_RUNS) {
    write_record(STATE_STUCK, stuck->kind->name, stuck->device, STILL_S);
    log_error("watchdog", "%s made no progress for %u s: not fed any more", record.subject,
              (unsigned)record.seconds);
  }
  timer_source_wake_at(&look_timer, port_clock_us() + LOOK_US);
}

/* The board's watchdog is about to reset the board: if no subject is stuck, the main loop is. */
static void bite(void) {
  if (record.state == STATE_RUNS)
    write_record(STATE_STUCK, "main loop", NULL, WATCHDOG_FEED_TIMEOUT_MS / 1000);
}

int watchdog_start(struct dispatch_queue *queue) {
  int error = dispatch_add(queue, &look_event, look, NULL);

  if (error != 0)
    return error;
  first = NULL;
  read_record();
  write_record(STATE_RUNS, "", NULL, 0);
  port_watchdog_start(WATCHDOG_FEED_TIMEOUT_MS, bite);
  timer_source_wake_at(&look_timer, port_clock_us() + LOOK_US);
  return 0;
}

void watchdog_add(struct watchdog_subject *subject, const struct watchdog_kind *kind,
                  const struct nic_device *device) {
  *subject = (struct watchdog_subject){.kind = kind, .device = device, .next = first};
  first = subject;
}

void watchdog_forget(void) {
  record.check = ~sum_of(&record);
  dma_clean(&record, sizeof record);
}

const char *watchdog_reason(unsigned *seconds) {
  *seconds = reason_seconds;
  return reason[0] != '\0' ? reason : NULL;
}

const struct watchdog_subject *watchdog_subjects(void) { return first; }
