/* The callbacks of -fsanitize=thread: each access to memory by the code under test is reported to
 * the explorer and then, if it is atomic, done. The sanitizer's own library is not linked. */
#include "explore.h"

#define HERE __builtin_return_address(0)

#define ACCESS(name, size, kind)                                                                   \
  void __tsan_##name(void *address);                                                               \
  void __tsan_##name(void *address) { explore_access(address, size, kind, HERE); }

ACCESS(read1, 1, FOOTPRINT_READ)
ACCESS(read2, 2, FOOTPRINT_READ)
ACCESS(read4, 4, FOOTPRINT_READ)
ACCESS(read8, 8, FOOTPRINT_READ)
ACCESS(read16, 16, FOOTPRINT_READ)
ACCESS(write1, 1, FOOTPRINT_WRITE)
ACCESS(write2, 2, FOOTPRINT_WRITE)
ACCESS(write4, 4, FOOTPRINT_WRITE)
ACCESS(write8, 8, FOOTPRINT_WRITE)
ACCESS(write16, 16, FOOTPRINT_WRITE)
ACCESS(unaligned_read2, 2, FOOTPRINT_READ)
ACCESS(unaligned_read4, 4, FOOTPRINT_READ)
ACCESS(unaligned_read8, 8, FOOTPRINT_READ)
ACCESS(unaligned_write2, 2, FOOTPRINT_WRITE)
ACCESS(unaligned_write4, 4, FOOTPRINT_WRITE)
ACCESS(unaligned_write8, 8, FOOTPRINT_WRITE)

void __tsan_read_range(void *address, size_t size);
void __tsan_read_range(void *address, size_t size) {
  explore_access(address, size, FOOTPRINT_READ, HERE);
}

void __tsan_write_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size) {
  explore_access(address, size, FOOTPRINT_WRITE, HERE);
}

#define ATOMIC(bits)                                                                               \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *address, int order);    \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *address, int order) {   \
    (void)order;                                                                                   \
    explore_access(address, bits / 8, FOOTPRINT_READ, HERE);                                       \
    return *address;                                                                               \
  }                                                                                                \
  void __tsan_atomic##bits##_store(volatile uint##bits##_t *address, uint##bits##_t value,         \
                                   int order);                                                     \
  void __tsan_atomic##bits##_store(volatile uint##bits##_t *address, uint##bits##_t value,         \
                                   int order) {                                                    \
    (void)order;                                                                                   \
    explore_access(address, bits / 8, FOOTPRINT_WRITE, HERE);                                      \
    *address = value;                                                                              \
  }

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)

#define READ_MODIFY_WRITE(name, kind, becomes)                                                     \
  uint32_t __tsan_atomic32_##name(volatile uint32_t *address, uint32_t value, int order);          \
  uint32_t __tsan_atomic32_##name(volatile uint32_t *address, uint32_t value, int order) {         \
    uint32_t was;                                                                                  \
                                                                                                   \
    (void)order;                                                                                   \
    explore_access(address, sizeof *address, kind, HERE);                                          \
    was = *address;                                                                                \
    *address = becomes;                                                                            \
    return was;                                                                                    \
  }

READ_MODIFY_WRITE(exchange, FOOTPRINT_WRITE, value)
READ_MODIFY_WRITE(fetch_or, FOOTPRINT_SET, was | value)
READ_MODIFY_WRITE(fetch_and, FOOTPRINT_WRITE, was &value)

void __tsan_init(void);
void __tsan_init(void) {}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller) { (void)caller; }

void __tsan_func_exit(void);
void __tsan_func_exit(void) {}
