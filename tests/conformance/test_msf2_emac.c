/* The SmartFusion2 MAC driver under the datapath, against a register-level fake of the MAC. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "datapath.h"
#include "fake_msf2_emac.h"
#include "msf2_emac.h"
#include "nic.h"
#include "port.h"

enum {
  PACKETS = 24, /* more than the ring, so that some rest */
  BUFFER = 1536,
  DEPTH = 32,
  FRAME = 200,
};

static struct fake_msf2_emac fake;
static struct msf2_emac emac;
static struct nic *const nic = &emac.nic;
static struct dispatch_queue dispatch;
static _Alignas(32) uint8_t memory[NIC_MEMORY_BYTES(PACKETS, BUFFER, 0, 32, DEPTH)];
static _Alignas(8) uint8_t tx_memory[64][256];
static struct pbuf_custom tx_pbufs[64];
static unsigned tx_freed;

static struct nic_config config = {
    .ops = &msf2_emac_ops,
    .base = FAKE_MSF2_BASE,
    .irq = FAKE_MSF2_IRQ,
    .pool = {.packets = PACKETS, .buffer_size = BUFFER, .alignment = 32, .held_max = PACKETS},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = DEPTH,
    .batch = 8,
    .budget = 16,
    .mac = {2, 0, 0, 0x12, 0x34, 0x56},
};

/* The stack: it checks that frames come in order, and keeps the first `hoard` of them. */
static unsigned received, hoard, hoarded;
static struct pbuf *hoarded_frames[PACKETS];

static void input(struct nic *from, struct pbuf *frame) {
  uint32_t number;

  assert_ptr_equal(from, nic);
  memcpy(&number, (uint8_t *)frame->payload + 14, sizeof number);
  assert_int_equal(number, received);
  assert_int_equal(frame->tot_len, FRAME);
  received++;
  if (hoarded < hoard)
    hoarded_frames[hoarded++] = frame;
  else
    pbuf_free(frame);
}

static void interrupt(void *context) { nic_interrupt(context); }

static int setup(void **state) {
  (void)state;
  host_reset();
  memset(&dispatch, 0, sizeof dispatch);
  memset(&emac, 0, sizeof emac);
  received = hoard = hoarded = tx_freed = 0;
  fake_msf2_emac_attach(&fake);
  host_connect_irq(FAKE_MSF2_IRQ, interrupt, nic);
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  nic->input = input;
  return 0;
}

static int setup_enabled(void **state) {
  setup(state);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_true(nic_link_is_active(nic));
  return 0;
}

/* The main loop, until nothing is left to do. */
static void run(void) {
  for (unsigned turns = 0; dispatch_run(&dispatch); turns++)
    assert_true(turns < 1000);
}

static void check_conservation(void) {
  assert_int_equal(nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                       ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion) +
                       nic->pool.held,
                   PACKETS);
  assert_int_equal(fake.bad_accesses, 0);
}

static bool wire(uint32_t number) {
  uint8_t frame[FRAME] = {2, 0, 0, 0x12, 0x34, 0x56};

  memcpy(frame + 14, &number, sizeof number);
  return fake_msf2_emac_receive(&fake, frame, sizeof frame);
}

static void tx_free(struct pbuf *pbuf) {
  (void)pbuf;
  tx_freed++;
}

/* Frame number `i` of the stack, with one reference that the caller keeps. */
static struct pbuf *tx_frame(unsigned i) {
  struct pbuf *frame;

  tx_pbufs[i % 64].custom_free_function = tx_free;
  memset(tx_memory[i % 64], (int)i, 256);
  frame = pbuf_alloced_custom(PBUF_RAW, 100, PBUF_RAM, &tx_pbufs[i % 64], tx_memory[i % 64], 256);
  assert_non_null(frame);
  return frame;
}

static void starts_quiet_and_is_enabled_with_its_address(void **state) {
  (void)state;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(fake.registers[0x18c / 4], 0); /* rx DMA */
  assert_int_equal(fake.registers[0x198 / 4], 0); /* interrupts */
  assert_false(host_irq_enabled(FAKE_MSF2_IRQ));
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(fake.registers[0x40 / 4], 0x02000012);
  assert_int_equal(fake.registers[0x44 / 4], 0x34560000);
}

static void a_mac_or_phy_that_is_not_there_is_no_device(void **state) {
  (void)state;
  fake.phy_address = 40; /* nowhere */
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_int_equal(nic->state, NIC_INIT);
  fake.phy_address = 31;
  fake.modules_dead = true;
  assert_int_equal(nic_start(nic), -ENODEV);
  fake.modules_dead = false;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(emac.phy.address, 31);
}

