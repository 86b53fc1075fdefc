/* A Zynq-7000 board (Xilinx UG585): its devices, their memory and their interrupts.
 *
 * Clocks, pins and the DDR controller are the boot loader's: the emulator has them ready. */
#include "board.h"

#include "a9_timer.h"
#include "cadence_uart.h"
#include "cp15.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "timer_source.h"

enum {
  CONSOLE_BAUD = 115200,
  UART_REF_HZ = 50000000, /* as the boot loader sets it */

  SIM_PACKETS = 32,
  BUFFER_BYTES = 1536, /* a full frame and more, and a whole number of cache lines */
  HEADROOM_BYTES = 24, /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 32,      /* a cache line (ARM DDI 0388I, 7.1) */
  QUEUE_DEPTH = 64,
};
#define UART0_BASE UINT32_C(0xe0000000)
#define UART1_BASE UINT32_C(0xe0001000)

#define MEMORY_BYTES(packets)                                                                      \
  NIC_MEMORY_BYTES(packets, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)

const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS] = {
    {UINT32_C(0xe0000000), 1}, /* I/O peripherals */
    {UINT32_C(0xf8000000), 16} /* system registers, and the core's own */
};

static struct uart uart0 = {.ops = &cadence_uart_ops, .base = UART0_BASE, .clock_hz = UART_REF_HZ};
static struct uart uart1 = {.ops = &cadence_uart_ops, .base = UART1_BASE, .clock_hz = UART_REF_HZ};

static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
const unsigned board_sim_irqs[BOARD_SIMS] = {BOARD_IRQ_LOGIC0, BOARD_IRQ_LOGIC1};

static _Alignas(ALIGNMENT) uint8_t sim_memory[BOARD_SIMS][MEMORY_BYTES(SIM_PACKETS)];

#define POOL(count)                                                                                \
  {                                                                                                \
    .packets = (count), .buffer_size = BUFFER_BYTES, .headroom = HEADROOM_BYTES,                   \
    .alignment = ALIGNMENT, .held_max = (count)-8                                                  \
  }
#define SIM_CONFIG(number)                                                                         \
  {                                                                                                \
    .ops = &sim_ops, .base = (uintptr_t)&board_sim_devices[number],                                \
    .irq = BOARD_IRQ_LOGIC0 + (number), .pool = POOL(SIM_PACKETS), .memory = sim_memory[number],   \
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
  a9_timer_start();
  cp15_write_pmcr(cp15_read_pmcr() | PMCR_ENABLE);
  cp15_write_pmcntenset(UINT32_C(1) << 31); /* the cycle counter */
  uart_start(&uart0, CONSOLE_BAUD);
  uart_start(&uart1, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART0);
  port_irq_enable(BOARD_IRQ_UART1);
  port_irq_enable(BOARD_IRQ_PRIVATE_TIMER);
}

void port_console_write(const char *text, size_t length) { uart_write(&uart0, text, length); }

bool port_console_pending(void) { return uart_pending(&uart0); }

int port_console_read(void) { return uart_read(&uart0); }

void port_console_flush(void) { uart_flush(&uart0); }

/* The phase of the core's clock to that of its timers at start-up: the processing system has no
 * random bit generator. */
uint32_t port_entropy(void) {
  return cp15_read_pmccntr() * UINT32_C(0x9e3779b9) ^ (uint32_t)port_clock_us();
}

bool port_capture_present(void) { return true; }

void port_capture_write(const void *data, size_t length) { uart_write(&uart1, data, length); }

void private_timer_interrupt_handler(void) {
  a9_timer_acknowledge();
  timer_source_interrupt();
}

void uart0_interrupt_handler(void) { uart_interrupt(&uart0); }

void uart1_interrupt_handler(void) { uart_interrupt(&uart1); }

void logic0_interrupt_handler(void) { nic_interrupt(&sims[0].nic); }

void logic1_interrupt_handler(void) { nic_interrupt(&sims[1].nic); }
