/* The i.MX ENET driver: transmission of frames in several parts, checksums, stops, errors. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "imx_enet_rig.h"
#include "lwip/init.h"

enum {
  TX_RING = IMX_ENET_TX_DESCRIPTORS,
  IINS = 1 << 27,
  PINS = 1 << 28,
};

static struct nic *const nic = &enet.nic;

static void check_sent(unsigned number, unsigned parts, unsigned length, uint8_t first) {
  unsigned slot = number % FAKE_ENET_SENT_MAX;

  assert_int_equal(fake_enet.frames[slot].parts, parts);
  assert_int_equal(fake_enet.frames[slot].length, length);
  for (unsigned i = 0; i < length; i++)
    assert_int_equal(fake_enet.frames[slot].data[i], (uint8_t)(first + i));
}

static void a_chain_of_any_number_of_parts_leaves_as_one_frame(void **state) {
  unsigned sent = 0;

  (void)state;
  for (unsigned round = 0; round < 50; round++) {
    for (unsigned parts = 1; parts <= nic->ops->caps.tx_fragments_max; parts++) {
      bool gap = parts > 1 && round % 3 == 0; /* an empty part has no descriptor */
      uint8_t first = (uint8_t)rig_tx_made;
      struct pbuf *frame = rig_tx_chain(parts, gap);
      unsigned length = frame->tot_len;

      rig_transmit(frame);
      rig_run();
      assert_int_equal(fake_enet.sent, ++sent);
      check_sent(sent - 1, parts - gap, length, first);
      assert_int_equal(rig_tx_freed, rig_tx_made);
      enet_check();
    }
  }
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 0); /* it was done before anyone slept */
}

static void look(void) { fake_imx_enet_look(&fake_enet); }

/* A device that is sending does not wait for a doorbell: it takes what is its own. */
static void the_device_may_look_while_a_frame_is_given_over(void **state) {
  (void)state;
  host_on_publish = look;
  for (unsigned parts = 1; parts <= nic->ops->caps.tx_fragments_max; parts++) {
    uint8_t first = (uint8_t)rig_tx_made;
    struct pbuf *frame = rig_tx_chain(parts, false);
    unsigned length = frame->tot_len;

    rig_transmit(frame);
    rig_run();
    assert_int_equal(fake_enet.sent, parts);
    check_sent(parts - 1, parts, length, first);
    assert_int_equal(rig_tx_freed, rig_tx_made);
    enet_check();
  }
}

static void a_longer_chain_is_copied(void **state) {
  unsigned parts = nic->ops->caps.tx_fragments_max + 1u;
  struct pbuf *frame = rig_tx_chain(parts, false);
  unsigned length = frame->tot_len;

  (void)state;
  rig_transmit(frame);
  rig_run();
  check_sent(0, 1, length, 0);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
  assert_int_equal(rig_tx_freed, rig_tx_made);
}

/* Chains that the ring holds in part only, at any place of it, and some that wait for room. */
static void chains_wrap_and_wait_for_room(void **state) {
  uint8_t first[512];
  unsigned length[512], parts[512], made = 0;

  (void)state;
  fake_enet.hold_tx = true;
  for (unsigned round = 0; round < 100; round++) {
    for (unsigned i = 0; i < 3 + round % 3; i++, made++) {
      struct pbuf *frame;

      parts[made] = 1 + (round + 5 * i) % nic->ops->caps.tx_fragments_max;
      first[made] = (uint8_t)rig_tx_made;
      frame = rig_tx_chain(parts[made], false);
      length[made] = frame->tot_len;
      rig_transmit(frame);
    }
    rig_run();
    while (fake_enet.sent < made) {
      unsigned before = fake_enet.sent;

      fake_imx_enet_send(&fake_enet, 1 + round % 4);
      assert_true(fake_enet.sent > before);
      for (unsigned i = before; i < fake_enet.sent; i++)
        check_sent(i, parts[i], length[i], first[i]);
      rig_run();
    }
    assert_int_equal(rig_tx_freed, rig_tx_made);
    enet_check();
  }
  assert_int_equal(nic->counters[NIC_TX_TIMEOUTS], 0);
}

static void a_full_ring_and_queue_refuse_and_count(void **state) {
  enum { MADE = 120 };
  unsigned accepted = 0;

  (void)state;
  fake_enet.hold_tx = true;
  for (unsigned i = 0; i < MADE; i++) {
    struct pbuf *frame = rig_tx_chain(2, false);
    int error = datapath_transmit(nic, frame);

    pbuf_free(frame);
    if (error == 0)
      accepted++;
    else
      assert_int_equal(error, -ENOBUFS);
  }
  assert_int_equal(accepted, TX_RING / 2 + RIG_DEPTH);
  assert_int_equal(ring_count(&nic->tx_ring.ring), TX_RING / 2);
  assert_int_equal(nic->counters[NIC_OUT_QUEUE_FULL], MADE - accepted);
  for (unsigned i = 0; i < 10 && fake_enet.sent < accepted; i++) {
    fake_imx_enet_send(&fake_enet, UINT32_MAX);
    rig_run();
  }
  assert_int_equal(fake_enet.sent, accepted);
  assert_int_equal(rig_tx_freed, rig_tx_made);
  enet_check();
}