static void receives_in_order_round_and_round_the_ring(void **state) {
  uint32_t number = 0;

  (void)state;
  srand(3);
  while (number < 5000) {
    unsigned burst = (unsigned)rand() % (MSF2_EMAC_RX_DESCRIPTORS + 1);

    for (unsigned i = 0; i < burst; i++)
      assert_true(wire(number++));
    run();
    assert_int_equal(received, number);
    check_conservation();
  }
  assert_int_equal(fake.rx_dropped, 0);
  assert_int_equal(nic->counters[NIC_IN_UCAST_PKTS], 5000 + (number - 5000));
  assert_int_equal(nic->counters[NIC_IN_OCTETS], number * FRAME);
}

/* What the model dies of when RX_DESCRIPTOR is not written again: it goes on at the ring's base. */
static void goes_on_after_an_overflow_at_any_place_of_the_ring(void **state) {
  uint32_t number = 0;

  (void)state;
  for (unsigned round = 0; round < 100; round++) {
    for (unsigned i = 0; i < MSF2_EMAC_RX_DESCRIPTORS; i++)
      assert_true(wire(number++));
    assert_true(wire(number)); /* it finds no descriptor and is lost */
    assert_int_equal(fake.rx_dropped, round + 1);
    assert_false(wire(number)); /* reception has stopped */
    run();
    assert_int_equal(received, number);
    assert_true(wire(number++)); /* and goes on */
    run();
    assert_int_equal(received, number);
    for (unsigned i = 0; i < round % 7; i++)
      assert_true(wire(number++));
    run();
    check_conservation();
  }
  assert_int_equal(nic->counters[NIC_IN_OVERFLOW], 100);
}

/* The stack holds everything: reception stops, loses no buffer, and the first that comes back
 * starts it again. */
static void goes_on_when_the_stack_gives_back_what_it_hoards(void **state) {
  uint32_t number = 0;

  (void)state;
  hoard = PACKETS;
  while (hoarded < PACKETS) {
    assert_true(wire(number++));
    run();
  }
  assert_int_equal(ring_count(&nic->rx_ring.ring), 0);
  assert_true(wire(number)); /* lost: no descriptor */
  run();
  assert_false(wire(number));
  check_conservation();
  hoard = 0;
  for (unsigned i = 0; i < 3; i++) {
    pbuf_free(hoarded_frames[--hoarded]);
    run();
    assert_true(wire(number++));
    run();
    assert_int_equal(received, number);
    check_conservation();
  }
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
  run();
  assert_int_equal(nic->pool.held, 0);
  assert_int_equal(ring_count(&nic->rx_ring.ring), MSF2_EMAC_RX_DESCRIPTORS);
}

static void sends_in_order_without_a_copy(void **state) {
  (void)state;
  for (unsigned i = 0; i < 1000; i++) {
    struct pbuf *frame = tx_frame(i);

    assert_int_equal(datapath_transmit(nic, frame), 0);
    pbuf_free(frame); /* the datapath has a reference of its own */
    if (i % 5 == 4)
      run();
  }
  run();
  assert_int_equal(fake.sent, 1000);
  assert_int_equal(tx_freed, 1000);
  for (unsigned i = 1000 - FAKE_MSF2_SENT_MAX; i < 1000; i++) {
    assert_int_equal(fake.frames[i % FAKE_MSF2_SENT_MAX].length, 100);
    assert_int_equal(fake.frames[i % FAKE_MSF2_SENT_MAX].data[99], (uint8_t)i);
  }
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 0); /* it was done before anyone slept */
}

static void keeps_a_frame_until_the_dma_is_done(void **state) {
  struct pbuf *frame = tx_frame(0);

  (void)state;
  fake.hold_tx = true;
  assert_int_equal(datapath_transmit(nic, frame), 0);
  pbuf_free(frame);
  run();
  assert_int_equal(tx_freed, 0);
  fake_msf2_emac_send(&fake, 2); /* the second finds nothing: it interrupts */
  run();
  assert_int_equal(tx_freed, 1);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
}

static void a_full_ring_and_queue_refuse_and_count(void **state) {
  unsigned accepted = 0;

  (void)state;
  fake.hold_tx = true;
  for (unsigned i = 0; i < 64; i++) {
    struct pbuf *frame = tx_frame(i);
    int error = datapath_transmit(nic, frame);

    pbuf_free(frame);
    if (error == 0)
      accepted++;
    else
      assert_int_equal(error, -ENOBUFS);
  }
  assert_int_equal(accepted, MSF2_EMAC_TX_DESCRIPTORS + DEPTH);
  assert_int_equal(nic->counters[NIC_OUT_QUEUE_FULL], 64 - accepted);
  assert_int_equal(tx_freed, 64 - accepted);
  for (unsigned i = 0; i < 10 && fake.sent < accepted; i++) {
    fake_msf2_emac_send(&fake, 100);
    run();
  }
  assert_int_equal(fake.sent, accepted);
  assert_int_equal(tx_freed, 64);
  for (unsigned i = 0; i < accepted; i++)
    assert_int_equal(fake.frames[i % FAKE_MSF2_SENT_MAX].data[0], i);
}

