/* The host's DMA memory: what a device sees of it, behind a write-back cache and a weak store
 * order.
 */
#include "dma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"
#include "port.h"

enum {
  LINES = 1 << 14,
  RINGS_PART = 64, /* bytes */
  UNOBSERVED_PARTS = 64,
};

/* A line of cached memory that has been handed over. */
struct line {
  uint32_t address; /* of its first byte; 0: an empty entry */
  uint32_t written; /* the last observation before a device wrote it; 0: none has */
  uint8_t memory[HOST_DMA_LINE_MAX]; /* what memory holds */
  uint8_t cached[HOST_DMA_LINE_MAX]; /* what the cache held when both were last the same */
};

static bool running, forbidden;
static struct host_dma_options options;
static struct line lines[LINES];
static uint32_t observations;
static unsigned accesses;

/* For the memory that is not cached. */
static uint8_t device_sees[HOST_DMA_RINGS_MAX]; /* the device's view */
static uint8_t published[HOST_DMA_RINGS_MAX];   /* the processor's view, when it last published */
static bool unobserved[HOST_DMA_RINGS_MAX];     /* written by the device, not yet observed */
static struct { size_t from, to; } unobserved_parts[UNOBSERVED_PARTS]; /* where those are */
static unsigned unobserved_count;                                      /* the number of parts */

void host_dma_start(const struct host_dma_options *wanted) {
  options = *wanted;
  assert_true(options.line >= 16 && options.line <= HOST_DMA_LINE_MAX);
  assert_true(options.rings_size <= sizeof device_sees);
  memset(lines, 0, sizeof lines);
  memset(unobserved, 0, sizeof unobserved);
  unobserved_count = 0;
  if (options.rings_size != 0) {
    memcpy(device_sees, options.rings, options.rings_size);
    memcpy(published, options.rings, options.rings_size);
  }
  observations = 1;
  accesses = 0;
  forbidden = false;
  running = true;
}

void host_dma_stop(void) { running = false; }

void host_dma_forbid(bool on) { forbidden = on; }

unsigned host_dma_accesses(void) { return accesses; }

void host_dma_look(void) {
  if (running && options.look != NULL)
    host_device_step(options.look, options.context);
}

/* ---- cached memory ---- */

/* The processor's view of a line, even of what is next to an object that shares it. */
__attribute__((no_sanitize("address"))) static const uint8_t *cache_load(uint32_t base) {
  static uint64_t view[HOST_DMA_LINE_MAX / 8];

  for (unsigned i = 0; i < options.line / 8; i++)
    view[i] = ((volatile uint64_t *)(uintptr_t)base)[i];
  return (const uint8_t *)view;
}
__attribute__((no_sanitize("address"))) static void cache_store(uint32_t base,
                                                                const uint8_t *line) {
  for (unsigned i = 0; i < options.line; i++)
    ((volatile uint8_t *)(uintptr_t)base)[i] = line[i];
}

/* The line at `address`, known or not yet. */
static struct line *line_at(uint32_t address) {
  uint32_t i = address / options.line;

  for (unsigned tries = 0; tries < LINES; tries++, i++) {
    struct line *line = &lines[i % LINES];

    if (line->address == address || line->address == 0)
      return line;
  }
  fail_msg("the model of the cache is full");
  return NULL;
}

/* The first byte from `from` on that the processor has written since both views of the line were
 * the same; -1 if there is none. */
static int first_dirty(const struct line *line, const uint8_t *cache, unsigned from, unsigned to) {
  if (to <= from || memcmp(cache + from, line->cached + from, to - from) == 0)
    return -1;
  while (cache[from] == line->cached[from])
    from++;
  return (int)from;
}

/* Calls `action` for each line of a range, with the part of the line that is in the range. */
static void for_lines(uint32_t address, size_t length,
                      void (*action)(struct line *, uint32_t base, unsigned from, unsigned to)) {
  uint32_t end = address + (uint32_t)length;

  if (length == 0)
    return;
  for (uint32_t base = address & ~(options.line - 1); base < end; base += options.line)
    action(line_at(base), base, address > base ? address - base : 0,
           end - base < options.line ? end - base : options.line);
}

