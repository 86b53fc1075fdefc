/* A Zynq-7000 board (Xilinx UG585): its devices, their memory and their interrupts.
 *
 * Clocks, pins and the DDR controller are the boot loader's: the emulator has them ready. */
#include "board.h"

#include "a9_timer.h"
#include "cadence_gem.h"
#include "cadence_uart.h"
#include "cp15.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "timer_source.h"
#include "uart_console.h"
#include "zynq_clock.h"

enum {
  CONSOLE_BAUD = 115200,
  UART_REF_HZ = 50000000, /* as the boot loader sets it */

  GEM_PACKETS = 128, /* twice the ring: half of them may be with the stack */
  SIM_PACKETS = 32,
  BUFFER_BYTES = 1536, /* a full frame and more, and a whole number of cache lines */
  HEADROOM_BYTES = 24, /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 32,      /* a cache line (ARM DDI 0388I, 7.1) */
  QUEUE_DEPTH = 64,
};
#define UART_BASE(number) (UINT32_C(0xe0000000) + 0x1000 * (number))
#define GEM_BASE(number)  (UINT32_C(0xe000b000) + 0x1000 * (number))

#define MEMORY_BYTES(packets)                                                                      \
  NIC_MEMORY_BYTES(packets, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)

const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS] = {
    {UINT32_C(0xe0000000), 1}, /* I/O peripherals */
    {UINT32_C(0xf8000000), 16} /* system registers, and the core's own */
};

struct uart board_console = {
    .ops = &cadence_uart_ops, .base = UART_BASE(0), .clock_hz = UART_REF_HZ};
static struct uart uart1 = {
    .ops = &cadence_uart_ops, .base = UART_BASE(1), .clock_hz = UART_REF_HZ};
struct uart *board_capture;

/* The GEMs reach the DDR past the caches. */
static struct cadence_gem_rings gem_rings[BOARD_GEMS] DMA_DESCRIPTORS;
static _Alignas(ALIGNMENT) uint8_t gem_memory[BOARD_GEMS][MEMORY_BYTES(GEM_PACKETS)];
static struct cadence_gem gems[BOARD_GEMS] = {
    {.rings = &gem_rings[0], .set_tx_clock = zynq_gem0_set_tx_clock},
    {.rings = &gem_rings[1], .set_tx_clock = zynq_gem1_set_tx_clock},
};

static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
struct nic *board_sim_nics[BOARD_SIMS];
static _Alignas(ALIGNMENT) uint8_t sim_memory[BOARD_SIMS][MEMORY_BYTES(SIM_PACKETS)];

#define POOL(count)                                                                                \
  {                                                                                                \
    .packets = (count), .buffer_size = BUFFER_BYTES, .headroom = HEADROOM_BYTES,                   \
    .alignment = ALIGNMENT, .held_max = (count)-8                                                  \
  }
#define GEM_CONFIG(number)                                                                         \
  {                                                                                                \
    .ops = &cadence_gem_ops, .base = GEM_BASE(number),                                             \
    .irq = (number) == 0 ? BOARD_IRQ_GEM0 : BOARD_IRQ_GEM1, .pool = POOL(GEM_PACKETS),             \
    .memory = gem_memory[number], .memory_size = sizeof gem_memory[number],                        \
    .queue_depth = QUEUE_DEPTH, .batch = 16, .budget = 32,                                         \
    .mac = {0x02, 0x00, 0x00, 0x12, 0x34, 0x56 + 0x10 * (number)},                                 \
  }
static const struct nic_config gem_configs[BOARD_GEMS] = {GEM_CONFIG(0), GEM_CONFIG(1)};

#define SIM_CONFIG(number)                                                                         \
  {                                                                                                \
    .ops = &sim_ops, .base = (uintptr_t)&board_sim_devices[number],                                \
    .irq = BOARD_IRQ_LOGIC0 + (number), .pool = POOL(SIM_PACKETS), .memory = sim_memory[number],   \
    .memory_size = sizeof sim_memory[number], .queue_depth = QUEUE_DEPTH, .batch = 8,              \
    .budget = 16, .mac = {0x02, 0x00, 0x00, 0x51, 0xd0, 0x01 + 0x10 * (number)},                   \
  }
static const struct nic_config sim_configs[BOARD_SIMS] = {SIM_CONFIG(0), SIM_CONFIG(1)};

const struct nic_device board_devices[BOARD_DEVICES] = {
    {"gem0", &gem_configs[0], &gems[0].nic},
    {"gem1", &gem_configs[1], &gems[1].nic},
    {"sim0", &sim_configs[0], &sims[0].nic},
    {"sim1", &sim_configs[1], &sims[1].nic},
};

const struct nic_driver board_drivers[BOARD_DRIVERS] = {
    {"1.0", &cadence_gem_ops},
    {"1.0", &sim_ops},
};

const char *const board_installed[BOARD_INSTALLED] = {"cadence_gem", "cadence_gem", "sim"};

void board_init(void) {
  zynq_clock_start();
  semihosting_start();
  a9_timer_start();
  uart_start(&board_console, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART0);
  port_irq_enable(BOARD_IRQ_PRIVATE_TIMER);
}

void board_capture_start(void) {
  board_capture = &uart1;
  uart_start(&uart1, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART1);
}

/* The phase of the core's clock to that of its timers at start-up: the processing system has no
 * random bit generator. */
uint32_t port_entropy(void) {
  return cp15_read_pmccntr() * UINT32_C(0x9e3779b9) ^ (uint32_t)port_clock_us();
}

void private_timer_interrupt_handler(void) {
  a9_timer_acknowledge();
  timer_source_interrupt();
}

void gem0_interrupt_handler(void) { nic_interrupt(&gems[0].nic); }

void gem1_interrupt_handler(void) { nic_interrupt(&gems[1].nic); }

void uart0_interrupt_handler(void) { uart_interrupt(&board_console); }

void uart1_interrupt_handler(void) { uart_interrupt(board_capture); }

void logic0_interrupt_handler(void) { nic_interrupt(board_sim_nics[0]); }

void logic1_interrupt_handler(void) { nic_interrupt(board_sim_nics[1]); }
