/* The Emcraft SmartFusion2 SOM (M2S010): its devices, their memory and their interrupts. */
#include "board.h"

#include "cortex_m.h"
#include "fault.h"
#include "msf2_emac.h"
#include "msf2_sysreg.h"
#include "mss_timer.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "systick_clock.h"
#include "timer_source.h"
#include "uart_console.h"
#include "uart_16550.h"

enum {
  UART0_BASE = 0x40000000,
  UART1_BASE = 0x40010000,
  TIMER1_BASE = 0x40004000,
  EMAC_BASE = 0x40041000,
  CONSOLE_BAUD = 115200,
  TIMER_MEASURE_US = 1000,

  EMAC_BUFFER_BYTES = 1536, /* a full frame and more: the MAC's limit is above the MTU's */
  SIM_PACKETS = 10,       /* a burst of eight, and two for what must come meanwhile, such as ARP */
  SIM_BUFFER_BYTES = 592, /* an MTU of 578, above the least for IPv4 hosts: RAM is short */
  HEADROOM_BYTES = 24,    /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 4,
};

/* A profile with less RAM has fewer. */
#ifndef BOARD_PACKETS
#define BOARD_PACKETS 14
#endif
#ifndef BOARD_QUEUE_DEPTH
#define BOARD_QUEUE_DEPTH 16
#endif
enum { BATCH = BOARD_QUEUE_DEPTH < 8 ? BOARD_QUEUE_DEPTH : 8 };

#define MEMORY_BYTES(packets, buffer)                                                              \
  NIC_MEMORY_BYTES(packets, buffer, HEADROOM_BYTES, ALIGNMENT, BOARD_QUEUE_DEPTH)

struct uart board_console = {.ops = &uart_16550_ops, .base = UART0_BASE, .clock_hz = BOARD_APB0_HZ};
static struct uart uart1 = {.ops = &uart_16550_ops, .base = UART1_BASE, .clock_hz = BOARD_APB0_HZ};
struct uart *board_capture;
static struct mss_timer timer1 = {.base = TIMER1_BASE};

static struct msf2_emac emac;
static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
struct nic *board_sim_nics[BOARD_SIMS];

/* eSRAM, which the MAC's DMA reaches through the AHB bus matrix. */
static _Alignas(ALIGNMENT) uint8_t emac_memory[MEMORY_BYTES(BOARD_PACKETS, EMAC_BUFFER_BYTES)];
static _Alignas(ALIGNMENT) uint8_t
    sim_memory[BOARD_SIMS][MEMORY_BYTES(SIM_PACKETS, SIM_BUFFER_BYTES)];

/* What all NICs have in common; the stack may not hold the last `kept` buffers. */
#define CONFIG(driver, address, line, nic_memory, buffers, bytes, kept, ...)                       \
  {                                                                                                \
    .ops = (driver), .base = (address), .irq = (line), .memory = (nic_memory),                     \
    .memory_size = sizeof(nic_memory), .queue_depth = BOARD_QUEUE_DEPTH, .batch = BATCH,           \
    .budget = 16,                                                                                  \
    .pool = {.packets = (buffers),                                                                 \
             .buffer_size = (bytes),                                                               \
             .headroom = HEADROOM_BYTES,                                                           \
             .alignment = ALIGNMENT,                                                               \
             .held_max = (buffers) - (kept)},                                                      \
    .mac = {0x02, 0x00, 0x00, __VA_ARGS__},                                                        \
  }
#define SIM_CONFIG(number)                                                                         \
  CONFIG(&sim_ops, (uintptr_t)&board_sim_devices[number], BOARD_IRQ_FABRIC0 + (number),            \
         sim_memory[number], SIM_PACKETS, SIM_BUFFER_BYTES, 3, 0x51, 0xd0, 0x01 + 0x10 * (number))

static const struct nic_config emac_config =
    CONFIG(&msf2_emac_ops, EMAC_BASE, BOARD_IRQ_EMAC, emac_memory, BOARD_PACKETS, EMAC_BUFFER_BYTES,
           BOARD_PACKETS / 4 + 1, 0x12, 0x34, 0x56);
static const struct nic_config sim_configs[BOARD_SIMS] = {SIM_CONFIG(0), SIM_CONFIG(1)};

const struct nic_device board_devices[BOARD_DEVICES] = {
    {"emac0", &emac_config, &emac.nic},
    {"sim0", &sim_configs[0], &sims[0].nic},
    {"sim1", &sim_configs[1], &sims[1].nic},
};

const struct nic_driver board_drivers[BOARD_DRIVERS] = {
    {"1.0", &msf2_emac_ops},
    {"1.0", &sim_ops},
};

const char *const board_installed[BOARD_INSTALLED] = {"msf2_emac", "sim"};

void board_init(void) {
  msf2_sysreg_start();
  semihosting_start();
  systick_clock_start();
  uart_start(&board_console, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART0);
  /* The timer's input clock is set in the FPGA design: the board's default is APB0's 71 MHz, the
   * emulator counts at 100 MHz. So it is measured, by the clock. */
  timer1.ticks_per_us = mss_timer_measure(&timer1, TIMER_MEASURE_US);
  port_irq_enable(BOARD_IRQ_TIMER1);
}

/* The emulator has the second UART only if it is given something to connect it to. */
void board_capture_start(void) {
  uint32_t unused;

  if (!fault_free_read(UART1_BASE, &unused))
    return;
  board_capture = &uart1;
  uart_start(&uart1, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART1);
}

void port_timer_arm(uint32_t delay_us) { mss_timer_arm(&timer1, delay_us); }

void port_timer_stop(void) { mss_timer_stop(&timer1); }

/* The phase of two free-running clocks at start-up: little, but all that this board has without the
 * system controller's random bit generator (UG0450), which needs a licence and the emulator lacks.
 */
uint32_t port_entropy(void) {
  return mmio_read(SYSTICK_CVR) * UINT32_C(0x9e3779b9) ^ (uint32_t)port_clock_us();
}

void uart0_interrupt_handler(void) { uart_interrupt(&board_console); }

void uart1_interrupt_handler(void) { uart_interrupt(board_capture); }

void emac_interrupt_handler(void) { nic_interrupt(&emac.nic); }

void timer1_interrupt_handler(void) {
  mss_timer_acknowledge(&timer1);
  timer_source_interrupt();
}

void fabric0_interrupt_handler(void) { nic_interrupt(board_sim_nics[0]); }

void fabric1_interrupt_handler(void) { nic_interrupt(board_sim_nics[1]); }