static void clean_line(struct line *line, uint32_t base, unsigned from, unsigned to) {
  const uint8_t *cache = cache_load(base);
  bool known = line->address != 0;

  (void)from;
  (void)to;
  if (known && first_dirty(line, cache, 0, options.line) < 0)
    return;
  if (known && memcmp(line->memory, line->cached, options.line) != 0)
    fail_msg("dma_clean: the line at %#x is written over what a device wrote to it", base);
  line->address = base;
  memcpy(line->memory, cache, options.line);
  memcpy(line->cached, cache, options.line);
}

static void check_loss(const struct line *line, const uint8_t *cache, unsigned from, unsigned to) {
  int before = first_dirty(line, cache, 0, from),
      behind = first_dirty(line, cache, to, options.line);
  int inside = line->written != 0 ? first_dirty(line, cache, from, to) : -1;

  if (before >= 0 || behind >= 0)
    fail_msg("dma_invalidate: the line at %#x loses what the processor wrote at %#x", line->address,
             line->address + (uint32_t)(before >= 0 ? before : behind));
  if (inside >= 0)
    fail_msg("dma_invalidate: both wrote the line at %#x, the processor at %#x", line->address,
             line->address + (uint32_t)inside);
}

static void invalidate_line(struct line *line, uint32_t base, unsigned from, unsigned to) {
  const uint8_t *cache = cache_load(base);

  if (line->address == 0) {
    if (from != 0 || to != options.line)
      fail_msg("dma_invalidate: the line at %#x has bytes of another owner", base);
    line->address = base;
    memset(line->memory, 0xdb, options.line); /* whatever memory held */
    memcpy(line->cached, cache, options.line);
  }
  if (line->written == observations)
    fail_msg("dma_invalidate: %#x, which a device wrote, without a dma_observe() before", base);
  check_loss(line, cache, from, to);
  if (memcmp(cache, line->memory, options.line) != 0)
    cache_store(base, line->memory);
  memcpy(line->cached, line->memory, options.line);
  line->written = 0;
}

static uint8_t *reading;

static void read_line(struct line *line, uint32_t base, unsigned from, unsigned to) {
  int dirty;

  if (line->address == 0)
    fail_msg("the device reads %#x, which was never cleaned", base + from);
  dirty = first_dirty(line, cache_load(base), from, to);
  if (dirty >= 0)
    fail_msg("the device reads %#x, which the processor wrote and did not clean",
             base + (uint32_t)dirty);
  memcpy(reading, line->memory + from, to - from);
  reading += to - from;
}

static const uint8_t *writing;

static void write_line(struct line *line, uint32_t base, unsigned from, unsigned to) {
  int dirty;

  if (line->address == 0)
    fail_msg("the device writes %#x, which was never invalidated", base + from);
  dirty = first_dirty(line, cache_load(base), 0, options.line);
  if (dirty >= 0)
    fail_msg("the device writes %#x while the processor's cache holds a changed byte at %#x",
             base + from, base + (uint32_t)dirty);
  memcpy(line->memory + from, writing, to - from);
  writing += to - from;
  line->written = observations;
}

/* ---- memory that is not cached ---- */

/* The offset of `address` in the rings; -1 if it is outside. */
static long ring_offset(uint32_t address, size_t length) {
  uintptr_t start = (uintptr_t)options.rings;

  if (options.rings_size == 0 || address < start || address + length > start + options.rings_size)
    return -1;
  return (long)(address - start);
}

/* One store of the processor arrives, if there is one at `offset`. */
static void arrive(size_t offset) {
  const uint8_t *processor = (const uint8_t *)options.rings + offset;

  if (memcmp(published + offset, processor, options.unit) == 0)
    return;
  memcpy(published + offset, processor, options.unit);
  memcpy(device_sees + offset, processor, options.unit);
  memset(unobserved + offset, 0, options.unit);
  host_dma_look();
}

