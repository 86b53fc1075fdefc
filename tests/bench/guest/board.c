/* The board of the bench's guests: its devices, their memory and their interrupts. */
#include "board.h"

#include <assert.h>

#include "cortex_m.h"
#include "msf2_emac.h"
#include "mss_timer.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "systick_clock.h"
#include "timer_source.h"
#include "uart_16550.h"
#include "uart_console.h"

/* The drivers' own headers say how long their rings are; bench.mk has changed that. */
static_assert((int)MSF2_EMAC_RX_DESCRIPTORS == RING && (int)MSF2_EMAC_TX_DESCRIPTORS == RING,
              "the EMAC's rings have the length that is measured");
static_assert((int)SIM_RX_DESCRIPTORS == RING && (int)SIM_TX_DESCRIPTORS == RING,
              "the simulated NIC's rings have the length that is measured");

enum {
  APB0_HZ = BOARD_CORE_HZ / 2,
  /* Half of them may be with the stack while the others are in the ring, up to a pool's maximum. */
  PACKETS = 2 * RING < RING_SIZE_MAX ? 2 * RING : RING_SIZE_MAX,
  BUFFER_BYTES = 1536,
  HEADROOM_BYTES = 24,
  ALIGNMENT = 4,
  QUEUE_DEPTH = RING < 16 ? 16 : RING,
};

struct uart board_console = {.ops = &uart_16550_ops, .base = 0x40000000, .clock_hz = APB0_HZ};
struct uart *board_capture; /* none */
static struct mss_timer timer1 = {.base = 0x40004000};

static struct msf2_emac emac;
static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
const unsigned board_sim_irqs[BOARD_SIMS] = {BOARD_IRQ_FABRIC0, BOARD_IRQ_FABRIC1,
                                             BOARD_IRQ_FABRIC2};
struct nic *const board_nics[BOARD_NICS] = {&emac.nic, &sims[0].nic, &sims[1].nic, &sims[2].nic};

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
    .batch = 8, .budget = 16, .mac = {0x02, 0x00, 0x00, 0x12, 0x34, 0x56 + (number)},              \
  }
#define SIM(number)                                                                                \
  CONFIG(1 + (number), sim_ops, (uintptr_t)&board_sim_devices[number], BOARD_IRQ_FABRIC0 + (number))
const struct nic_config board_nic_configs[BOARD_NICS] = {
    CONFIG(0, msf2_emac_ops, 0x40041000, BOARD_IRQ_EMAC), SIM(0), SIM(1), SIM(2)};

void board_init(void) {
  semihosting_start();
  systick_clock_start();
  uart_start(&board_console, 115200);
  port_irq_enable(BOARD_IRQ_UART0);
  timer1.ticks_per_us = mss_timer_measure(&timer1, 1000);
  port_irq_enable(BOARD_IRQ_TIMER1);
}

void port_timer_arm(uint32_t delay_us) { mss_timer_arm(&timer1, delay_us); }

void port_timer_stop(void) { mss_timer_stop(&timer1); }

uint32_t port_entropy(void) { return mmio_read(SYSTICK_CVR); }

/* They differ, so that the compiler does not merge them. */
__attribute__((noinline)) void device_begins(void) { __asm volatile("@ begins" ::: "memory"); }

__attribute__((noinline)) void device_ends(void) { __asm volatile("@ ends" ::: "memory"); }

/* Interrupts stay masked until the device is done: it raises its own in here, and the handler is
 * the firmware's. */
uint32_t device_read(struct sim_device *device, enum sim_register reg) {
  uint32_t state, value;

  device_begins();
  state = port_irq_save();
  value = sim_device_read(device, reg);
  device_ends();
  port_irq_restore(state);
  return value;
}

void device_write(struct sim_device *device, enum sim_register reg, uint32_t value) {
  uint32_t state;

  device_begins();
  state = port_irq_save();
  sim_device_write(device, reg, value);
  device_ends();
  port_irq_restore(state);
}

/* The timer is the simulated devices' clock. */
void timer1_interrupt_handler(void) {
  device_begins();
  mss_timer_acknowledge(&timer1);
  timer_source_interrupt();
  device_ends();
}

void uart0_interrupt_handler(void) { uart_interrupt(&board_console); }

void emac_interrupt_handler(void) { nic_interrupt(&emac.nic); }

void fabric0_interrupt_handler(void) { nic_interrupt(&sims[0].nic); }

void fabric1_interrupt_handler(void) { nic_interrupt(&sims[1].nic); }

void fabric2_interrupt_handler(void) { nic_interrupt(&sims[2].nic); }
