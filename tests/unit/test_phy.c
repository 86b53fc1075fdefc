/* The PHY over registers of its own: where it is found, what is written to it, and which link it
 * reports. */
#include "unit.h"

#include <errno.h>

#include "phy.h"

enum {
  REGS = 32,
  BMCR = 0,
  BMSR = 1,
  PHYID1 = 2,
  PHYID2 = 3,
  ANAR = 4,
  ANLPAR = 5,
  GBCR = 9,
  GBSR = 10
};
enum { LINK = 1 << 2, AN_COMPLETE = 1 << 5 };
enum {
  NO_GIGABIT = NIC_MEDIA_AUTO | NIC_MEDIA_10_HALF,
  GIGABIT = NIC_MEDIA_AUTO | NIC_MEDIA_1000_FULL
};

static uint16_t regs[REGS];
static unsigned present; /* at this address */
static bool shared;      /* it answers at address 0, too */
static uint16_t nobody;  /* what other addresses read as: the line's pull-up, or its ground */
static uint16_t latched; /* bits of BMSR that read as 0 the first time */
static struct nic_ops ops;
static struct nic nic;

static uint16_t read_reg(struct nic *of, unsigned address, unsigned reg) {
  uint16_t value = regs[reg];

  assert_ptr_equal(of, &nic);
  assert_true(address < 32 && reg < REGS);
  if (address != present && !(shared && address == 0))
    return nobody;
  if (reg == BMSR) {
    value = (uint16_t)(value & ~latched);
    latched = 0;
  }
  return value;
}

static void write_reg(struct nic *of, unsigned address, unsigned reg, uint16_t value) {
  assert_ptr_equal(of, &nic);
  assert_int_equal(address, present);
  regs[reg] = value;
}

static struct phy phy;

static int setup(void **state) {
  (void)state;
  memset(regs, 0, sizeof regs);
  regs[PHYID1] = 0x0022;
  regs[ANAR] = 0x01e1;
  present = 5;
  shared = false;
  nobody = 0xffff;
  latched = 0;
  phy = (struct phy){.read = read_reg, .write = write_reg};
  ops.caps.media = NO_GIGABIT;
  nic = (struct nic){.ops = &ops, .media = NIC_MEDIA_AUTO};
  return 0;
}

static void the_phy_is_found_at_any_address(void **state) {
  (void)state;
  for (present = 0; present < 32; present++) {
    nobody = present % 2 == 0 ? 0xffff : 0;
    assert_int_equal(phy_start(&nic, &phy), 0);
    assert_int_equal(phy.address, present);
    assert_int_equal(regs[BMCR], 0x1200); /* negotiates anew */
    regs[BMCR] = 0;
  }
}

/* 22.2.4.5.5: where others share the interface, all of them would hear what is written there. */
static void a_phy_that_answers_at_0_as_well_is_spoken_to_at_its_own_address(void **state) {
  (void)state;
  shared = true;
  assert_int_equal(phy_start(&nic, &phy), 0);
  assert_int_equal(phy.address, present);
}

/* Such as Realtek's: 00 00 82 01. */
static void an_identifier_may_begin_with_zeros(void **state) {
  (void)state;
  nobody = 0;
  regs[PHYID1] = 0;
  regs[PHYID2] = 0x8201;
  assert_int_equal(phy_start(&nic, &phy), 0);
  assert_int_equal(phy.address, present);
}

/* Of a NIC that was stopped and starts again. */
static void a_start_keeps_the_medium(void **state) {
  (void)state;
  nic.media = NIC_MEDIA_100_HALF;
  assert_int_equal(phy_start(&nic, &phy), 0);
  assert_int_equal(regs[BMCR], 0x2000);
}

static void none_is_an_error(void **state) {
  (void)state;
  present = 32;
  assert_int_equal(phy_start(&nic, &phy), -ENODEV);
  nobody = 0;
  assert_int_equal(phy_start(&nic, &phy), -ENODEV);
}

