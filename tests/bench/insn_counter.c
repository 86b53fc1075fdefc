/* A QEMU plugin that counts what its guest executes, by function, into memory that meter.py reads.
 *
 * Arguments: map=FILE (what is where in the firmware, one entry a line), counts=FILE (the memory,
 * as long as struct counts) and socket=PATH, where meter.py listens. The plugin reports to it each
 * time that the guest goes to sleep ('s') and wakes ('w'), and can hold the guest in between: 'h'
 * says that it is held, 'm' that it is held at its mark; any byte releases it.
 *
 * An instruction counts when it begins, even one that its condition skips. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the part of QEMU's plugin interface that is used here: no package has its header ---- */

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1
#endif
#define EXPORT __attribute__((visibility("default")))

enum plugin_registers { PLUGIN_NO_REGISTERS };
enum plugin_access { PLUGIN_READ = 1, PLUGIN_WRITE, PLUGIN_READ_WRITE };

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*translated_callback)(uint64_t id, struct qemu_plugin_tb *block);
typedef void (*executed_callback)(unsigned cpu, void *data);
typedef void (*accessed_callback)(unsigned cpu, uint32_t info, uint64_t address, void *data);

extern EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_callback callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            executed_callback callback,
                                            enum plugin_registers registers, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, accessed_callback callback,
                                      enum plugin_registers registers, enum plugin_access access,
                                      void *data);
unsigned qemu_plugin_mem_size_shift(uint32_t info);
bool qemu_plugin_mem_is_store(uint32_t info);

int qemu_plugin_version = PLUGIN_VERSION;

/* ---- the counts, in meter.py's layout ---- */

enum {
  FUNCTIONS_MAX = 4096,
  CODE_MAX = 1 << 16,
  REGISTERS_MAX = 2048,
  RANGES_MAX = 16,
  POINTS_MAX = 64,
};

struct reg {
  uint64_t address; /* 0: the slot is free */
  uint64_t reads, writes;
};

struct counts {
  uint64_t tell;    /* set by meter.py: report sleep and wake-up, as it reads reports */
  uint64_t hold;    /* set by meter.py: stop when the guest wakes up */
  uint64_t hold_at; /* set by meter.py: stop at the mark, and at each doorbell */
  uint64_t asleep;
  uint64_t interrupts;
  uint64_t copied; /* bytes stored by functions that copy */
  uint64_t summed; /* bytes loaded by functions that make checksums */
  uint64_t aside;  /* instructions of a device that the guest emulates, which count nowhere else */
  struct reg registers[REGISTERS_MAX];
  uint64_t functions[FUNCTIONS_MAX]; /* instructions; the first entry is for those outside of all
                                        functions */
};

static struct counts *counts;
static int host;

/* ---- the map ---- */

enum kind { PLAIN, COPIES, SUMS };

struct range {
  uint64_t start, end;
};

struct code {
  struct range range;
  enum kind kind;
  uint64_t function; /* the number of the innermost one that is inlined there */
};

static struct code codes[CODE_MAX]; /* ascending, from the second on */
static unsigned code_count = 1;
static struct range memory[RANGES_MAX];
static unsigned memory_count;
static struct range stacks[RANGES_MAX];
static unsigned stack_count;
static uint64_t handlers[POINTS_MAX], sleeps[POINTS_MAX], marks[POINTS_MAX], doorbells[POINTS_MAX];
static uint64_t begins[POINTS_MAX], ends[POINTS_MAX];
static unsigned handler_count, sleep_count, mark_count, doorbell_count, begin_count, end_count;

static bool within(const struct range *range, uint64_t address) {
  return address >= range->start && address < range->end;
}

static bool within_any(const struct range *ranges, unsigned count, uint64_t address) {
  for (unsigned i = 0; i < count; i++) {
    if (within(&ranges[i], address))
      return true;
  }
  return false;
}

static bool is_one_of(const uint64_t *points, unsigned count, uint64_t address) {
  for (unsigned i = 0; i < count; i++) {
    if (points[i] == address)
      return true;
  }
  return false;
}

