/* QEMU's virt machine with a Cortex-A7: its devices, their memory and their interrupts. */
#include "board.h"

#include "cp15.h"
#include "generic_timer.h"
#include "pl011.h"
#include "port.h"
#include "semihosting.h"
#include "sim.h"
#include "timer_source.h"
#include "uart_console.h"
#include "virtio_net.h"

enum {
  CONSOLE_BAUD = 115200,
  UART_CLOCK_HZ = 24000000,

  NET_PACKETS = 128, /* twice the ring: half of them may be with the stack */
  SIM_PACKETS = 32,
  BUFFER_BYTES = 1536, /* a full frame and more, and a whole number of cache lines */
  HEADROOM_BYTES = 24, /* a reply may grow by an IPv6 header less an IPv4 one, and a VLAN tag */
  ALIGNMENT = 64,      /* a cache line (ARM DDI 0464F, 6.1) */
  QUEUE_DEPTH = 64,

  VIRTIO_DEVICE_ID = 0x008, /* 1: network (VIRTIO 1.2, 4.2.2 and 5) */
  VIRTIO_SLOT_BYTES = 0x200,
};
#define UART_BASE   UINT32_C(0x09000000)
#define VIRTIO_BASE UINT32_C(0x0a000000)

#define MEMORY_BYTES(packets)                                                                      \
  NIC_MEMORY_BYTES(packets, BUFFER_BYTES, HEADROOM_BYTES, ALIGNMENT, QUEUE_DEPTH)

const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS] = {
    {UINT32_C(0x08000000), 0x30} /* interrupt controller, peripherals and virtio transports */
};

struct uart board_console = {.ops = &pl011_ops, .base = UART_BASE, .clock_hz = UART_CLOCK_HZ};
struct uart *board_capture; /* none: the machine has one UART for its normal world */

static struct virtio_net_rings net_rings DMA_DESCRIPTORS;
static _Alignas(ALIGNMENT) uint8_t net_memory[MEMORY_BYTES(NET_PACKETS)];
static struct virtio_net net = {.rings = &net_rings};

static struct sim sims[BOARD_SIMS];
struct sim_device board_sim_devices[BOARD_SIMS];
struct nic *board_sim_nics[BOARD_SIMS];

static _Alignas(ALIGNMENT) uint8_t sim_memory[BOARD_SIMS][MEMORY_BYTES(SIM_PACKETS)];

#define POOL(count)                                                                                \
  {                                                                                                \
    .packets = (count), .buffer_size = BUFFER_BYTES, .headroom = HEADROOM_BYTES,                   \
    .alignment = ALIGNMENT, .held_max = (count)-8                                                  \
  }
static struct nic_config net_config = {
    .ops = &virtio_net_ops,
    .pool = POOL(NET_PACKETS),
    .memory = net_memory,
    .memory_size = sizeof net_memory,
    .queue_depth = QUEUE_DEPTH,
    .batch = 16,
    .budget = 32,
    .mac = {0x02, 0x00, 0x00, 0x12, 0x34, 0x56}, /* if the host gives it none */
};

#define SIM_CONFIG(number)                                                                         \
  {                                                                                                \
    .ops = &sim_ops, .base = (uintptr_t)&board_sim_devices[number],                                \
    .irq = BOARD_IRQ_SIM0 + (number), .pool = POOL(SIM_PACKETS), .memory = sim_memory[number],     \
    .memory_size = sizeof sim_memory[number], .queue_depth = QUEUE_DEPTH, .batch = 8,              \
    .budget = 16, .mac = {0x02, 0x00, 0x00, 0x51, 0xd0, 0x01 + 0x10 * (number)},                   \
  }
static const struct nic_config sim_configs[BOARD_SIMS] = {SIM_CONFIG(0), SIM_CONFIG(1)};

const struct nic_device board_devices[BOARD_DEVICES] = {
    {"net0", &net_config, &net.nic},
    {"sim0", &sim_configs[0], &sims[0].nic},
    {"sim1", &sim_configs[1], &sims[1].nic},
};

const struct nic_driver board_drivers[BOARD_DRIVERS] = {
    {"1.0", &virtio_net_ops},
    {"1.0", &sim_ops},
};

const char *const board_installed[BOARD_INSTALLED] = {"virtio_net", "sim"};

/* The machine fills its slots from the last one backwards. If none has a network device, the last
 * slot is taken, and its driver says so. */
static void find_network_device(void) {
  unsigned slot = BOARD_VIRTIO_SLOTS - 1;

  for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS; i++) {
    if (mmio_read(VIRTIO_BASE + i * VIRTIO_SLOT_BYTES + VIRTIO_DEVICE_ID) == 1)
      slot = i;
  }
  net_config.base = VIRTIO_BASE + slot * VIRTIO_SLOT_BYTES;
  net_config.irq = BOARD_IRQ_VIRTIO + slot;
}

void board_init(void) {
  semihosting_start();
  generic_timer_start();
  uart_start(&board_console, CONSOLE_BAUD);
  find_network_device();
  port_irq_enable(BOARD_IRQ_UART);
  port_irq_enable(BOARD_IRQ_TIMER_SECURE);
  port_irq_enable(BOARD_IRQ_TIMER);
}

void board_capture_start(void) {}

/* The phase of the core's clock to that of its timer at start-up. (The machine's device tree has a
 * seed as well, but a run that is to repeat bit for bit must not know it.) */
uint32_t port_entropy(void) {
  return cp15_read_pmccntr() * UINT32_C(0x9e3779b9) ^ (uint32_t)port_clock_us();
}

void timer_interrupt_handler(void) {
  generic_timer_acknowledge();
  timer_source_interrupt();
}

void uart_interrupt_handler(void) { uart_interrupt(&board_console); }

void sim0_interrupt_handler(void) { nic_interrupt(board_sim_nics[0]); }

void sim1_interrupt_handler(void) { nic_interrupt(board_sim_nics[1]); }

void virtio_interrupt_handler(void) { nic_interrupt(&net.nic); }
