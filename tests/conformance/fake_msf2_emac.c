/* A register-level fake of the SmartFusion2 Ethernet MAC, as the emulator models it. */
#include "msf2_emac.h"

#include <string.h>

#include "dma.h"
#include "suite.h"

enum {
  BASE = 0x40041000,
  IRQ = 12,
  CFG1 = 0x00,
  CFG2 = 0x04,
  MAX_FRAME_LENGTH = 0x10,
  MII_CONFIG = 0x20,
  MII_CMD = 0x24,
  MII_ADDRESS = 0x28,
  MII_CTRL = 0x2c,
  MII_STATUS = 0x30,
  MII_INDICATORS = 0x34,
  MII_NOT_VALID = 1 << 2,
  INTERFACE_CTRL = 0x38,
  STATION_ADDRESS1 = 0x40,
  STATION_ADDRESS2 = 0x44,
  FIFO_CFG0 = 0x48,
  FIFO_CFG4 = 0x58,
  FIFO_CFG5 = 0x5c,
  FIFO_CFG_MULTICAST = 1 << 8,
  RFCS = 0xa4,
  TX_CTRL = 0x180,
  TX_DESCRIPTOR = 0x184,
  TX_STATUS = 0x188,
  RX_CTRL = 0x18c,
  RX_DESCRIPTOR = 0x190,
  RX_STATUS = 0x194,
  INTERRUPT_MASK = 0x198,
  INTERRUPT = 0x19c,
};

#define EMPTY           UINT32_C(0x80000000)
#define FIFO_RX_ENABLED UINT32_C(0x20000)
#define CFG1_RESET      UINT32_C(0x80000000)

struct descriptor {
  uint32_t start, size, next;
};

static struct msf2_emac driver;
static uint32_t registers[0x1a0 / 4];
static uint32_t rx_next, tx_next; /* the next descriptors */
static bool hold_tx;              /* it sends only when told to */
static bool has_link;             /* its PHY's */
static uint32_t phy_address;      /* its PHY's */
static uint16_t phy_control;      /* its PHY's BMCR */
static uint16_t phy_1000;         /* its GBCR: the PHY is capable of more than the MAC */
static uint32_t modules_dead;     /* the FIFO modules do not answer */
static uint32_t without_power;    /* 1: it does not answer */
static bool was_reset;            /* and it has not been enabled since: the driver may not know */
static uint16_t phy_partner;      /* its PHY's ANLPAR */
static uint32_t mii_busy;         /* 1: the management interface never finishes */
static unsigned mii_reads_late; /* reads of INDICATORS until what was read from the PHY is valid */
static bool fifo_holds;         /* a frame that came in while the DMA was off */
static unsigned dma_stops_late; /* reads of RX_CTRL until a DMA that was turned off has stopped */
static unsigned bad_accesses;   /* to no register, or with a value that makes no sense */

static uint32_t *reg(unsigned offset) { return &registers[offset / 4]; }

static struct descriptor fetch(uint32_t address) {
  struct descriptor descriptor;

  assert_int_equal(address % 4, 0);
  host_dma_read(address, &descriptor, sizeof descriptor);
  return descriptor;
}

static void give_back(uint32_t address, uint32_t size) {
  host_dma_give_back(address + offsetof(struct descriptor, size), &size, sizeof size);
}

static uint32_t causes(void) {
  return ((*reg(RX_STATUS) & 0xf) << 4 | (*reg(TX_STATUS) & 0xf)) & *reg(INTERRUPT_MASK);
}

static void update_irq(void) { host_set_irq_level(IRQ, causes() != 0); }

/* Sends up to `frames`, and stops if it finds no more. */
static void send(unsigned frames) {
  static uint8_t frame[2048];

  while ((*reg(TX_CTRL) & 1) != 0) {
    struct descriptor descriptor = fetch(tx_next);
    uint32_t length = descriptor.size & 0x7ff;

    if ((descriptor.size & EMPTY) != 0) {
      *reg(TX_CTRL) = 0;
      *reg(TX_STATUS) |= 2; /* "underrun": everything is sent */
    } else if (frames-- == 0) {
      break;
    } else {
      bad_accesses += descriptor.start % 4 != 0;
      host_dma_read(descriptor.start, frame, length);
      wire_sent(frame, length);
      give_back(tx_next, descriptor.size | EMPTY);
      tx_next = descriptor.next;
      *reg(TX_STATUS) = (*reg(TX_STATUS) + 0x10000) | 1;
    }
  }
  update_irq();
}

