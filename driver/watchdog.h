/* The watchdog: feeds the board's only while everything that has to make progress does so.
 *
 * A subject is something that may get stuck: a NIC's reception or transmission, the timers, the
 * console. A timer of the watchdog's own posts an event WATCHDOG_LOOKS_PER_S times a second, which
 * looks at all of them. One that has been neither idle nor moving for WATCHDOG_LOOKS_MAX looks in a
 * row keeps the board's watchdog from being fed; a main loop that is stuck keeps the looks
 * themselves from happening. The board is then reset, and finds the reason in memory that no start
 * clears. */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"
#include "registry.h"

enum {
  WATCHDOG_LOOKS_PER_S = 2,
  WATCHDOG_LOOKS_MAX = 8, /* without a subject's progress: 4 s, more than NIC_TX_TIMEOUT_MS */
  WATCHDOG_FEED_TIMEOUT_MS = 8000, /* of the board's: how long the main loop may be stuck */
};

struct watchdog_subject;

/* A kind of subject. */
struct watchdog_kind {
  const char *name; /* "tx" */
  /* True if the subject is idle, or has moved since the last call. Main loop. */
  bool (*moves)(struct watchdog_subject *subject);
};

/* What has to make progress. */
struct watchdog_subject {
  const struct watchdog_kind *kind;
  const struct nic_device *device; /* whose it is; NULL: no device's */
  struct watchdog_subject *next;
  uint32_t moved; /* for the kind: the count of its progress at the last look */
  uint8_t still;  /* looks in a row that have found it neither idle nor moved */
};

/* Starts the board's watchdog, which nothing stops from then on, and logs the reason if it was the
 * watchdog that reset the board. Looks are actions of `queue`. Returns 0, or -ENOSPC, with nothing
 * started, if that is full. Main loop, once, early. */
int watchdog_start(struct dispatch_queue *queue);

/* Looks at `subject`, too, from now on: one of `kind`, of `device` or of no device (NULL). Main
 * loop. */
void watchdog_add(struct watchdog_subject *subject, const struct watchdog_kind *kind,
                  const struct nic_device *device);

/* Makes the next start of the board count as a wanted one. Main loop, before port_reset(). */
void watchdog_forget(void);

/* What was stuck when the watchdog reset the board, such as "tx of emac0", and in `*seconds` for
 * how long; NULL if the last reset was not the watchdog's. Main loop. */
const char *watchdog_reason(unsigned *seconds);

/* The first of the subjects, for listing them; NULL: there is none. Main loop. */
const struct watchdog_subject *watchdog_subjects(void);

#endif
