/* The i.MX 6UltraLite evaluation kit (NXP IMX6ULRM): its devices, their memory and their
 * interrupts.
 *
 * Clocks, pins and the DDR controller are the boot loader's: the emulator has them ready. */
#include "board.h"

#include "cp15.h"
#include "imx_uart.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "timer_source.h"
#include "uart_console.h"

enum {
  CONSOLE_BAUD = 115200,
  UART_HZ = 80000000,          /* UART_CLK_ROOT, as the boot loader sets it */
  SYSTEM_COUNTER_HZ = 8000000, /* the emulator's counts at 62.5 MHz, and says so */

  SIM_PACKETS = 32,
  BUFFER_BYTES = 1536, /* a full frame and more, and a whole number of cache lines */
  HEADROOM_BYTES = 24, /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 64,      /* a cache line (ARM DDI 0464F, 6.3.1) */
  QUEUE_DEPTH = 64,
};
#define UART1_BASE UINT32_C(0x02020000)
#define UART2_BASE UINT32_C(0x021e8000)

#define MEMORY_BYTES(packets)                                                                      \
  NIC_MEMORY_BYTES(packets, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)

const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS] = {
    {BOARD_A7_PERIPHBASE, 1}, /* the core's own */
    {UINT32_C(0x02000000), 3} /* AIPS-1 to AIPS-3 */
};

struct uart board_console = {.ops = &imx_uart_ops, .base = UART1_BASE, .clock_hz = UART_HZ};
static struct uart uart2 = {.ops = &imx_uart_ops, .base = UART2_BASE, .clock_hz = UART_HZ};
struct uart *board_capture = &uart2;

static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
const unsigned board_sim_irqs[BOARD_SIMS] = {BOARD_IRQ_FREE0, BOARD_IRQ_FREE1};

static _Alignas(ALIGNMENT) uint8_t sim_memory[BOARD_SIMS][MEMORY_BYTES(SIM_PACKETS)];

#define POOL(count)                                                                                \
  {                                                                                                \
    .packets = (count), .buffer_size = BUFFER_BYTES, .headroom = HEADROOM_BYTES,                   \
    .alignment = ALIGNMENT, .held_max = (count)-8                                                  \
  }
#define SIM_CONFIG(number)                                                                         \
  {                                                                                                \
    .ops = &sim_ops, .base = (uintptr_t)&board_sim_devices[number],                                \
    .irq = BOARD_IRQ_FREE0 + (number), .pool = POOL(SIM_PACKETS), .memory = sim_memory[number],    \
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
  generic_timer_start(SYSTEM_COUNTER_HZ);
  uart_start(&board_console, CONSOLE_BAUD);
  uart_start(&uart2, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART1);
  port_irq_enable(BOARD_IRQ_UART2);
  port_irq_enable(GENERIC_TIMER_IRQ);
}

/* The phase of the core's clock to that of the system counter at start-up. */
uint32_t port_entropy(void) {
  return cp15_read_pmccntr() * UINT32_C(0x9e3779b9) ^ (uint32_t)cp15_read_cntvct();
}

void timer_interrupt_handler(void) {
  generic_timer_acknowledge();
  timer_source_interrupt();
}

void uart1_interrupt_handler(void) { uart_interrupt(&board_console); }

void uart2_interrupt_handler(void) { uart_interrupt(&uart2); }

void free0_interrupt_handler(void) { nic_interrupt(&sims[0].nic); }

void free1_interrupt_handler(void) { nic_interrupt(&sims[1].nic); }