static bool passes(const uint8_t *frame) {
  static const uint8_t everyone[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  uint32_t high = *reg(STATION_ADDRESS1), low = *reg(STATION_ADDRESS2);
  const uint8_t station[] = {(uint8_t)(high >> 24), (uint8_t)(high >> 16), (uint8_t)(high >> 8),
                             (uint8_t)high,         (uint8_t)(low >> 24),  (uint8_t)(low >> 16)};

  if (memcmp(frame, everyone, 6) == 0)
    return true;
  if ((frame[0] & 1) == 0)
    return memcmp(frame, station, 6) == 0;
  return (*reg(FIFO_CFG4) & ~*reg(FIFO_CFG5) & FIFO_CFG_MULTICAST) == 0;
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  struct descriptor descriptor;

  if ((*reg(CFG1) & 4) == 0 || (*reg(RX_CTRL) & 1) == 0)
    return FAKE_NOT_READY;
  if (length > *reg(MAX_FRAME_LENGTH) || !passes(frame))
    return FAKE_FILTERED;
  descriptor = fetch(rx_next);
  if ((descriptor.size & EMPTY) == 0) {
    *reg(RX_CTRL) = 0;
    *reg(RX_STATUS) |= 4;
    update_irq();
    return FAKE_LOST;
  }
  host_dma_write(descriptor.start, frame, length);
  give_back(rx_next, length);
  rx_next = descriptor.next;
  *reg(RX_STATUS) = (*reg(RX_STATUS) + 0x10000) | 1;
  *reg(FIFO_CFG0) |= FIFO_RX_ENABLED;
  update_irq();
  return FAKE_RECEIVED;
}

static void take_from_fifo(void) {
  static const uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};

  fifo_holds = false;
  assert_int_equal(receive(frame, sizeof frame), FAKE_RECEIVED);
}

static uint16_t phy_read(uint32_t address) {
  const uint16_t status = has_link ? 0x796c : 0x7948; /* link, negotiated */
  const uint16_t phy[] = {phy_control, status, 0x0022, 0x1550, 0x01e1,
                          phy_partner, 0,      0,      0,      phy_1000};

  if (address >> 8 != phy_address || (address & 0x1f) >= sizeof phy / sizeof *phy)
    return 0xffff;
  return phy[address & 0x1f];
}

static uint32_t bus_read(void *context, unsigned offset) {
  (void)context;
  if (without_power != 0)
    return 0;
  switch (offset) {
  case INTERRUPT:
    return causes();
  case MII_INDICATORS:
    if (mii_reads_late != 0 && --mii_reads_late == 0)
      *reg(MII_STATUS) = phy_read(*reg(MII_ADDRESS));
    return mii_busy | (mii_reads_late != 0 ? MII_NOT_VALID : 0);
  case RX_CTRL:
    return *reg(RX_CTRL) != 0 || (dma_stops_late != 0 && --dma_stops_late != 0);
  case CFG1:
  case CFG2:
  case INTERFACE_CTRL:
  case RFCS:
  case MII_STATUS:
  case FIFO_CFG0:
  case TX_CTRL:
  case RX_STATUS:
    return *reg(offset);
  default:
    bad_accesses++;
    return 0;
  }
}

/* Each write of 1 takes one off the packet count; the bit clears with the last. */
static void acknowledge(unsigned status, uint32_t value) {
  *reg(status) &= ~(value & 0xe);
  if ((value & 1) == 0)
    return;
  if (*reg(status) >> 16 == 0) {
    bad_accesses += !was_reset; /* more packets acknowledged than received: the count would wrap */
    return;
  }
  *reg(status) -= 0x10000;
  if (*reg(status) >> 16 == 0)
    *reg(status) &= ~UINT32_C(1);
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  (void)context;
  if (without_power != 0)
    return;
  switch (offset) {
  case CFG1: /* it resets all modules but the DMA, which the emulator resets as well */
    if (value >> 31 != 0)
      memset(registers, 0, TX_CTRL);
    *reg(CFG1) = value;
    was_reset = was_reset && (value & 4) == 0;
    break;
  case FIFO_CFG0:
    fifo_holds = fifo_holds && (value & 0x1f) != 0x1f;
    *reg(FIFO_CFG0) = modules_dead ? value : value | ((value >> 8 & 0x1f) << 16 & ~FIFO_RX_ENABLED);
    break;
  case MII_CONFIG:
    bad_accesses += value != 7; /* the only divider whose clock is slow enough */
    *reg(MII_CONFIG) = value;
    break;
  case MII_CMD:
    bad_accesses += *reg(MII_CONFIG) == 0 && !was_reset;
    if ((value & 1) != 0)
      mii_reads_late = 3;
    break;
  case TX_CTRL:
    *reg(TX_CTRL) = value;
    if ((value & 1) != 0) {
      tx_next = *reg(TX_DESCRIPTOR);
      if (!hold_tx)
        send(UINT32_MAX);
    }
    break;
  case RX_CTRL:
    *reg(RX_CTRL) = value;
    if ((value & 1) != 0)
      rx_next = *reg(RX_DESCRIPTOR);
    if ((value & 1) != 0 && fifo_holds)
      take_from_fifo();
    break;
  case TX_STATUS:
  case RX_STATUS:
    acknowledge(offset, value);
    break;
  case MII_CTRL:
    if (*reg(MII_ADDRESS) == phy_address << 8) /* BMCR */
      phy_control = (uint16_t)value;
    else if (*reg(MII_ADDRESS) == (phy_address << 8 | 9))
      phy_1000 = (uint16_t)value;
    break;
  case CFG2:
  case INTERFACE_CTRL:
  case MAX_FRAME_LENGTH:
  case MII_ADDRESS:
  case STATION_ADDRESS1:
  case STATION_ADDRESS2:
  case FIFO_CFG4:
  case FIFO_CFG5:
  case TX_DESCRIPTOR:
  case RX_DESCRIPTOR:
  case INTERRUPT_MASK:
  case RFCS:
    *reg(offset) = value;
    break;
  default:
    bad_accesses++;
  }
  update_irq();
}