/* What is at an address; the first entry if that is unknown. */
static struct code *code_at(uint64_t address) {
  unsigned low = 1, high = code_count;

  while (low < high) {
    unsigned middle = (low + high) / 2;

    if (within(&codes[middle].range, address))
      return &codes[middle];
    if (codes[middle].range.start > address)
      high = middle;
    else
      low = middle + 1;
  }
  return &codes[0];
}

static bool add_range(struct range *ranges, unsigned *count, uint64_t start, uint64_t end) {
  if (*count == RANGES_MAX)
    return false;
  ranges[(*count)++] = (struct range){start, end};
  return true;
}

static bool add_point(uint64_t *points, unsigned *count, uint64_t address) {
  if (*count == POINTS_MAX)
    return false;
  points[(*count)++] = address;
  return true;
}

static bool add_code(uint64_t start, uint64_t end, enum kind kind, uint64_t function) {
  if (code_count == CODE_MAX || function >= FUNCTIONS_MAX)
    return false;
  codes[code_count++] = (struct code){{start, end}, kind, function};
  return true;
}

static bool take_line(const char *line) {
  char word[16];
  uint64_t start, end, function;

  if (sscanf(line, "%15s %" SCNx64 " %" SCNx64 " %" SCNx64, word, &start, &end, &function) != 4)
    return false;
  if (strcmp(word, "code") == 0)
    return add_code(start, end, PLAIN, function);
  if (strcmp(word, "copies") == 0)
    return add_code(start, end, COPIES, function);
  if (strcmp(word, "sums") == 0)
    return add_code(start, end, SUMS, function);
  if (strcmp(word, "memory") == 0)
    return add_range(memory, &memory_count, start, end);
  if (strcmp(word, "stack") == 0)
    return add_range(stacks, &stack_count, start, end);
  if (strcmp(word, "handler") == 0)
    return add_point(handlers, &handler_count, start);
  if (strcmp(word, "sleep") == 0)
    return add_point(sleeps, &sleep_count, start);
  if (strcmp(word, "mark") == 0)
    return add_point(marks, &mark_count, start);
  if (strcmp(word, "doorbell") == 0)
    return add_point(doorbells, &doorbell_count, start);
  if (strcmp(word, "begins") == 0)
    return add_point(begins, &begin_count, start);
  if (strcmp(word, "ends") == 0)
    return add_point(ends, &end_count, start);
  return false;
}

static bool read_map(const char *path) {
  char line[128];
  FILE *file = fopen(path, "r");
  bool good = file != NULL;

  while (good && fgets(line, sizeof line, file) != NULL)
    good = take_line(line);
  if (file != NULL)
    (void)fclose(file);
  return good;
}

/* ---- what is counted while the guest runs, in its processor's thread ---- */

static void tell(char what) {
  if (write(host, &what, 1) != 1)
    host = -1; /* nobody measures any more: the emulator is about to be ended */
}

static bool wanted(const uint64_t *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE) != 0; }

static void hold(char what) {
  char go;

  tell(what);
  if (read(host, &go, 1) != 1)
    host = -1;
}

static void hold_if_wanted(char what) {
  if (wanted(&counts->hold_at))
    hold(what);
}

static unsigned devices_at_work; /* an interrupt may begin one within another */

static void device_begins(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  devices_at_work++;
}

static void device_ends(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  devices_at_work--;
}

static void executed(unsigned cpu, void *data) {
  uint64_t *count = data;

  (void)cpu;
  if (counts->asleep != 0) {
    counts->asleep = 0;
    if (wanted(&counts->hold))
      hold('h');
    if (wanted(&counts->tell))
      tell('w');
  }
  if (devices_at_work != 0)
    counts->aside++;
  else
    ++*count;
}

static void falls_asleep(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  __atomic_store_n(&counts->asleep, 1, __ATOMIC_RELEASE);
  if (wanted(&counts->tell))
    tell('s');
}

static void interrupted(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  counts->interrupts++;
}

