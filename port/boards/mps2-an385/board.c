/* Arm's MPS2: its devices, their memory and their interrupts. */
#include "board.h"

#include "cmsdk_dual_timer.h"
#include "cmsdk_uart.h"
#include "cortex_m.h"
#include "lan9118.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "stack_guard.h"
#include "systick_clock.h"
#include "timer_source.h"
#include "uart_console.h"

enum {
  DUAL_TIMER_BASE = 0x40002000,
  UART0_BASE = 0x40004000,
  UART1_BASE = 0x40005000,
  CONSOLE_BAUD = 115200,

  ETHERNET_PACKETS = 24, /* the driver's 16, and eight for the stack */
  SIM_PACKETS = 16,      /* a burst of eight, and as many for what must come meanwhile */
  BUFFER_BYTES = 1536,   /* a full frame and more */
  HEADROOM_BYTES = 24,   /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 4,
  QUEUE_DEPTH = 16,
};

#define MEMORY_BYTES(packets)                                                                      \
  NIC_MEMORY_BYTES(packets, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)

struct uart board_console = {.ops = &cmsdk_uart_ops, .base = UART0_BASE, .clock_hz = BOARD_CORE_HZ};
/* Always present; the emulator discards output that nothing listens to. */
static struct uart uart1 = {.ops = &cmsdk_uart_ops, .base = UART1_BASE, .clock_hz = BOARD_CORE_HZ};
struct uart *board_capture;
static const struct cmsdk_dual_timer timer = {.base = DUAL_TIMER_BASE,
                                              .ticks_per_us = BOARD_CORE_HZ / 1000000};

static struct lan9118 ethernet;
static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
struct nic *board_sim_nics[BOARD_SIMS];

static _Alignas(ALIGNMENT) uint8_t ethernet_memory[MEMORY_BYTES(ETHERNET_PACKETS)];
static _Alignas(ALIGNMENT) uint8_t sim_memory[BOARD_SIMS][MEMORY_BYTES(SIM_PACKETS)];

/* What all the NICs have in common; the stack may not hold the last few buffers. */
#define CONFIG(driver, address, line, nic_memory, buffers, ...)                                    \
  {                                                                                                \
    .ops = (driver), .base = (address), .irq = (line), .memory = (nic_memory),                     \
    .memory_size = sizeof(nic_memory), .queue_depth = QUEUE_DEPTH, .batch = 8, .budget = 16,       \
    .pool = {.packets = (buffers),                                                                 \
             .buffer_size = BUFFER_BYTES,                                                          \
             .headroom = HEADROOM_BYTES,                                                           \
             .alignment = ALIGNMENT,                                                               \
             .held_max = (buffers)-4},                                                             \
    .mac = {0x02, 0x00, 0x00, __VA_ARGS__},                                                        \
  }
#define SIM_CONFIG(number)                                                                         \
  CONFIG(&sim_ops, (uintptr_t)&board_sim_devices[number], BOARD_IRQ_SIM0 + (number),               \
         sim_memory[number], SIM_PACKETS, 0x51, 0xd0, 0x01 + 0x10 * (number))

static const struct nic_config ethernet_config =
    CONFIG(&lan9118_ops, BOARD_ETHERNET_BASE, BOARD_IRQ_ETHERNET, ethernet_memory, ETHERNET_PACKETS,
           0x12, 0x34, 0x56);
static const struct nic_config sim_configs[BOARD_SIMS] = {SIM_CONFIG(0), SIM_CONFIG(1)};

const struct nic_device board_devices[BOARD_DEVICES] = {
    {"eth0", &ethernet_config, &ethernet.nic},
    {"sim0", &sim_configs[0], &sims[0].nic},
    {"sim1", &sim_configs[1], &sims[1].nic},
};

const struct nic_driver board_drivers[BOARD_DRIVERS] = {
    {"1.0", &lan9118_ops},
    {"1.0", &sim_ops},
};

const char *const board_installed[BOARD_INSTALLED] = {"lan9118", "sim"};

void board_init(void) {
  stack_guard_start(); /* in the emulator, the bus gives no error below the RAM */
  semihosting_start();
  systick_clock_start();
  uart_start(&board_console, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART0_RX);
  port_irq_enable(BOARD_IRQ_UART0_TX);
  port_irq_enable(BOARD_IRQ_DUAL_TIMER);
}

void board_capture_start(void) {
  board_capture = &uart1;
  uart_start(&uart1, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART1_RX);
  port_irq_enable(BOARD_IRQ_UART1_TX);
}

void port_timer_arm(uint32_t delay_us) { cmsdk_dual_timer_arm(&timer, delay_us); }

void port_timer_stop(void) { cmsdk_dual_timer_stop(&timer); }

/* The phase of the clock at start-up: little, but the board has no random bit generator. */
uint32_t port_entropy(void) {
  return mmio_read(SYSTICK_CVR) * UINT32_C(0x9e3779b9) ^ (uint32_t)port_clock_us();
}

void uart0_interrupt_handler(void) { uart_interrupt(&board_console); }

void uart1_interrupt_handler(void) { uart_interrupt(board_capture); }

void dual_timer_interrupt_handler(void) {
  cmsdk_dual_timer_acknowledge(&timer);
  timer_source_interrupt();
}

void ethernet_interrupt_handler(void) { nic_interrupt(&ethernet.nic); }

void sim0_interrupt_handler(void) { nic_interrupt(board_sim_nics[0]); }

void sim1_interrupt_handler(void) { nic_interrupt(board_sim_nics[1]); }