static void power_on(void) {
  memset(registers, 0, sizeof registers);
  hold_tx = false;
  modules_dead = false;
  mii_busy = without_power = 0;
  was_reset = false;
  has_link = true;
  phy_address = 1;
  phy_control = 0x1140;
  phy_1000 = 0x0300;
  phy_partner = 0xcde1;
  mii_reads_late = dma_stops_late = 0;
  fifo_holds = false;
  bad_accesses = 0;
  host_attach(&(struct host_device){
      .base = BASE, .size = sizeof registers, .read = bus_read, .write = bus_write});
}

static void set_link(bool up) { has_link = up; }

/* A side stops, its status has the cause. */
static bool stop_dma(const struct fake_error *error) {
  if (*reg(error->bits[0]) == 0)
    return false;
  *reg(error->bits[0]) = 0;
  *reg(error->bits[1]) |= error->bits[2];
  update_irq();
  return true;
}

static const struct fake_error errors[] = {
    {"a bus error of the rx DMA", stop_dma, NIC_RECOVERIES, {RX_CTRL, RX_STATUS, 8}},
    {"a bus error of the tx DMA", stop_dma, NIC_RECOVERIES, {TX_CTRL, TX_STATUS, 8}},
    {"an overflow", stop_dma, NIC_IN_OVERFLOW, {RX_CTRL, RX_STATUS, 4}},
    {.name = NULL},
};

static void forget(void) {
  memset(registers, 0, sizeof registers);
  *reg(CFG1) = CFG1_RESET;
  was_reset = true;
  mii_reads_late = dma_stops_late = 0;
  update_irq();
}

static const struct fake_absence absences[] = {
    {"no PHY", &phy_address, 40},
    {"FIFO modules that do not answer", &modules_dead, true},
    {"a management interface that hangs", &mii_busy, 1},
    {"a MAC without power", &without_power, true},
    {.name = NULL},
};

/* ---- what only its driver has to do ---- */

static void it_programs_its_station_address(void) {
  rig_enable();
  assert_int_equal(*reg(STATION_ADDRESS1), 0x02000012);
  assert_int_equal(*reg(STATION_ADDRESS2), 0x34560000);
}

static void it_finds_its_phy_at_any_address(void) {
  for (phy_address = 0; phy_address < 32; phy_address++) {
    assert_int_equal(nic_start(rig.nic), 0);
    assert_int_equal(driver.phy.address, phy_address);
    assert_int_equal(nic_stop(rig.nic), 0);
  }
}

/* Also after a stop and a start. */
static void its_phy_is_told_the_medium(void) {
  assert_int_equal(phy_control, 0x1200);
  assert_int_equal(phy_1000, 0);
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_100_FULL), 0);
  assert_int_equal(phy_control, 0x2100);
  phy_control = 0x1140; /* it had no power for a while */
  nic_watch(rig.nic);
  assert_int_equal(phy_control, 0x2100);
  assert_int_equal(nic_stop(rig.nic), 0);
  rig_enable();
  assert_int_equal(phy_control, 0x2100);
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_AUTO), 0);
  assert_int_equal(phy_control, 0x1200);
}

static void it_follows_the_links_speed_and_duplex(void) {
  static const struct {
    uint16_t partner, full_duplex, speed_100;
  } links[] = {{0x41e1, 1, 1}, {0x4081, 0, 1}, {0x4061, 1, 0}, {0x4021, 0, 0}, {0x41e1, 1, 1}};

  for (unsigned i = 0; i < sizeof links / sizeof *links; i++) {
    phy_partner = links[i].partner;
    nic_watch(rig.nic);
    rig_run();
    assert_int_equal(*reg(CFG2) & 1, links[i].full_duplex);
    assert_int_equal(*reg(FIFO_CFG5) >> 22 & 1, !links[i].full_duplex);
    assert_int_equal(*reg(INTERFACE_CTRL) >> 16, links[i].speed_100);
    assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
    assert_int_equal(nic_set_interface_enable(rig.nic, true), 0); /* sets the filter again */
    assert_int_equal(*reg(FIFO_CFG5) >> 22 & 1, !links[i].full_duplex);
    rig_check_traffic();
  }
}