static void a_kick_that_is_lost_is_made_again(void **state) {
  (void)state;
  fake_enet.lose_kick = true;
  rig_transmit(rig_tx_chain(3, false));
  rig_run();
  assert_int_equal(fake_enet.sent, 0);
  nic_watch(nic);
  rig_run();
  assert_int_equal(fake_enet.sent, 1);
  assert_int_equal(rig_tx_freed, 3);
  assert_int_equal(nic->counters[NIC_TX_TIMEOUTS], 0);
}

/* Completed, half-completed and queued frames, posted and received buffers: all come back, and the
 * rings start from their bases. */
static void a_stop_in_mid_flight_gets_every_buffer_back(void **state) {
  (void)state;
  for (unsigned round = 0; round < 50; round++) {
    unsigned sent = fake_enet.sent;

    rig_received = 0;
    fake_enet.hold_tx = true;
    fake_enet.stop_hangs = round % 5 == 4;
    for (unsigned i = 0; i < 30; i++)
      rig_transmit(rig_tx_chain(1 + i % 4, false));
    rig_run();
    fake_imx_enet_send(&fake_enet, round % 16);
    for (unsigned i = 0; i < round % 17; i++)
      rig_wire(i);
    assert_int_equal(nic_set_interface_enable(nic, false), 0);
    assert_int_equal(nic->pool.free_count, RIG_PACKETS);
    assert_int_equal(rig_tx_freed, rig_tx_made);
    assert_false(rig_wire(0)); /* the device is quiet */
    assert_int_equal(fake_enet.sent - sent, round % 16);
    rig_run();
    enet_check();

    assert_int_equal(nic_set_interface_enable(nic, true), 0);
    fake_enet.hold_tx = false;
    assert_true(rig_wire(rig_received));
    rig_transmit(rig_tx_chain(3, false));
    rig_run();
    assert_int_equal(rig_received, 1);
    assert_int_equal(rig_tx_freed, rig_tx_made);
    enet_check();
  }
}

static void a_stop_accounts_for_every_frame(void **state) {
  (void)state;
  fake_enet.hold_tx = true;
  for (unsigned i = 0; i < 30; i++)
    rig_transmit(rig_tx_chain(2, false));
  rig_run();
  fake_imx_enet_send(&fake_enet, 5);
  for (unsigned i = 0; i < 7; i++)
    rig_wire(i);
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], 25);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], 7);
  assert_int_equal(nic_dropped(nic), 32);
}

/* ---- checksums ---- */

/* A frame of IPv4 with the given protocol, fragment field and header checksum; the checksum of what
 * is in it is made where nobody inserts it. */
static void transmit_ip4(uint8_t protocol, uint16_t fragment, uint16_t checksum) {
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, 60, PBUF_RAM);
  uint8_t *bytes = frame->payload;

  memset(bytes, 0, 60);
  bytes[0] = 2;
  bytes[12] = 0x08;
  bytes[14] = 0x45;
  bytes[20] = (uint8_t)(fragment >> 8);
  bytes[21] = (uint8_t)fragment;
  bytes[23] = protocol;
  bytes[24] = (uint8_t)(checksum >> 8);
  bytes[25] = (uint8_t)checksum;
  if (protocol == 1) /* ICMP's, made by lwIP */
    bytes[36] = 0x5a;
  rig_transmit(frame);
  rig_run();
}

static void checksums_are_inserted_where_lwip_leaves_them_out(void **state) {
  static const struct {
    uint16_t fragment, checksum;
    uint8_t protocol;
    uint32_t options;
  } frames[] = {
      {0, 0, 6, IINS | PINS},
      {0, 0, 17, IINS | PINS},
      {0x4000, 0, 6, IINS | PINS}, /* don't fragment */
      {0x2000, 0, 17, IINS},       /* more fragments: lwIP has cut it up, and made it */
      {0x00b9, 0, 17, IINS},       /* a later fragment */
      {0x0100, 0, 17, IINS},
      {0, 0, 1, IINS},    /* ICMP: lwIP makes it */
      {0, 0, 2, IINS},    /* IGMP */
      {0, 0x1234, 17, 0}, /* not from lwIP */
      {0, 0x0001, 6, 0},
  };

  (void)state;
  for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
    transmit_ip4(frames[i].protocol, frames[i].fragment, frames[i].checksum);
    assert_int_equal(fake_enet.sent, i + 1);
    assert_int_equal(fake_enet.frames[i].options & (IINS | PINS), frames[i].options);
    enet_check();
  }
}

static void what_is_not_ip4_is_left_alone(void **state) {
  static const uint8_t types[][2] = {{0x08, 0x06}, {0x86, 0xdd}, {0x88, 0x00}, {0x81, 0x00}};

  (void)state;
  for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, 60, PBUF_RAM);

    memset(frame->payload, 0, 60);
    memcpy((uint8_t *)frame->payload + 12, types[i], 2);
    rig_transmit(frame);
    rig_run();
    assert_int_equal(fake_enet.frames[i].options & (IINS | PINS), 0);
  }
  enet_check();
}

