/* The LAN9118 driver under the datapath, against a register-level fake of the MAC. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "datapath.h"
#include "lan9118_rig.h"

static struct fake_lan9118 *const fake = &fifo_rig.fake;
static struct nic *const nic = &fifo_rig.lan9118.nic;

enum { PARTS_MAX = 12 };

static uint8_t first_byte_sent(unsigned i) {
  return fake->frames[i % FAKE_LAN9118_SENT_MAX].data[0];
}

/* ---- lifecycle ---- */

static void starts_quiet_and_is_enabled_with_its_address(void **state) {
  (void)state;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(fake->registers[0x5c / 4], 0); /* INT_EN */
  assert_int_equal(fake->mac[1] & 0xc, 0);        /* rx and tx */
  assert_false(host_irq_enabled(FAKE_LAN9118_IRQ));
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(fake->mac[3], 0x12000002);
  assert_int_equal(fake->mac[2], 0x5634);
  assert_int_equal(fake->mac[1] & ~(UINT32_C(1) << 23), 0x0010200c);
  assert_int_equal(fake->registers[0x54 / 4], 0x111); /* IRQ_CFG: on, high, push-pull */
  fifo_rig_check_conservation();
}

static void a_mac_or_phy_that_is_not_there_is_no_device(void **state) {
  bool *const troubles[] = {&fake->absent, &fake->never_ready, &fake->reset_hangs, &fake->csr_hangs,
                            &fake->mii_hangs};

  (void)state;
  for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
    *troubles[i] = true;
    assert_int_equal(nic_start(nic), -ENODEV);
    assert_int_equal(nic->state, NIC_INIT);
    *troubles[i] = false;
  }
  fake->phy_address = 40; /* nowhere */
  assert_int_equal(nic_start(nic), -ENODEV);
  fake->phy_address = 31;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(fifo_rig.lan9118.phy.address, 31);
}

/* It reads as all ones, which is not taken for frames or figures. */
static void a_mac_that_goes_away_leaves_the_interface_down(void **state) {
  (void)state;
  fake->absent = true;
  nic_watch(nic);
  fifo_rig_run();
  assert_int_equal(nic->state, NIC_STARTED);
  assert_false(nic_link_is_active(nic));
  assert_int_equal(nic->pool.free_count, RIG_PACKETS);
  assert_int_equal(nic->counters[NIC_IN_OVERFLOW], 0);
  fake->absent = false;
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_true(fifo_rig_wire(0));
  fifo_rig_run();
  assert_int_equal(fifo_rig.received, 1);
}

/* ---- transmit ---- */

/* Parts of any length and alignment, empty ones too: one frame, without a copy. */
static void a_chain_of_any_parts_leaves_as_one_frame(void **state) {
  (void)state;
  srand(4);
  for (unsigned round = 0; round < 3000; round++) {
    unsigned parts = 1 + round % PARTS_MAX, length = 0;
    uint8_t expected[2048];
    struct pbuf *frame = NULL;

    for (unsigned i = 0; i < parts; i++) {
      unsigned offset = (unsigned)rand() % 4;
      unsigned bytes =
          i == 0 ? 14 + (unsigned)rand() % 50 : (unsigned)rand() % (rand() % 2 ? 6 : 120);
      struct pbuf *part = fifo_rig_tx_part(i, offset, bytes);

      for (unsigned j = 0; j < bytes; j++)
        expected[length++] = fifo_rig.tx_memory[i][offset + j] = (uint8_t)rand();
      if (frame == NULL)
        frame = part;
      else
        pbuf_cat(frame, part);
    }
    assert_int_equal(datapath_transmit(nic, frame), 0);
    pbuf_free(frame);
    fifo_rig_run();
    assert_int_equal(fake->sent, round + 1);
    assert_int_equal(fake->frames[round % FAKE_LAN9118_SENT_MAX].length, length);
    assert_memory_equal(fake->frames[round % FAKE_LAN9118_SENT_MAX].data, expected, length);
  }
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  fifo_rig_check_conservation();
}

static void keeps_a_frame_until_its_status_has_come(void **state) {
  (void)state;
  fake->hold_tx = true;
  assert_int_equal(fifo_rig_transmit(0, 100), 0);
  fifo_rig_run();
  assert_int_equal(fifo_rig.tx_freed, 0);
  fake_lan9118_send(fake, 1);
  fifo_rig_run();
  assert_int_equal(fifo_rig.tx_freed, 1);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
}

