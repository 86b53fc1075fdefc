/* The product's board: devices, their memory, their interrupts, and what port.h needs from it. */
#include "board.h"

#include "acme_mac.h"
#include "cortex_m.h"
#include "msf2_emac.h"
#include "mss_timer.h"
#include "port.h"
#include "semihosting.h"
#include "systick_clock.h"
#include "timer_source.h"
#include "uart_16550.h"
#include "uart_console.h"

enum {
  CLOCK_HZ = 71000000,
  PACKETS = 4,
  BUFFER_BYTES = 1536,
  HEADROOM_BYTES = 8,
  ALIGNMENT = 4,
  QUEUE_DEPTH = 4,
};

struct uart board_console = {.ops = &uart_16550_ops, .base = 0x40000000, .clock_hz = CLOCK_HZ};
struct uart *board_capture; /* none */
static struct mss_timer timer1 = {.base = 0x40004000};

static struct msf2_emac emac;
static struct acme_mac acme;
struct nic *const board_nics[BOARD_NICS] = {&emac.nic, &acme.nic};

/* This configuration of the fabric has no soft MAC, but memory that reads as 0. */
static const uint32_t fabric[16];

static _Alignas(ALIGNMENT) uint8_t memory[BOARD_NICS][NIC_MEMORY_BYTES(
    PACKETS, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)];

#define CONFIG(number, driver, registers, line)                                                    \
  {                                                                                                \
    .ops = &(driver), .base = (registers), .irq = (line),                                          \
    .pool = {.packets = PACKETS,                                                                   \
             .buffer_size = BUFFER_BYTES,                                                          \
             .headroom = HEADROOM_BYTES,                                                           \
             .alignment = ALIGNMENT,                                                               \
             .held_max = PACKETS - 2},                                                             \
    .memory = memory[number], .memory_size = sizeof memory[number], .queue_depth = QUEUE_DEPTH,    \
    .batch = 4, .budget = 4, .mac = {0x02, 0x00, 0x00, 0x12, 0x34, 0x56 + (number)},               \
  }
const struct nic_config board_nic_configs[BOARD_NICS] = {
    CONFIG(0, msf2_emac_ops, 0x40041000, BOARD_IRQ_EMAC),
    CONFIG(1, acme_mac_ops, (uintptr_t)fabric, BOARD_IRQ_FABRIC0),
};

void board_init(void) {
  semihosting_start();
  systick_clock_start();
  uart_start(&board_console, 115200);
  port_irq_enable(BOARD_IRQ_UART0);
  timer1.ticks_per_us = mss_timer_measure(&timer1, 1000);
  port_irq_enable(BOARD_IRQ_TIMER1);
}

void board_capture_start(void) {}

void port_timer_arm(uint32_t delay_us) { mss_timer_arm(&timer1, delay_us); }

void port_timer_stop(void) { mss_timer_stop(&timer1); }

uint32_t port_entropy(void) { return mmio_read(SYSTICK_CVR); }

void uart0_interrupt_handler(void) { uart_interrupt(&board_console); }

void emac_interrupt_handler(void) { nic_interrupt(&emac.nic); }

void fabric0_interrupt_handler(void) { nic_interrupt(&acme.nic); }

void timer1_interrupt_handler(void) {
  mss_timer_acknowledge(&timer1);
  timer_source_interrupt();
}