/* ---- errors ---- */

/* The frame is lost and counted, those behind it go out. */
static void a_frame_that_is_not_sent_is_counted_and_the_next_goes_out(void **state) {
  static const struct {
    uint32_t errors, event;
  } failures[] = {
      {1 << 15 | 1 << 13, 1 << 19}, /* underrun */
      {1 << 15 | 1 << 12, 1 << 20}, /* too many collisions */
      {1 << 15 | 1 << 10, 1 << 21}, /* a late collision */
      {1 << 15 | 1 << 11, 0},       /* told by nothing but the descriptor */
      {1 << 15 | 1 << 8, 1 << 16},
  };

  (void)state;
  for (unsigned i = 0; i < sizeof failures / sizeof *failures; i++) {
    unsigned sent = fake_enet.sent;

    fake_enet.hold_tx = true;
    for (unsigned frame = 0; frame < 5; frame++)
      rig_transmit(rig_tx_chain(2, false));
    rig_run();
    fake_imx_enet_send(&fake_enet, 2);
    fake_imx_enet_fail(&fake_enet, failures[i].errors, failures[i].event);
    rig_run();
    assert_int_equal(nic->counters[NIC_OUT_ERROR], i + 1);
    fake_imx_enet_send(&fake_enet, 2);
    rig_run();
    assert_int_equal(fake_enet.sent, sent + 4);
    assert_int_equal(rig_tx_freed, rig_tx_made);
    assert_int_equal(nic_dropped(nic), i + 1);
    enet_check();
  }
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
}

/* Two errors that only a restart cures: what was not sent is counted. */
static void an_overflow_or_bus_error_is_cured_by_a_restart(void **state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    unsigned sent = fake_enet.sent;

    fake_enet.hold_tx = true;
    for (unsigned frame = 0; frame < 5; frame++)
      rig_transmit(rig_tx_chain(3, false));
    rig_run();
    fake_imx_enet_send(&fake_enet, 1);
    if (i == 0)
      fake_imx_enet_fail(&fake_enet, 1 << 15 | 1 << 9, 0);
    else
      fake_imx_enet_report(&fake_enet, 1 << 22);
    rig_run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], i + 1);
    assert_int_equal(nic_dropped(nic), 4 * (i + 1));
    assert_int_equal(rig_tx_freed, rig_tx_made);
    fake_enet.hold_tx = false;
    rig_transmit(rig_tx_chain(2, false));
    assert_true(rig_wire(i));
    rig_run();
    assert_int_equal(fake_enet.sent, sent + 2);
    assert_int_equal(rig_received, i + 1);
    enet_check();
  }
  assert_int_equal(nic->counters[NIC_OUT_ERROR], 1);
}

static void a_transmitter_that_hangs_is_restarted(void **state) {
  (void)state;
  fake_enet.hold_tx = true;
  rig_transmit(rig_tx_chain(2, false));
  rig_run();
  for (unsigned i = 0; i <= NIC_TX_TIMEOUT_MS / NIC_WATCH_MS; i++) {
    nic_watch(nic);
    rig_run();
  }
  assert_int_equal(nic->counters[NIC_TX_TIMEOUTS], 1);
  assert_int_equal(nic->counters[NIC_RECOVERIES], 1);
  fake_enet.hold_tx = false;
  rig_transmit(rig_tx_chain(2, false));
  rig_run();
  assert_int_equal(fake_enet.sent, 1);
  assert_int_equal(rig_tx_freed, rig_tx_made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_chain_of_any_number_of_parts_leaves_as_one_frame,
                             enet_setup_enabled),
      cmocka_unit_test_setup(the_device_may_look_while_a_frame_is_given_over, enet_setup_enabled),
      cmocka_unit_test_setup(a_longer_chain_is_copied, enet_setup_enabled),
      cmocka_unit_test_setup(chains_wrap_and_wait_for_room, enet_setup_enabled),
      cmocka_unit_test_setup(a_full_ring_and_queue_refuse_and_count, enet_setup_enabled),
      cmocka_unit_test_setup(a_kick_that_is_lost_is_made_again, enet_setup_enabled),
      cmocka_unit_test_setup(a_stop_in_mid_flight_gets_every_buffer_back, enet_setup_enabled),
      cmocka_unit_test_setup(a_stop_accounts_for_every_frame, enet_setup_enabled),
      cmocka_unit_test_setup(checksums_are_inserted_where_lwip_leaves_them_out, enet_setup_enabled),
      cmocka_unit_test_setup(what_is_not_ip4_is_left_alone, enet_setup_enabled),
      cmocka_unit_test_setup(a_frame_that_is_not_sent_is_counted_and_the_next_goes_out,
                             enet_setup_enabled),
      cmocka_unit_test_setup(an_overflow_or_bus_error_is_cured_by_a_restart, enet_setup_enabled),
      cmocka_unit_test_setup(a_transmitter_that_hangs_is_restarted, enet_setup_enabled),
  };

  lwip_init();
  return cmocka_run_group_tests_name("imx_enet_tx", tests, NULL, NULL);
}