static void passes_mark(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  hold_if_wanted('m');
}

/* The entry for a device's register; once the table is full, the last one takes all others. */
static struct reg *reg_at(uint64_t address) {
  unsigned first = (unsigned)(address / 4 % REGISTERS_MAX);

  for (unsigned i = 0; i < REGISTERS_MAX; i++) {
    struct reg *reg = &counts->registers[(first + i) % REGISTERS_MAX];

    if (reg->address == 0)
      reg->address = address;
    if (reg->address == address)
      return reg;
  }
  return &counts->registers[REGISTERS_MAX - 1];
}

static void accessed(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  const struct code *code = data;
  bool is_store = qemu_plugin_mem_is_store(info);
  uint64_t bytes = UINT64_C(1) << qemu_plugin_mem_size_shift(info);

  (void)cpu;
  if (devices_at_work != 0)
    return;
  if (!within_any(memory, memory_count, address)) {
    struct reg *reg = reg_at(address);

    if (is_store)
      reg->writes++;
    else
      reg->reads++;
    if (is_store && is_one_of(doorbells, doorbell_count, address))
      hold_if_wanted('d');
    return;
  }
  /* What a function saves on the stack is not its data. */
  if (code->kind == PLAIN || within_any(stacks, stack_count, address))
    return;
  if (code->kind == COPIES && is_store)
    counts->copied += bytes;
  if (code->kind == SUMS && !is_store)
    counts->summed += bytes;
}

static void translated(uint64_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    struct code *code = code_at(address);

    if (is_one_of(begins, begin_count, address))
      qemu_plugin_register_vcpu_insn_exec_cb(insn, device_begins, PLUGIN_NO_REGISTERS, NULL);
    if (is_one_of(ends, end_count, address))
      qemu_plugin_register_vcpu_insn_exec_cb(insn, device_ends, PLUGIN_NO_REGISTERS, NULL);
    qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, PLUGIN_NO_REGISTERS,
                                           &counts->functions[code->function]);
    qemu_plugin_register_vcpu_mem_cb(insn, accessed, PLUGIN_NO_REGISTERS, PLUGIN_READ_WRITE, code);
    if (is_one_of(handlers, handler_count, address))
      qemu_plugin_register_vcpu_insn_exec_cb(insn, interrupted, PLUGIN_NO_REGISTERS, NULL);
    if (is_one_of(marks, mark_count, address))
      qemu_plugin_register_vcpu_insn_exec_cb(insn, passes_mark, PLUGIN_NO_REGISTERS, NULL);
    if (is_one_of(sleeps, sleep_count, address))
      qemu_plugin_register_vcpu_insn_exec_cb(insn, falls_asleep, PLUGIN_NO_REGISTERS, NULL);
  }
}

/* ---- start ---- */

static const char *argument(int argc, char **argv, const char *name) {
  size_t length = strlen(name);

  for (int i = 0; i < argc; i++) {
    if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=')
      return argv[i] + length + 1;
  }
  (void)fprintf(stderr, "insn_counter: %s= is missing\n", name);
  return "";
}

static bool map_counts(const char *path) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  struct stat facts;
  bool fits = file >= 0 && fstat(file, &facts) == 0 && facts.st_size == sizeof *counts;
  void *shared =
      !fits ? MAP_FAILED : mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

  if (file >= 0)
    (void)close(file);
  if (shared == MAP_FAILED)
    return false;
  counts = shared;
  return true;
}

static bool call_host(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};

  if (strlen(path) >= sizeof address.sun_path)
    return false;
  strcpy(address.sun_path, path);
  host = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return host >= 0 && connect(host, (const struct sockaddr *)&address, sizeof address) == 0;
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
  const char *map = argument(argc, argv, "map"), *file = argument(argc, argv, "counts"),
             *path = argument(argc, argv, "socket");

  (void)info;
  if (!read_map(map) || !map_counts(file) || !call_host(path)) {
    (void)fprintf(stderr, "insn_counter: map=%s, counts=%s or socket=%s is not what it should be\n",
                  map, file, path);
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