/* Else it would go on writing to what the stack has by then. */
static void its_dma_has_stopped_before_buffers_come_home(void) {
  dma_stops_late = 10;
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  assert_int_equal(dma_stops_late, 0);
}

/* In the middle of rings whose memory has other uses now: it would write there as soon as the
 * receiver is on. */
static void a_dma_that_was_left_on_is_off_after_the_start(void) {
  rig_hold_tx(true);
  rig_check_idle();
  rig_boot_again();
  *reg(TX_CTRL) = 1;
  *reg(TX_STATUS) |= 8; /* and has a bus error of its former life */
  *reg(RX_STATUS) |= 8;
  dma_stops_late = 10;
  assert_int_equal(*reg(RX_CTRL), 1);
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(*reg(RX_CTRL) | *reg(TX_CTRL), 0);
  assert_int_equal(dma_stops_late, 0);
  rig_hold_tx(false);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_run();
  rig_check_traffic();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
}

/* A frame that came in while the interface was down is not delivered minutes later. */
static void what_its_fifos_hold_is_gone_when_it_is_enabled(void) {
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  fifo_holds = true;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_run();
  assert_int_equal(rig.delivered, 0);
  assert_false(fifo_holds);
  rig_check_traffic();
}

/* An error while the DMA was turned off is no fault once it is on again. */
static void its_errors_end_with_what_they_happened_to(void) {
  *reg(RX_STATUS) |= 8;
  *reg(TX_STATUS) |= 8;
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
}

/* By frames that were reaped after its reset: else it interrupts for packets that never come. */
static void a_count_of_packets_that_wrapped_is_0_again(void) {
  forget();
  *reg(RX_STATUS) = 0xff0001;
  rig.gone = true;
  nic_watch(rig.nic);
  rig_run();
  assert_int_equal(*reg(RX_STATUS), 0);
  nic_watch(rig.nic);
  rig_check_traffic();
}

/* They go no further than the MAC. */
static void bad_frames_count_once(void) {
  *reg(RFCS) = 0xffe;
  for (unsigned i = 0; i < 3; i++)
    nic_poll_link(rig.nic);
  assert_int_equal(rig.nic->counters[NIC_IN_ERROR], 0xffe);
  *reg(RFCS) += 1;
  nic_poll_link(rig.nic);
  assert_int_equal(rig.nic->counters[NIC_IN_ERROR], 0xfff);
}

/* A recovery does not wait for the next look at the link. */
static void it_is_set_up_for_its_link_after_a_reset(void) {
  phy_partner = 0x4021; /* 10 Mbit/s, half duplex */
  nic_poll_link(rig.nic);
  assert_int_equal(*reg(CFG2), 0x7106);
  forget();
  rig.nic->faulted = true;
  nic_interrupt(rig.nic);
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 1);
  assert_int_equal(*reg(CFG2), 0x7106);
  assert_int_equal(*reg(INTERFACE_CTRL), 0);
  assert_int_equal(*reg(MAX_FRAME_LENGTH), 1536);
  rig.gone = true;
  rig_check_traffic();
}

static const struct suite_test tests[] = {
    SUITE_TEST_BARE(it_programs_its_station_address),
    SUITE_TEST_BARE(it_finds_its_phy_at_any_address),
    SUITE_TEST(its_phy_is_told_the_medium),
    SUITE_TEST(it_follows_the_links_speed_and_duplex),
    SUITE_TEST(its_dma_has_stopped_before_buffers_come_home),
    SUITE_TEST(a_dma_that_was_left_on_is_off_after_the_start),
    SUITE_TEST(what_its_fifos_hold_is_gone_when_it_is_enabled),
    SUITE_TEST(its_errors_end_with_what_they_happened_to),
    SUITE_TEST(a_count_of_packets_that_wrapped_is_0_again),
    SUITE_TEST(bad_frames_count_once),
    SUITE_TEST(it_is_set_up_for_its_link_after_a_reset),
    SUITE_TESTS_END,
};

const struct fake_mac fake_mac_msf2_emac = {
    .ops = &msf2_emac_ops,
    FAKE_MAC_MEMBERS,
    .base = BASE,
    .irq = IRQ,
    .rings = driver.rx_descriptors,
    .rings_size = sizeof driver.rx_descriptors + sizeof driver.tx_descriptors,
    .unit = 4,
    .bad_accesses = &bad_accesses,
    .hold_tx = &hold_tx,
    .sends_at_once = true,
    .power = &without_power,
    .forget = forget,
    .tests = tests,
};
