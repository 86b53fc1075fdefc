/* The i.MX 6UltraLite evaluation kit (NXP IMX6ULRM): its devices, memory and interrupts.
 *
 * Clocks, pins and the DDR controller are the boot loader's: the emulator has them ready. */
#include "board.h"

#include "cp15.h"
#include "generic_timer.h"
#include "imx_enet.h"
#include "imx_uart.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "timer_source.h"
#include "uart_console.h"

enum {
  CONSOLE_BAUD = 115200,
  UART_HZ = 80000000,   /* UART_CLK_ROOT, as the boot loader sets it */
  MODULE_HZ = 66000000, /* ipg_clk */
  ENET_PACKETS = 128,   /* twice the ring: half of them may be with the stack */
  SIM_PACKETS = 32,
  BUFFER_BYTES = 1536, /* a full frame and more, and a whole number of cache lines */
  HEADROOM_BYTES = 24, /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 64,      /* a cache line (ARM DDI 0464F, 6.3.1) */
  QUEUE_DEPTH = 64,
};
#define UART1_BASE UINT32_C(0x02020000)
#define UART2_BASE UINT32_C(0x021e8000)
#define ENET1_BASE UINT32_C(0x02188000)
#define ENET2_BASE UINT32_C(0x020b4000)

/* What WFI turns off (clock controller): after a reset the core's clock (WAIT mode), and with it
 * the timer within the core, whose interrupt then ends no sleep; 0 is RUN mode. */
#define CCM_CLPCR     UINT32_C(0x020c4054)
#define CCM_CLPCR_LPM UINT32_C(3)

#define MEMORY_BYTES(packets)                                                                      \
  NIC_MEMORY_BYTES(packets, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)

const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS] = {
    {BOARD_A7_PERIPHBASE, 1}, /* the core's own */
    {UINT32_C(0x02000000), 3} /* AIPS-1 to AIPS-3 */
};

struct uart board_console = {.ops = &imx_uart_ops, .base = UART1_BASE, .clock_hz = UART_HZ};
static struct uart uart2 = {.ops = &imx_uart_ops, .base = UART2_BASE, .clock_hz = UART_HZ};
struct uart *board_capture;

static _Alignas(IMX_ENET_ALIGNMENT) struct imx_enet_rings enet_rings[BOARD_ENETS] DMA_DESCRIPTORS;
static _Alignas(ALIGNMENT) uint8_t enet_memory[BOARD_ENETS][MEMORY_BYTES(ENET_PACKETS)];

/* On the board both PHYs are on the management interface of ENET2, as in newer versions of the
 * emulator; in older ones each is on that of its own MAC. */
#define ENET(number, phy)                                                                          \
  .rings = &enet_rings[number], .module_hz = MODULE_HZ, .phy_addresses = 1 << (phy)
static struct imx_enet enets[BOARD_ENETS] = {
    {ENET(0, 2), .mdio_bases = {ENET1_BASE, ENET2_BASE}},
    {ENET(1, 1), .mdio_bases = {ENET2_BASE}},
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
#define ENET_CONFIG(number)                                                                        \
  {                                                                                                \
    .ops = &imx_enet_ops, .base = (number) == 0 ? ENET1_BASE : ENET2_BASE,                         \
    .irq = (number) == 0 ? BOARD_IRQ_ENET1 : BOARD_IRQ_ENET2, .pool = POOL(ENET_PACKETS),          \
    .memory = enet_memory[number], .memory_size = sizeof enet_memory[number],                      \
    .queue_depth = QUEUE_DEPTH, .batch = 16, .budget = 32,                                         \
    .mac = {0x02, 0x00, 0x00, 0x12, 0x34, 0x56 + 0x10 * (number)},                                 \
  }
static const struct nic_config enet_configs[BOARD_ENETS] = {ENET_CONFIG(0), ENET_CONFIG(1)};

#define SIM_CONFIG(number)                                                                         \
  {                                                                                                \
    .ops = &sim_ops, .base = (uintptr_t)&board_sim_devices[number],                                \
    .irq = BOARD_IRQ_FREE0 + (number), .pool = POOL(SIM_PACKETS), .memory = sim_memory[number],    \
    .memory_size = sizeof sim_memory[number], .queue_depth = QUEUE_DEPTH, .batch = 8,              \
    .budget = 16, .mac = {0x02, 0x00, 0x00, 0x51, 0xd0, 0x01 + 0x10 * (number)},                   \
  }
static const struct nic_config sim_configs[BOARD_SIMS] = {SIM_CONFIG(0), SIM_CONFIG(1)};

const struct nic_device board_devices[BOARD_DEVICES] = {
    {"enet1", &enet_configs[0], &enets[0].nic},
    {"enet2", &enet_configs[1], &enets[1].nic},
    {"sim0", &sim_configs[0], &sims[0].nic},
    {"sim1", &sim_configs[1], &sims[1].nic},
};

const struct nic_driver board_drivers[BOARD_DRIVERS] = {{"1.0", &imx_enet_ops}, {"1.0", &sim_ops}};

const char *const board_installed[BOARD_INSTALLED] = {"imx_enet", "imx_enet", "sim"};

void board_init(void) {
  mmio_write(CCM_CLPCR, mmio_read(CCM_CLPCR) & ~CCM_CLPCR_LPM);
  semihosting_start();
  generic_timer_start();
  uart_start(&board_console, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART1);
  port_irq_enable(BOARD_IRQ_TIMER_SECURE);
  port_irq_enable(BOARD_IRQ_TIMER);
}

void board_capture_start(void) {
  board_capture = &uart2;
  uart_start(&uart2, CONSOLE_BAUD);
  port_irq_enable(BOARD_IRQ_UART2);
}

/* The phase of the core's clock to that of the system counter at start-up. */
uint32_t port_entropy(void) {
  return cp15_read_pmccntr() * UINT32_C(0x9e3779b9) ^ (uint32_t)port_clock_us();
}

void timer_interrupt_handler(void) {
  generic_timer_acknowledge();
  timer_source_interrupt();
}

void enet1_interrupt_handler(void) { nic_interrupt(&enets[0].nic); }

void enet2_interrupt_handler(void) { nic_interrupt(&enets[1].nic); }

void uart1_interrupt_handler(void) { uart_interrupt(&board_console); }

void uart2_interrupt_handler(void) { uart_interrupt(board_capture); }

void free0_interrupt_handler(void) { nic_interrupt(board_sim_nics[0]); }

void free1_interrupt_handler(void) { nic_interrupt(board_sim_nics[1]); }