/* Three full frames fill the FIFO long before the ring is full; the rest follows by itself. */
static void a_full_fifo_is_waited_for(void **state) {
  (void)state;
  fake->hold_tx = true;
  for (unsigned i = 0; i < 20; i++)
    assert_int_equal(fifo_rig_transmit(i, 1514), 0);
  fifo_rig_run();
  assert_int_equal(fake->written, FAKE_LAN9118_TX_BYTES / 1524);
  for (unsigned i = 0; i < 20; i++) {
    fake_lan9118_send(fake, 1);
    fifo_rig_run();
    assert_int_equal(fake->sent, i + 1);
    assert_int_equal(first_byte_sent(i), i);
  }
  assert_int_equal(fifo_rig.tx_freed, 20);
  assert_int_equal(nic_dropped(nic), 0);
  fifo_rig_check_conservation();
}

static void a_full_ring_and_queue_refuse_and_count(void **state) {
  unsigned accepted = 0;

  (void)state;
  fake->hold_tx = true;
  for (unsigned i = 0; i < 64; i++) {
    int error = fifo_rig_transmit(i, 100);

    if (error == 0)
      accepted++;
    else
      assert_int_equal(error, -ENOBUFS);
  }
  assert_int_equal(accepted, LAN9118_TX_FRAMES + RIG_DEPTH);
  assert_int_equal(nic->counters[NIC_OUT_QUEUE_FULL], 64 - accepted);
  for (unsigned i = 0; i < 10 && fake->sent < accepted; i++) {
    fake_lan9118_send(fake, 100);
    fifo_rig_run();
  }
  assert_int_equal(fake->sent, accepted);
  assert_int_equal(fifo_rig.tx_freed, 64);
  for (unsigned i = 0; i < accepted; i++)
    assert_int_equal(first_byte_sent(i), i);
  fifo_rig_check_conservation();
}

static void a_frame_that_the_mac_gave_up_is_counted(void **state) {
  (void)state;
  fake->tx_error = 1 << 15 | 1 << 8; /* sixteen collisions */
  assert_int_equal(fifo_rig_transmit(0, 100), 0);
  fifo_rig_run();
  assert_int_equal(fifo_rig.tx_freed, 1);
  assert_int_equal(nic->counters[NIC_OUT_ERROR], 1);
  assert_int_equal(nic_dropped(nic), 1);
}

/* ---- both ---- */

static void a_reset_brings_both_sides_into_step(void **state) {
  static const uint32_t causes[] = {1 << 10, 1 << 13, 1 << 14, 1 << 16}; /* TDFO TXE RXE TXSO */
  unsigned resets;

  (void)state;
  for (unsigned i = 0; i < 4; i++) {
    resets = fake->resets;
    fake_lan9118_raise(fake, causes[i]);
    fifo_rig_run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], i + 1);
    assert_int_equal(fake->resets, resets + 1);
    assert_true(fifo_rig_wire(fifo_rig.received));
    fifo_rig_run();
    assert_int_equal(fifo_rig.received, i + 1);
    fifo_rig_check_conservation();
  }
  fake->rx_status[fake->rx_status_head % FAKE_LAN9118_RX_STATUSES] = UINT32_C(3000) << 16;
  fake->rx_status_used = 1; /* a length that no frame has */
  nic_watch(nic);
  fifo_rig_run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 5);
  assert_int_equal(nic->counters[NIC_IN_ERROR], 1);
  fake->tx_error = UINT32_C(1) << 20; /* another frame's tag */
  assert_int_equal(fifo_rig_transmit(0, 100), 0);
  fifo_rig_run();
  nic_watch(nic);
  fifo_rig_run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 6);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], 1);
  assert_int_equal(fifo_rig.tx_freed, 1);
  fake->tx_error = 0;
  assert_int_equal(fifo_rig_transmit(1, 100), 0);
  fifo_rig_run();
  assert_int_equal(fifo_rig.tx_freed, 2);
  fifo_rig_check_conservation();
}

/* Sent, unsent and queued frames, posted and received buffers: all come back and are counted. */
static void a_stop_in_mid_flight_gets_every_buffer_back(void **state) {
  (void)state;
  for (unsigned round = 0; round < 50; round++) {
    const unsigned sent = round % 16, came = round % 17, before = nic_dropped(nic);

    fifo_rig.received = 0;
    fifo_rig.tx_freed = 0;
    fake->hold_tx = true;
    for (unsigned i = 0; i < 30; i++)
      assert_int_equal(fifo_rig_transmit(i, 100), 0);
    fifo_rig_run();
    fake_lan9118_send(fake, sent);
    for (unsigned i = 0; i < came; i++)
      assert_true(fifo_rig_wire_of(i, 60, 0));
    assert_int_equal(nic_set_interface_enable(nic, false), 0);
    assert_int_equal(nic->pool.free_count, RIG_PACKETS);
    assert_int_equal(fifo_rig.tx_freed, 30);
    assert_int_equal(nic_dropped(nic) - before, 30 - sent + came);
    assert_false(fifo_rig_wire(0)); /* the receiver is off */
    assert_int_equal(fake->bad_accesses, 0);
    fifo_rig_run();

    assert_int_equal(nic_set_interface_enable(nic, true), 0);
    fake->hold_tx = false;
    assert_true(fifo_rig_wire(fifo_rig.received));
    assert_int_equal(fifo_rig_transmit(0, 60), 0);
    fifo_rig_run();
    assert_int_equal(fifo_rig.received, 1);
    assert_int_equal(fifo_rig.tx_freed, 31);
    fifo_rig_check_conservation();
  }
}