static void a_medium_is_a_speed_and_a_duplex(void **state) {
  static const struct {
    enum nic_media media;
    unsigned control, speed_mbps;
    bool full;
  } media[] = {{NIC_MEDIA_10_HALF, 0x0000, 10, false},
               {NIC_MEDIA_10_FULL, 0x0100, 10, true},
               {NIC_MEDIA_100_HALF, 0x2000, 100, false},
               {NIC_MEDIA_100_FULL, 0x2100, 100, true}};

  (void)state;
  regs[GBCR] = 0x5a5a;
  assert_int_equal(phy_start(&nic, &phy), 0);
  for (unsigned i = 0; i < sizeof media / sizeof *media; i++) {
    struct nic_link link;

    phy_set_media(&nic, &phy, media[i].media);
    assert_int_equal(regs[BMCR], media[i].control);
    nic.media = media[i].media;
    regs[BMSR] = LINK; /* nothing is negotiated, and that does not matter */
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.status, NIC_LINK_ACTIVE);
    assert_int_equal(link.speed_mbps, media[i].speed_mbps);
    assert_int_equal(link.full_duplex, media[i].full);
    regs[BMSR] = AN_COMPLETE;
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.status, NIC_LINK_INACTIVE);
  }
  assert_int_equal(regs[GBCR], 0x5a5a); /* a PHY for 100 Mbit/s has no such register */
}

/* After a reset the straps decide: usually a PHY negotiates, but it may be asleep, or isolated from
 * its MAC. */
static void a_phy_that_was_reset_gets_its_medium_again(void **state) {
  static const struct {
    enum nic_media media;
    unsigned control, after_reset;
  } resets[] = {{NIC_MEDIA_10_HALF, 0x0000, 0x3100},  {NIC_MEDIA_10_FULL, 0x0100, 0x0000},
                {NIC_MEDIA_100_HALF, 0x2000, 0x2100}, {NIC_MEDIA_100_FULL, 0x2100, 0x0100},
                {NIC_MEDIA_100_FULL, 0x2100, 0x2900}, {NIC_MEDIA_100_FULL, 0x2100, 0x2500},
                {NIC_MEDIA_AUTO, 0x1200, 0x3900},     {NIC_MEDIA_AUTO, 0x1200, 0x3500}};

  (void)state;
  assert_int_equal(phy_start(&nic, &phy), 0);
  for (unsigned i = 0; i < sizeof resets / sizeof *resets; i++) {
    struct nic_link link;

    nic.media = resets[i].media;
    regs[BMCR] = (uint16_t)resets[i].after_reset;
    regs[BMSR] = LINK | AN_COMPLETE;
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.status, NIC_LINK_INACTIVE);
    assert_int_equal(regs[BMCR], resets[i].control);
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.status, NIC_LINK_ACTIVE);
  }
}

/* It says that it has negotiated, of an offer of nothing: that would be 10 Mbit/s, half duplex. */
static void a_phy_that_lost_its_offer_makes_it_again(void **state) {
  struct nic_link link;

  (void)state;
  assert_int_equal(phy_start(&nic, &phy), 0);
  regs[ANLPAR] = 0x0de1;
  regs[BMSR] = LINK | AN_COMPLETE;
  regs[BMCR] = 0x3100;
  regs[ANAR] = 0;
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_INACTIVE);
  assert_int_equal(regs[ANAR], 0x01e1);
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_ACTIVE);
  assert_int_equal(link.speed_mbps, 100);
  assert_true(link.full_duplex);
}

/* There it has no offer, and needs none: speed and duplex are set. */
static void a_phy_that_cannot_negotiate_has_the_medium_that_is_set(void **state) {
  struct nic_link link;

  (void)state;
  assert_int_equal(phy_start(&nic, &phy), 0);
  nic.media = NIC_MEDIA_100_FULL;
  phy_set_media(&nic, &phy, nic.media);
  regs[ANAR] = 0;
  regs[BMSR] = LINK;
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_ACTIVE);
  assert_int_equal(link.speed_mbps, 100);
}

/* Speed and duplex are results of negotiation there, the restart bit clears itself, and in QEMU so
 * does the negotiation bit. */
