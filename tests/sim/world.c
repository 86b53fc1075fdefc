/* The world that the nodes share: flows, the pattern of all data, and the verdict. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "scenario.h"
#include "world_state.h"

enum { PATTERN_TAIL = 8192 };

struct world_state world_state;
struct world_flow world_flows[WORLD_FLOWS];
const uint8_t *world_pattern;

static uint32_t last_flow;
static char *failure;
static unsigned failure_size;

void world_start(void) {
  static uint8_t pattern[WORLD_PATTERN_BYTES + PATTERN_TAIL];
  struct dice dice = dice_of(1, 0);

  for (unsigned i = 0; i < WORLD_PATTERN_BYTES; i++)
    pattern[i] = (uint8_t)dice_next(&dice);
  memcpy(pattern + WORLD_PATTERN_BYTES, pattern, PATTERN_TAIL);
  world_pattern = pattern;
}

/* ---- flows ---- */

struct world_flow *world_flow(uint32_t id) {
  for (unsigned i = 0; i < WORLD_FLOWS; i++) {
    if (world_flows[i].id == id)
      return &world_flows[i];
  }
  return NULL;
}

static bool is_over(const struct world_flow *flow) { return !flow->open[0] && !flow->open[1]; }

struct world_flow *world_flow_open(unsigned client) {
  for (unsigned i = 0; i < WORLD_FLOWS; i++) {
    struct world_flow *flow = &world_flows[i];

    if (!is_over(flow))
      continue;
    world_state.whole += flow->whole[0] && flow->whole[1];
    *flow = (struct world_flow){.id = ++last_flow, .client = client, .excused = world_state.storm};
    world_state.flows++;
    return flow;
  }
  return NULL;
}

void world_excuse_flows(void) {
  for (unsigned i = 0; i < WORLD_FLOWS; i++)
    world_flows[i].excused = true;
}

/* ---- the verdict ---- */

void world_wrong_datagram(unsigned node) {
  if (!world_state.silent)
    world_fail("node %u: a datagram with wrong data", node);
}

bool world_has_changed_bits(void) { return world_state.silent; }

void world_fail_into(char *text, unsigned size) {
  failure = text;
  failure_size = size;
}

void world_fail(const char *format, ...) {
  char text[400];
  int used = snprintf(text, sizeof text, "after %.6f s: ", (double)world_state.now_us / 1e6);
  va_list arguments;

  va_start(arguments, format);
  (void)vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
  va_end(arguments);
  if (failure != NULL)
    (void)snprintf(failure, failure_size, "%s", text);
  else
    printf("%s\n", text);
  (void)fflush(stdout);
  _Exit(1);
}

bool world_is_replayed(void) { return world_state.replayed; }

void world_note(const char *format, ...) {
  va_list arguments;

  if (!world_state.replayed)
    return;
  printf("%12.6f ", (double)world_state.now_us / 1e6);
  va_start(arguments, format);
  (void)vprintf(format, arguments);
  va_end(arguments);
  (void)putchar('\n');
}