static void follows_the_link_and_its_duplex(void **state) {
  (void)state;
  fake->link = false;
  nic_poll_link(nic);
  assert_false(nic_link_is_active(nic));
  assert_int_equal(fifo_rig_transmit(0, 60), -ENETDOWN);
  fake->link = true;
  fake->partner = 0x0021; /* 10 Mbit/s, half duplex */
  nic_poll_link(nic);
  assert_int_equal(nic->link.speed_mbps, 10);
  assert_int_equal(fake->mac[1] & (1 << 20 | 1 << 23), 1 << 23);
  fake->partner = 0x0f71;
  nic_poll_link(nic);
  assert_int_equal(fake->mac[1] & (1 << 20 | 1 << 23), 1 << 20);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_10_FULL), 0);
  assert_int_equal(fake->phy_control, 0x0100);
  fake->phy_control = 0x3000; /* what the emulator's reset does to it */
  assert_int_equal(nic_recover(nic), 0);
  assert_int_equal(fake->phy_control, 0x0100);
  fifo_rig_check_conservation();
}

/* True if a frame to `destination` reaches the FIFO. */
static bool lets_in(const uint8_t destination[6]) {
  uint8_t frame[60] = {0};
  unsigned before = fake->rx_filtered;

  memcpy(frame, destination, 6);
  fifo_rig.hoard = 0;
  assert_true(
      fake_lan9118_receive(fake, frame, sizeof frame, RIG_CRC_ERROR)); /* not for the stack */
  fifo_rig_run();
  return fake->rx_filtered == before;
}

static void filters_addresses(void **state) {
  static const uint8_t other[6] = {2, 0, 0, 0x12, 0x34, 0x57};
  static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  uint8_t group[6] = {1, 0, 0x5e, 0, 0, 0};
  unsigned let_in = 0;

  (void)state;
  assert_true(lets_in(fifo_rig_station));
  assert_true(lets_in(broadcast));
  assert_false(lets_in(other));
  for (unsigned i = 0; i < 200; i++) {
    group[4] = (uint8_t)(i * 5);
    group[5] = (uint8_t)i;
    assert_false(lets_in(group));
    assert_int_equal(nic_join_group(nic, group), 0);
    assert_true(lets_in(group));
    group[3] = 1; /* another group, which has another hash but for one in 64 */
    let_in += lets_in(group);
    group[3] = 0;
    assert_int_equal(nic_leave_group(nic, group), 0);
  }
  assert_true(let_in < 20);
  nic_set_all_multicast(nic, true);
  assert_true(lets_in(group));
  assert_false(lets_in(other));
  nic_set_all_multicast(nic, false);
  assert_false(lets_in(group));
  assert_int_equal(nic_set_promiscuous(nic, true), 0);
  assert_true(lets_in(other));
  assert_int_equal(nic_recover(nic), 0);
  assert_true(lets_in(other)); /* the filter outlives a reset */
  assert_int_equal(nic_set_promiscuous(nic, false), 0);
  assert_false(lets_in(other));
  fifo_rig_check_conservation();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(starts_quiet_and_is_enabled_with_its_address, fifo_rig_setup),
      cmocka_unit_test_setup(a_mac_or_phy_that_is_not_there_is_no_device, fifo_rig_setup),
      cmocka_unit_test_setup(a_mac_that_goes_away_leaves_the_interface_down,
                             fifo_rig_setup_enabled),
      cmocka_unit_test_setup(a_chain_of_any_parts_leaves_as_one_frame, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(keeps_a_frame_until_its_status_has_come, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(a_full_fifo_is_waited_for, fifo_rig_setup_enabled),
      {"a_full_fifo_is_waited_for, edges", a_full_fifo_is_waited_for, fifo_rig_setup_edges, NULL,
       NULL},
      cmocka_unit_test_setup(a_full_ring_and_queue_refuse_and_count, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(a_frame_that_the_mac_gave_up_is_counted, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(a_reset_brings_both_sides_into_step, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(a_stop_in_mid_flight_gets_every_buffer_back, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(follows_the_link_and_its_duplex, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(filters_addresses, fifo_rig_setup_enabled),
  };

  return cmocka_run_group_tests_name("lan9118", tests, NULL, NULL);
}