static void a_phy_that_negotiates_is_left_alone(void **state) {
  static const uint16_t control[] = {0x3100, 0x1000, 0x0100, 0x0000};

  (void)state;
  assert_int_equal(phy_start(&nic, &phy), 0);
  regs[BMSR] = LINK | AN_COMPLETE;
  for (unsigned i = 0; i < sizeof control / sizeof *control; i++) {
    struct nic_link link;

    regs[BMCR] = control[i];
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.status, NIC_LINK_ACTIVE);
    assert_int_equal(regs[BMCR], control[i]);
  }
}

/* Only negotiation leads to 1000 Mbit/s: nothing else is advertised (40.5.1). */
static void a_gigabit_is_negotiated(void **state) {
  struct nic_link link;

  (void)state;
  ops.caps.media = GIGABIT;
  regs[BMSR] = 1 << 8;
  assert_int_equal(phy_start(&nic, &phy), 0);
  assert_int_equal(regs[ANAR], 0x01e1);
  assert_int_equal(regs[GBCR], 1 << 9);
  phy_set_media(&nic, &phy, NIC_MEDIA_1000_FULL);
  assert_int_equal(regs[ANAR], 0x0001);
  assert_int_equal(regs[BMCR], 0x1200);
  nic.media = NIC_MEDIA_1000_FULL;
  regs[BMSR] = 1 << 8 | LINK | AN_COMPLETE;
  regs[GBSR] = 1 << 11;
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_ACTIVE);
  assert_int_equal(link.speed_mbps, 1000);
  assert_true(link.full_duplex);
  regs[ANAR] = 0x01e1;
  regs[GBSR] = 0; /* the partner is not capable of it */
  regs[ANLPAR] = 1 << 8;
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.speed_mbps, 100);
}

/* Registers 9 and 10 are its vendor's, if it has any (22.2.4, table 22-6). */
static void a_phy_for_100_on_a_mac_for_1000_has_no_gigabit(void **state) {
  struct nic_link link;

  (void)state;
  ops.caps.media = GIGABIT;
  assert_int_equal(phy_start(&nic, &phy), 0);
  regs[BMSR] = LINK | AN_COMPLETE;
  regs[ANLPAR] = 0x45e1;
  regs[GBSR] = 0xffff;
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_ACTIVE);
  assert_int_equal(link.speed_mbps, 100);
  assert_true(link.full_duplex);
}

/* 22.2.4.2.16: a PHY capable of more says so, and advertises it unless told not to. */
static void a_gigabit_is_not_offered_for_a_mac_that_has_none(void **state) {
  (void)state;
  regs[GBCR] = 1 << 9 | 1 << 8;
  regs[BMSR] = 1 << 8;
  assert_int_equal(phy_start(&nic, &phy), 0);
  assert_int_equal(regs[GBCR], 0);
}

/* After a reset, which shows in the control register only: the link would come up at a speed that
 * the MAC does not have. */
static void a_phy_that_was_reset_offers_no_gigabit_for_long(void **state) {
  static const uint16_t offers[] = {1 << 9, 1 << 8, 1 << 9 | 1 << 8}; /* full, half duplex */
  struct nic_link link;

  (void)state;
  regs[BMSR] = 1 << 8 | LINK | AN_COMPLETE;
  assert_int_equal(phy_start(&nic, &phy), 0);
  regs[ANLPAR] = 0x01e1;
  for (unsigned i = 0; i < sizeof offers / sizeof *offers; i++) {
    regs[BMCR] = 0x1140;
    regs[GBCR] = 1 << 10 | offers[i]; /* besides, what its straps say */
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.status, NIC_LINK_INACTIVE);
    assert_int_equal(regs[GBCR], 0);
    assert_int_equal(regs[BMCR], 0x1200);
    regs[GBCR] = 1 << 10; /* which may stay */
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.speed_mbps, 100);
    assert_int_equal(regs[GBCR], 1 << 10);
  }
}

/* Whatever its last master has left there: 10 Mbit/s, half duplex; 100 Mbit/s with PAUSE frames. */
static void all_that_there_is_is_offered(void **state) {
  static const uint16_t left[] = {0x0021, 0x0581, 0x0001, 0x8de1};

  (void)state;
  for (unsigned i = 0; i < sizeof left / sizeof *left; i++) {
    regs[ANAR] = left[i];
    assert_int_equal(phy_start(&nic, &phy), 0);
    assert_int_equal(regs[ANAR], 0x01e1);
  }
}