/* Completed, half-completed and queued frames, posted and received buffers: all come back. */
static void a_stop_in_mid_flight_gets_every_buffer_back(void **state) {
  (void)state;
  for (unsigned round = 0; round < 50; round++) {
    unsigned sent = fake.sent;

    received = 0;
    fake.hold_tx = true;
    tx_freed = 0;
    for (unsigned i = 0; i < 30; i++) {
      struct pbuf *frame = tx_frame(i);

      assert_int_equal(datapath_transmit(nic, frame), 0);
      pbuf_free(frame);
    }
    run();
    fake_msf2_emac_send(&fake, round % 16);
    for (unsigned i = 0; i < round % 17; i++)
      wire(i);
    assert_int_equal(nic_set_interface_enable(nic, false), 0);
    assert_int_equal(nic->state, NIC_STARTED);
    assert_false(nic_link_is_active(nic));
    assert_int_equal(nic->pool.free_count, PACKETS);
    assert_int_equal(tx_freed, 30);
    assert_int_equal(fake.bad_accesses, 0);
    assert_false(wire(0)); /* the device is quiet */
    assert_int_equal(fake.sent - sent, round % 16);
    run();

    assert_int_equal(nic_set_interface_enable(nic, true), 0);
    fake.hold_tx = false;
    assert_true(wire(received));
    run();
    assert_int_equal(received, 1);
    check_conservation();
  }
}

static void a_stop_accounts_for_every_frame(void **state) {
  (void)state;
  fake.hold_tx = true;
  for (unsigned i = 0; i < 30; i++) {
    struct pbuf *frame = tx_frame(i);

    assert_int_equal(datapath_transmit(nic, frame), 0);
    pbuf_free(frame);
  }
  run();
  fake_msf2_emac_send(&fake, 5);
  for (unsigned i = 0; i < 7; i++)
    wire(i);
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], 25);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], 7);
  assert_int_equal(nic_dropped(nic), 32);
}

static void a_bus_error_is_cured_by_a_reset(void **state) {
  (void)state;
  fake_msf2_emac_bus_error(&fake);
  assert_false(wire(0));
  run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 1);
  assert_true(wire(0));
  run();
  assert_int_equal(received, 1);
  check_conservation();
}

static void follows_the_link(void **state) {
  struct pbuf *frame = tx_frame(0);

  (void)state;
  fake.link = false;
  nic_poll_link(nic);
  assert_false(nic_link_is_active(nic));
  assert_int_equal(datapath_transmit(nic, frame), -ENETDOWN);
  assert_int_equal(nic->counters[NIC_OUT_LINK_DOWN], 1);
  fake.link = true;
  nic_poll_link(nic);
  assert_int_equal(nic->link.speed_mbps, 100);
  assert_true(nic->link.full_duplex);
  assert_int_equal(datapath_transmit(nic, frame), 0);
  pbuf_free(frame);
  run();
  assert_int_equal(tx_freed, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(starts_quiet_and_is_enabled_with_its_address, setup),
      cmocka_unit_test_setup(a_mac_or_phy_that_is_not_there_is_no_device, setup),
      cmocka_unit_test_setup(receives_in_order_round_and_round_the_ring, setup_enabled),
      cmocka_unit_test_setup(goes_on_after_an_overflow_at_any_place_of_the_ring, setup_enabled),
      cmocka_unit_test_setup(goes_on_when_the_stack_gives_back_what_it_hoards, setup_enabled),
      cmocka_unit_test_setup(sends_in_order_without_a_copy, setup_enabled),
      cmocka_unit_test_setup(keeps_a_frame_until_the_dma_is_done, setup_enabled),
      cmocka_unit_test_setup(a_full_ring_and_queue_refuse_and_count, setup_enabled),
      cmocka_unit_test_setup(a_stop_in_mid_flight_gets_every_buffer_back, setup_enabled),
      cmocka_unit_test_setup(a_stop_accounts_for_every_frame, setup_enabled),
      cmocka_unit_test_setup(a_bus_error_is_cured_by_a_reset, setup_enabled),
      cmocka_unit_test_setup(follows_the_link, setup_enabled),
  };

  return cmocka_run_group_tests_name("msf2_emac", tests, NULL, NULL);
}
