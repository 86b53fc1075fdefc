/* QEMU's virt machine with a Cortex-A7: its devices, their memory and their interrupts. */
#include "board.h"

#include "cp15.h"
#include "generic_timer.h"
#include "pl011.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "timer_source.h"

enum {
  CONSOLE_BAUD = 115200,
  UART_CLOCK_HZ = 24000000,

  SIM_PACKETS = 32,
  BUFFER_BYTES = 1536, /* a full frame and more, and a whole number of cache lines */
  HEADROOM_BYTES = 24, /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 64,      /* a cache line (ARM DDI 0464F, 2.1.2) */
  QUEUE_DEPTH = 64,
};
#define UART_BASE UINT32_C(0x09000000)

#define MEMORY_BYTES(packets)                                                                      \
  NIC_MEMORY_BYTES(packets, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)

const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS] = {
    {UINT32_C(0x08000000), 0x30} /* interrupt controller, peripherals and virtio transports */
};

static struct uart uart = {.ops = &pl011_ops, .base = UART_BASE, .clock_hz = UART_CLOCK_HZ};

static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
const unsigned board_sim_irqs[BOARD_SIMS] = {BOARD_IRQ_SIM0, BOARD_IRQ_SIM1};

static _Alignas(ALIGNMENT) uint8_t sim_memory[BOARD_SIMS][MEMORY_BYTES(SIM_PACKETS)];

#define POOL(count)                                                                                \
  {                                                                                                \
    .packets = (count), .buffer_size = BUFFER_BYTES, .headroom = HEADROOM_BYTES,                   \
    .alignment = ALIGNMENT, .held_max = (count)-8                                                  \
  }
#define SIM_CONFIG(number)                                                                         \
  {                                                                                                \
    .ops = &sim_ops, .base = (uintptr_t)&board_sim_devices[number],                                \
    .irq = BOARD_IRQ_SIM0 + (number), .pool = POOL(SIM_PACKETS), .memory = sim_memory[number],     \
    .memory_size = sizeof sim_memory[number], .queue_depth = QUEUE_DEPTH, .batch = 8,              \
    .budget = 16, .mac = {0x02, 0x00, 0x00, 0x51, 0xd0, 0x01 + 0x10 * (number)},                   \
  }
static const struct nic_config sim_configs[BOARD_SIMS] = {SIM_CONFIG(0), SIM_CONFIG(1)};

const struct nic_device board_devices[BOARD_DEVICES] = {
    {"sim0", &sim_configs[0], &sims[0].nic},
    {"sim1", &sim_configs[1], &sims[1].nic},
};

const struct nic_driver board_drivers[BOARD_DRIVERS] = {
    {"1.0", &sim_ops},
};

const char *const board_installed[BOARD_INSTALLED] = {"sim"};

void board_init(void) {
  semihosting_start();
  generic_timer_start();
  cp15_write_pmcr(cp15_read_pmcr() | PMCR_ENABLE);
  cp15_write_pmcntenset(UINT32_C(1) << 31); /* the cycle counter */
  uart_start(&uart, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART);
  port_irq_enable(BOARD_IRQ_TIMER);
}

void port_console_write(const char *text, size_t length) { uart_write(&uart, text, length); }

bool port_console_pending(void) { return uart_pending(&uart); }

int port_console_read(void) { return uart_read(&uart); }

void port_console_flush(void) { uart_flush(&uart); }

/* The phase of the core's clock to that of its timer at start-up. (The machine's device tree has a
 * seed as well, but a run that is to repeat bit for bit must not know it.) */
uint32_t port_entropy(void) {
  return cp15_read_pmccntr() * UINT32_C(0x9e3779b9) ^ (uint32_t)port_clock_us();
}

/* The machine has one UART for its normal world. */
bool port_capture_present(void) { return false; }

void port_capture_write(const void *data, size_t length) {
  (void)data;
  (void)length;
}

void timer_interrupt_handler(void) {
  generic_timer_acknowledge();
  timer_source_interrupt();
}

void uart_interrupt_handler(void) { uart_interrupt(&uart); }

void sim0_interrupt_handler(void) { nic_interrupt(&sims[0].nic); }

void sim1_interrupt_handler(void) { nic_interrupt(&sims[1].nic); }