static size_t in_order(size_t i, size_t count) { return options.last_first ? count - 1 - i : i; }

/* One part of the rings at a time, since most have not changed. */
static void publish(void) {
  size_t size = options.rings_size, parts = (size + RINGS_PART - 1) / RINGS_PART;

  if (size == 0 || memcmp(published, options.rings, size) == 0)
    return;
  for (size_t i = 0; i < parts; i++) {
    size_t start = in_order(i, parts) * RINGS_PART;
    size_t units = (size - start < RINGS_PART ? size - start : RINGS_PART) / options.unit;

    if (memcmp(published + start, (uint8_t *)options.rings + start, units * options.unit) == 0)
      continue;
    for (size_t unit = 0; unit < units; unit++)
      arrive(start + in_order(unit, units) * options.unit);
  }
}

static void observe(void) {
  uint8_t *processor = options.rings;

  observations++;
  for (; unobserved_count != 0; unobserved_count--) {
    size_t to = unobserved_parts[unobserved_count - 1].to;

    for (size_t i = unobserved_parts[unobserved_count - 1].from; i < to; i++) {
      if (unobserved[i])
        processor[i] = published[i] = device_sees[i];
      unobserved[i] = false;
    }
  }
}

/* If there are too many parts, the last one grows. */
static void note_unobserved(size_t from, size_t to) {
  memset(unobserved + from, 1, to - from);
  if (unobserved_count < UNOBSERVED_PARTS) {
    unobserved_parts[unobserved_count].from = from;
    unobserved_parts[unobserved_count++].to = to;
    return;
  }
  if (from < unobserved_parts[UNOBSERVED_PARTS - 1].from)
    unobserved_parts[UNOBSERVED_PARTS - 1].from = from;
  if (to > unobserved_parts[UNOBSERVED_PARTS - 1].to)
    unobserved_parts[UNOBSERVED_PARTS - 1].to = to;
}

/* ---- the device's side ---- */

static void count_access(uint32_t address, size_t length) {
  accesses++;
  if (forbidden)
    fail_msg("the device touches %u bytes at %#x, though it is turned off", (unsigned)length,
             address);
}

void host_dma_read(uint32_t address, void *to, size_t length) {
  long offset;

  if (!running) {
    memcpy(to, (const void *)(uintptr_t)address, length);
    return;
  }
  count_access(address, length);
  offset = ring_offset(address, length);
  if (offset >= 0) {
    memcpy(to, device_sees + offset, length);
    return;
  }
  reading = to;
  for_lines(address, length, read_line);
}

void host_dma_write(uint32_t address, const void *from, size_t length) {
  long offset;

  if (!running) {
    memcpy((void *)(uintptr_t)address, from, length);
    return;
  }
  count_access(address, length);
  offset = ring_offset(address, length);
  if (offset >= 0) {
    memcpy(device_sees + offset, from, length);
    note_unobserved((size_t)offset, (size_t)offset + length);
    return;
  }
  writing = from;
  for_lines(address, length, write_line);
}

void host_dma_give_back(uint32_t address, const void *from, size_t length) {
  long offset = running ? ring_offset(address, length) : -1;

  host_dma_write(address, from, length);
  if (!running)
    return;
  if (offset < 0)
    fail_msg("the device gives back %#x, where no descriptor is", address);
  memcpy((uint8_t *)options.rings + offset, from, length);
  memcpy(published + offset, from, length);
  memset(unobserved + offset, 0, length);
}

/* ---- the port's hooks ---- */

void dma_publish(void) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (running) {
    publish();
    host_dma_look();
  }
}

void dma_observe(void) {
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  if (running) {
    observe();
    host_dma_look();
  }
}

void dma_clean(const void *start, size_t length) {
  if (running) {
    for_lines((uint32_t)(uintptr_t)start, length, clean_line);
    host_dma_look();
  }
}

void dma_invalidate(void *start, size_t length) {
  if (running) {
    for_lines((uint32_t)(uintptr_t)start, length, invalidate_line);
    host_dma_look();
  }
}
