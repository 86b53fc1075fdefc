/* Timer sources: deadlines on the one hardware timer, whose interrupt posts an event. */
#include "timer_source.h"

#include <stddef.h>

#include "port.h"

static struct timer_source *first; /* the armed source that is due first */

static void unlink_source(struct timer_source *source) {
  struct timer_source **link = &first;

  while (*link != source)
    link = &(*link)->next;
  *link = source->next;
  source->next = NULL;
  source->armed = false;
}

/* Arms the timer for the first source. Interrupts masked. */
static void arm_hardware(void) {
  uint64_t now = port_clock_us();
  uint64_t delay;

  if (first == NULL) {
    port_timer_stop();
    return;
  }
  delay = first->deadline_us > now ? first->deadline_us - now : 0;
  port_timer_arm(delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay);
}

void timer_source_wake_at(struct timer_source *source, uint64_t deadline_us) {
  uint32_t state = port_irq_save();
  struct timer_source *was_first = first;
  struct timer_source **link = &first;

  if (source->armed)
    unlink_source(source);
  while (*link != NULL && (*link)->deadline_us <= deadline_us)
    link = &(*link)->next;
  source->deadline_us = deadline_us;
  source->next = *link;
  source->armed = true;
  *link = source;
  if (first == source || first != was_first)
    arm_hardware();
  port_irq_restore(state);
}

void timer_source_cancel(struct timer_source *source) {
  uint32_t state = port_irq_save();

  if (source->armed) {
    bool was_first = first == source;

    unlink_source(source);
    if (was_first)
      arm_hardware();
  }
  port_irq_restore(state);
}

void timer_source_interrupt(void) {
  uint32_t state = port_irq_save();
  uint64_t now = port_clock_us();

  /* `now` is read once: a source that re-arms itself for the past fires in the next interrupt. */
  while (first != NULL && first->deadline_us <= now) {
    struct timer_source *due = first;

    unlink_source(due);
    if (due->event != NULL)
      dispatch_post(due->event);
    if (due->interrupt != NULL)
      due->interrupt(due->context);
  }
  arm_hardware();
  port_irq_restore(state);
}

uint32_t timer_source_left_ms(const struct timer_source *source) {
  uint32_t state = port_irq_save();
  uint64_t now = port_clock_us();
  uint64_t left_ms = source->deadline_us > now ? (source->deadline_us - now) / 1000 : 0;
  bool armed = source->armed;

  port_irq_restore(state);
  return !armed || left_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)left_ms;
}

unsigned timer_source_armed(void) {
  uint32_t state = port_irq_save();
  unsigned count = 0;

  for (struct timer_source *source = first; source != NULL; source = source->next)
    count++;
  port_irq_restore(state);
  return count;
}
