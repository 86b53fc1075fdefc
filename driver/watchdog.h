/* The watchdog: the board's is fed only while everything that has to make progress does.
 *
 * A subject is what may get stuck: reception of a NIC, transmission, the timers, the console. All
 * are looked at by an event of a timer of the watchdog's own, WATCHDOG_LOOKS_PER_S times a second.
 * One that has neither been idle nor moved for WATCHDOG_LOOKS_MAX looks in a row keeps the board's
 * watchdog from being fed; a main loop that is stuck keeps the looks themselves from happening. The
 * board then starts anew, and the reason waits for it in memory that no start clears. */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"
#include "registry.h"

enum {
  WATCHDOG_LOOKS_PER_S = 2,
  WATCHDOG_LOOKS_MAX = 8, /* without progress, of a subject: 4 s, more than NIC_TX_TIMEOUT_MS */
  WATCHDOG_FEED_TIMEOUT_MS = 8000, /* of the board's watchdog: how long the main loop may be away */
};

struct watchdog_subject;

/* A kind of subject. */
struct watchdog_kind {
  const char *name; /* "tx" */
  /* True if it is idle, or has moved since the last call. Main loop. */
  bool (*moves)(struct watchdog_subject *subject);
};

/* What has to make progress. */
struct watchdog_subject {
  const struct watchdog_kind *kind;
  const struct nic_device *device; /* whose it is; NULL: there is one */
  struct watchdog_subject *next;
  uint32_t moved; /* for the kind: what has counted its progress, at the last look */
  uint8_t still;  /* looks in a row that have found it neither idle nor moved */
};

/* Starts the board's watchdog, which nothing stops from then on, and logs the reason where it was
 * it that has started the board. Looks happen in `queue`. Returns 0, or -ENOSPC, with nothing
 * started, where that is full. Main loop, once, early. */
int watchdog_start(struct dispatch_queue *queue);

/* Looks at `subject`, too, from now on: one of `kind`, of `device` or of none (NULL). Main loop. */
void watchdog_add(struct watchdog_subject *subject, const struct watchdog_kind *kind,
                  const struct nic_device *device);

/* Has the next start of the board taken for a wanted one. Main loop, before port_reset(). */
void watchdog_forget(void);

/* What was stuck when the watchdog started the board, such as "tx of emac0", and for how long into
 * `*seconds`; NULL where it was not it. Main loop. */
const char *watchdog_reason(unsigned *seconds);

/* The first of the subjects, for who lists them; NULL: there is none. Main loop. */
const struct watchdog_subject *watchdog_subjects(void);

#endif