/* The best mode that both advertise (28.2.3.3): 100 half before 10 full. */
static void the_link_is_the_best_that_both_offer(void **state) {
  static const struct {
    unsigned ours, theirs, speed_mbps;
    bool full;
  } offers[] = {{0x01e0, 0x01e0, 100, true},  {0x01e0, 0x00a0, 100, false},
                {0x01e0, 0x0060, 10, true},   {0x01e0, 0x0020, 10, false},
                {0x01e0, 0x00c0, 100, false}, {0x0080, 0x01e0, 100, false},
                {0x0060, 0x0180, 10, false},  {0x0160, 0x00e0, 10, true}};
  struct nic_link link;

  (void)state;
  assert_int_equal(phy_start(&nic, &phy), 0);
  regs[BMSR] = LINK | AN_COMPLETE;
  for (unsigned i = 0; i < sizeof offers / sizeof *offers; i++) {
    regs[ANAR] = (uint16_t)offers[i].ours;
    regs[ANLPAR] = (uint16_t)offers[i].theirs;
    phy_link(&nic, &phy, &link);
    assert_int_equal(link.status, NIC_LINK_ACTIVE);
    assert_int_equal(link.speed_mbps, offers[i].speed_mbps);
    assert_int_equal(link.full_duplex, offers[i].full);
  }
}

static void without_carrier_negotiation_or_phy_there_is_no_link(void **state) {
  struct nic_link link;

  (void)state;
  assert_int_equal(phy_start(&nic, &phy), 0);
  regs[ANLPAR] = 0x01e0;
  regs[BMSR] = AN_COMPLETE;
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_INACTIVE);
  regs[BMSR] = LINK; /* is negotiated by now */
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_INACTIVE);
  regs[BMSR] = LINK | AN_COMPLETE;
  present = 9; /* it is gone: all ones, the link's bit among them */
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_INACTIVE);
}

/* After a loss the bit stays low until it has been read (22.2.4.2.13). */
static void a_link_that_was_lost_meanwhile_is_there(void **state) {
  struct nic_link link;

  (void)state;
  assert_int_equal(phy_start(&nic, &phy), 0);
  regs[BMSR] = LINK | AN_COMPLETE;
  regs[ANLPAR] = 0x01e0;
  latched = LINK;
  phy_link(&nic, &phy, &link);
  assert_int_equal(link.status, NIC_LINK_ACTIVE);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_phy_is_found_at_any_address, setup),
      cmocka_unit_test_setup(a_phy_that_answers_at_0_as_well_is_spoken_to_at_its_own_address,
                             setup),
      cmocka_unit_test_setup(an_identifier_may_begin_with_zeros, setup),
      cmocka_unit_test_setup(a_start_keeps_the_medium, setup),
      cmocka_unit_test_setup(none_is_an_error, setup),
      cmocka_unit_test_setup(a_medium_is_a_speed_and_a_duplex, setup),
      cmocka_unit_test_setup(a_gigabit_is_negotiated, setup),
      cmocka_unit_test_setup(a_phy_for_100_on_a_mac_for_1000_has_no_gigabit, setup),
      cmocka_unit_test_setup(a_gigabit_is_not_offered_for_a_mac_that_has_none, setup),
      cmocka_unit_test_setup(a_phy_that_was_reset_offers_no_gigabit_for_long, setup),
      cmocka_unit_test_setup(all_that_there_is_is_offered, setup),
      cmocka_unit_test_setup(the_link_is_the_best_that_both_offer, setup),
      cmocka_unit_test_setup(a_phy_that_was_reset_gets_its_medium_again, setup),
      cmocka_unit_test_setup(a_phy_that_lost_its_offer_makes_it_again, setup),
      cmocka_unit_test_setup(a_phy_that_cannot_negotiate_has_the_medium_that_is_set, setup),
      cmocka_unit_test_setup(a_phy_that_negotiates_is_left_alone, setup),
      cmocka_unit_test_setup(without_carrier_negotiation_or_phy_there_is_no_link, setup),
      cmocka_unit_test_setup(a_link_that_was_lost_meanwhile_is_there, setup),
  };

  return cmocka_run_group_tests_name("phy", tests, NULL, NULL);
}
