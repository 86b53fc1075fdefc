/* A node's port: the world's time with an offset, one timer, and interrupts at any hook. */
#include <string.h>

#include "log.h"
#include "node_parts.h"
#include "port.h"
#include "timer_source.h"

enum {
  LINES = 8,
  HANDLED_MAX = 10000, /* interrupts in a row that count as endless */
  CONSOLE_LINE = 200,
};

static uint32_t masked;
static uint32_t enabled, pending; /* a bit for each line */
static struct nic *nics[LINES];
static bool timer_armed;
static uint64_t timer_us; /* when it fires, in the world's time */

void node_port_start(void) {
  masked = enabled = pending = 0;
  timer_armed = false;
}

void node_port_connect(unsigned line, struct nic *nic) { nics[line] = nic; }

void node_port_hold(bool held) { masked = held; }

static bool timer_is_due(void) { return timer_armed && timer_us <= node.now_us; }

bool node_port_pending(void) { return (pending & enabled) != 0 || timer_is_due(); }

uint64_t node_port_next_us(void) {
  if (node_port_pending())
    return node.now_us;
  return timer_armed ? timer_us : UINT64_MAX;
}

void node_port_interrupts(void) {
  unsigned handled = 0;

  while (masked == 0 && node_port_pending()) {
    if (++handled == HANDLED_MAX)
      world_fail("node %u: its interrupts never end", node.config.id);
    masked = 1;
    node.report.interrupts++;
    if (timer_is_due()) {
      timer_armed = false;
      timer_source_interrupt();
    } else {
      unsigned line = (unsigned)__builtin_ctz(pending & enabled);

      pending &= ~(1u << line);
      nic_interrupt(nics[line]);
    }
    masked = 0;
  }
}

/* A moment passes: at its end an interrupt may come. */
static void hook(void) {
  if (masked != 0)
    return;
  if (node.weather.step_us != 0)
    node.now_us += dice_below(&node.time_dice, node.weather.step_us + 1);
  node_port_interrupts();
}

uint32_t port_irq_save(void) {
  uint32_t state = masked;

  masked = 1;
  return state;
}

void port_irq_restore(uint32_t state) {
  masked = state;
  hook();
}

void port_irq_enable(unsigned line) {
  enabled |= 1u << line;
  hook();
}

void port_irq_disable(unsigned line) { enabled &= ~(1u << line); }

void port_irq_pend(unsigned line) { pending |= 1u << line; }

void dma_publish(void) { hook(); }
void dma_observe(void) { hook(); }

void dma_clean(const void *start, size_t length) {
  (void)start;
  (void)length;
  hook();
}

void dma_invalidate(void *start, size_t length) {
  (void)start;
  (void)length;
  hook();
}

uint32_t mmio_read(uintptr_t address) {
  world_fail("node %u reads a register at %#lx", node.config.id, (unsigned long)address);
}

void mmio_write(uintptr_t address, uint32_t value) {
  world_fail("node %u writes %#x to a register at %#lx", node.config.id, value,
             (unsigned long)address);
}

/* ---- time ---- */

uint64_t port_clock_us(void) { return node.now_us + node.config.clock_us; }

uint32_t port_clock_ms(void) { return (uint32_t)(port_clock_us() / 1000); }

void port_timer_arm(uint32_t delay_us) {
  timer_armed = true;
  timer_us = node.now_us + delay_us;
  if (node.weather.timer_late_us == 0)
    return;
  if (delay_us > 1 && dice_chance(&node.time_dice, 20000)) /* like one that cannot hold the delay */
    timer_us = node.now_us + dice_below(&node.time_dice, delay_us);
  else
    timer_us += dice_below(&node.time_dice, node.weather.timer_late_us + 1);
}

void port_timer_stop(void) { timer_armed = false; }

void port_sleep(void) { world_fail("node %u: the kit does not sleep", node.config.id); }

/* ---- the rest ---- */

void port_console_write(const char *text, size_t length) {
  world_note("node %u %.*s", node.config.id, (int)(length < 2 ? 0 : length - 2), text);
}

void port_console_flush(void) {}

uint32_t port_entropy(void) { return (uint32_t)node.config.seed; }

/* lwIP's and the kit's assertions end here. */
void port_exit(int status) {
  char text[CONSOLE_LINE];
  uint32_t position = log_tail_start();
  size_t length = 0, more;

  do { /* the log's last line says which one */
    length = 0;
    while (length < sizeof text - 1 && (more = log_tail_read(&position, text + length, 1)) != 0 &&
           text[length] != '\n')
      length++;
    text[length] = '\0';
  } while (position != log_tail_end());
  world_fail("node %u exits with status %d: %s", node.config.id, status, text);
}
