/* The simulated peer's TCP session, segment by segment: anything but an echo of what it has sent
 * ends it with a reset, except what is late or duplicate. */
#include "unit.h"

#include "sim_tcp.h"

enum { HEADER = SIM_TCP_HEADER_BYTES, DATA = SIM_TCP_DATA_BYTES };
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

static const uint8_t peer_ip[4] = {10, 1, 0, 2}, station_ip[4] = {10, 1, 0, 1};
static struct sim_tcp tcp;
static uint8_t segment[HEADER + DATA + 40]; /* sent by the peer */
static uint32_t station_next;               /* the station's sequence number */

static unsigned get16(const uint8_t *at) { return (unsigned)at[0] << 8 | at[1]; }
static uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }
static void put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}
static void put32(uint8_t *at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value & 0xffff);
}

static unsigned sum_of(const uint8_t *data, uint32_t length) {
  uint32_t sum =
      6 + length + get16(peer_ip) + get16(peer_ip + 2) + get16(station_ip) + get16(station_ip + 2);

  for (uint32_t i = 0; i < length; i++)
    sum += (uint32_t)data[i] << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/* The peer's next segment, whose flags must be these; returns the bytes of its data. */
static uint32_t sends(uint8_t flags) {
  uint32_t length;

  assert_true(sim_tcp_has_segment(&tcp));
  length = sim_tcp_send(&tcp, segment, sizeof segment, peer_ip, station_ip);
  assert_true(length >= HEADER);
  assert_int_equal(segment[13], flags);
  assert_int_equal(sum_of(segment, length), 0xffff);
  return length - HEADER;
}

/* A segment from the station, with a sequence number `offset` bytes from the next one, and a header
 * of `header` bytes. */
struct station_segment {
  uint8_t flags;
  uint32_t acknowledgment;
  int offset;
  const uint8_t *data;
  uint32_t length;
  uint32_t options;
  uint16_t from_port; /* 0: 7 */
  bool bad_sum;
};

static enum sim_tcp_verdict receives(const struct station_segment *from) {
  uint8_t bytes[HEADER + 40 + 2 * DATA] = {0};
  uint32_t header = HEADER + from->options, length = header + from->length;

  put16(bytes, from->from_port != 0 ? from->from_port : 7);
  put16(bytes + 2, tcp.port);
  put32(bytes + 4, station_next + (uint32_t)from->offset);
  put32(bytes + 8, from->acknowledgment);
  bytes[12] = (uint8_t)(header / 4 << 4);
  bytes[13] = from->flags;
  if (from->length != 0)
    memcpy(bytes + header, from->data, from->length);
  put16(bytes + 16, 0xffff - sum_of(bytes, length) + (from->bad_sum ? 1 : 0));
  return sim_tcp_receive(&tcp, bytes, length, station_ip, peer_ip);
}

#define RECEIVES(...) receives(&(const struct station_segment){__VA_ARGS__})

static int setup(void **state) {
  (void)state;
  memset(&tcp, 0, sizeof tcp);
  station_next = 0xfffffff0; /* wraps within the session */
  return 0;
}

/* The session is open, and its first data is in flight: it is in `segment`. */
static void establish(unsigned segments, bool paced) {
  sim_tcp_open(&tcp, (uint16_t)segments, paced);
  sends(SYN);
  assert_int_equal(RECEIVES(.flags = SYN | ACK, .acknowledgment = get32(segment + 4) + 1),
                   SIM_TCP_NOTHING);
  station_next++;
  assert_int_equal(sends(PSH | ACK), DATA);
}

/* All of its data is echoed, in two pieces, one of odd length. */
static enum sim_tcp_verdict echo(void) {
  enum sim_tcp_verdict verdict;
  uint8_t data[DATA];

  memcpy(data, segment + HEADER, DATA);
  assert_int_equal(RECEIVES(.flags = ACK, .data = data, .length = 101), SIM_TCP_NOTHING);
  station_next += 101;
  verdict = RECEIVES(.flags = ACK, .data = data + 101, .length = DATA - 101);
  station_next += DATA - 101;
  return verdict;
}

static void a_session_ends_when_all_is_back(void **state) {
  (void)state;
  establish(3, false);
  for (unsigned i = 1; i < 3; i++) {
    assert_int_equal(echo(), SIM_TCP_NOTHING);
    assert_int_equal(sends(PSH | ACK), DATA);
  }
  assert_int_equal(echo(), SIM_TCP_NOTHING);
  sends(FIN | ACK);
  assert_int_equal(tcp.sent, 3 * DATA);
  assert_int_equal(RECEIVES(.flags = FIN | ACK), SIM_TCP_RIGHT);
  sends(ACK);
  assert_false(sim_tcp_has_segment(&tcp));
  assert_int_equal(sim_tcp_next(&tcp), UINT64_MAX);
  assert_int_equal(RECEIVES(.flags = ACK), SIM_TCP_NOTHING); /* it has ended */
}

static void a_session_that_is_not_accepted_is_reset(void **state) {
  static const struct {
    uint8_t flags;
    uint32_t off_by;
  } wrong[] = {{ACK, 0}, {SYN, 0}, {SYN | ACK, 1}, {RST | ACK, 0}};

  for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    setup(state);
    sim_tcp_open(&tcp, 1, false);
    sends(SYN);
    assert_int_equal(RECEIVES(.flags = wrong[i].flags,
                              .acknowledgment = get32(segment + 4) + 1 + wrong[i].off_by),
                     SIM_TCP_WRONG);
    assert_int_equal(tcp.state, SIM_TCP_CLOSED);
    sends(RST | ACK);
    assert_false(sim_tcp_has_segment(&tcp));
  }
}

static void what_is_not_the_echo_is_wrong(void **state) {
  uint8_t data[DATA + 1] = {0};

  establish(2, false);
  memcpy(data, segment + HEADER, DATA);
  data[7] ^= 1;
  assert_int_equal(RECEIVES(.flags = ACK, .data = data, .length = 8), SIM_TCP_WRONG);
  sends(RST | ACK);
  setup(state);
  establish(2, false);
  memcpy(data, segment + HEADER, DATA); /* more than was sent */
  assert_int_equal(RECEIVES(.flags = ACK, .data = data, .length = DATA + 1), SIM_TCP_WRONG);
  setup(state);
  establish(2, false);
  assert_int_equal(RECEIVES(.flags = FIN | ACK), SIM_TCP_WRONG); /* too early */
  setup(state);
  establish(1, false);
  memcpy(data, segment + HEADER, DATA);
  assert_int_equal(echo(), SIM_TCP_NOTHING);
  tcp.verified--; /* closed, with a byte of the echo missing */
  assert_int_equal(RECEIVES(.flags = FIN | ACK), SIM_TCP_WRONG);
}

static void a_segment_that_is_damaged_or_not_of_the_echo_port_is_wrong(void **state) {
  static const uint8_t data[1] = {0};

  for (unsigned i = 0; i < 4; i++) {
    uint8_t bytes[HEADER] = {0};

    setup(state);
    establish(2, false);
    switch (i) {
    case 0:
      assert_int_equal(RECEIVES(.flags = ACK, .data = data, .length = 1, .bad_sum = true),
                       SIM_TCP_WRONG);
      break;
    case 1:
      assert_int_equal(RECEIVES(.flags = ACK, .from_port = 8), SIM_TCP_WRONG);
      break;
    default: /* a header that is too short, and one that is longer than the segment */
      put16(bytes, 7);
      put16(bytes + 2, tcp.port);
      put32(bytes + 4, station_next);
      bytes[12] = i == 2 ? 4 << 4 : 6 << 4;
      bytes[13] = ACK;
      put16(bytes + 16, 0xffff - sum_of(bytes, HEADER));
      assert_int_equal(sim_tcp_receive(&tcp, bytes, HEADER, station_ip, peer_ip), SIM_TCP_WRONG);
      break;
    }
  }
}

static void what_is_of_another_session_is_ignored(void **state) {
  uint8_t bytes[HEADER] = {0};

  (void)state;
  establish(2, false);
  put16(bytes, 7);
  put16(bytes + 2, tcp.port - 1U);
  assert_int_equal(sim_tcp_receive(&tcp, bytes, HEADER, station_ip, peer_ip), SIM_TCP_NOTHING);
  put16(bytes + 2, tcp.port);
  assert_int_equal(sim_tcp_receive(&tcp, bytes, HEADER - 1, station_ip, peer_ip), SIM_TCP_NOTHING);
  assert_int_equal(tcp.state, SIM_TCP_ESTABLISHED);
}

static void options_are_passed_over(void **state) {
  uint8_t data[DATA];

  (void)state;
  establish(2, false);
  memcpy(data, segment + HEADER, DATA);
  assert_int_equal(RECEIVES(.flags = ACK, .data = data, .length = DATA, .options = 12),
                   SIM_TCP_NOTHING);
  station_next += DATA;
  assert_int_equal(sends(PSH | ACK), DATA);
}

/* A duplicate, or a segment that is too early, is answered with what is expected next. */
static void out_of_order_is_acknowledged_again(void **state) {
  uint8_t data[DATA];

  (void)state;
  establish(2, false);
  memcpy(data, segment + HEADER, DATA);
  assert_int_equal(RECEIVES(.flags = ACK, .offset = 100, .data = data + 100, .length = DATA - 100),
                   SIM_TCP_NOTHING);
  sends(ACK);
  assert_int_equal(get32(segment + 8), station_next);
  assert_int_equal(RECEIVES(.flags = ACK, .data = data, .length = DATA), SIM_TCP_NOTHING);
  assert_int_equal(RECEIVES(.flags = ACK, .data = data, .length = DATA), SIM_TCP_NOTHING);
  assert_int_equal(tcp.verified, DATA);
}

static void what_is_lost_is_sent_again(void **state) {
  uint8_t first[DATA];
  uint32_t sequence;

  (void)state;
  establish(1, false);
  memcpy(first, segment + HEADER, DATA);
  sequence = get32(segment + 4);
  assert_int_equal(sim_tcp_next(&tcp), 1000 * SIM_TCP_RESEND_MS);
  sim_tcp_tick(&tcp, 1000 * SIM_TCP_RESEND_MS - 1);
  assert_false(sim_tcp_has_segment(&tcp));
  sim_tcp_tick(&tcp, 1000 * SIM_TCP_RESEND_MS);
  assert_int_equal(sends(PSH | ACK), DATA);
  assert_int_equal(get32(segment + 4), sequence);
  assert_memory_equal(segment + HEADER, first, DATA);
  assert_int_equal(tcp.sent, DATA); /* the same once more */
  assert_int_equal(echo(), SIM_TCP_NOTHING);
  sends(FIN | ACK);
  sequence = get32(segment + 4);
  sim_tcp_tick(&tcp, 3000 * SIM_TCP_RESEND_MS);
  sends(FIN | ACK);
  assert_int_equal(get32(segment + 4), sequence);
}

/* The echo arrives while the data is about to be retransmitted: it is not. */
static void what_has_come_meanwhile_is_not_sent_again(void **state) {
  (void)state;
  establish(2, false);
  sim_tcp_tick(&tcp, 1000 * SIM_TCP_RESEND_MS);
  assert_true(sim_tcp_has_segment(&tcp));
  assert_int_equal(echo(), SIM_TCP_NOTHING);
  assert_int_equal(sends(PSH | ACK), DATA);
  assert_int_equal(tcp.sent, 2 * DATA); /* the second, not the first again */
  assert_false(sim_tcp_has_segment(&tcp));
  sim_tcp_tick(&tcp, 3000 * SIM_TCP_RESEND_MS);
  assert_int_equal(echo(), SIM_TCP_NOTHING);
  sends(FIN | ACK); /* the end, not the second again */
  assert_false(sim_tcp_has_segment(&tcp));
}

static void a_segment_without_room_is_lost_and_sent_again(void **state) {
  uint8_t small[HEADER + DATA - 1];

  (void)state;
  establish(2, true);
  assert_int_equal(echo(), SIM_TCP_ECHOED);
  assert_true(sim_tcp_continue(&tcp));
  assert_int_equal(sim_tcp_send(&tcp, small, sizeof small, peer_ip, station_ip), 0);
  sim_tcp_tick(&tcp, 1000 * SIM_TCP_RESEND_MS);
  sim_tcp_drop(&tcp);
  sim_tcp_tick(&tcp, 3000 * SIM_TCP_RESEND_MS);
  assert_int_equal(sends(PSH | ACK), DATA);
  assert_int_equal(echo(), SIM_TCP_ECHOED);
}

static void a_paced_session_waits_to_be_continued(void **state) {
  (void)state;
  assert_false(sim_tcp_continue(&tcp)); /* it is not open */
  establish(1, true);
  assert_false(sim_tcp_continue(&tcp)); /* busy */
  assert_int_equal(echo(), SIM_TCP_ECHOED);
  sends(ACK);
  assert_false(sim_tcp_has_segment(&tcp));
  assert_true(sim_tcp_continue(&tcp));
  assert_false(sim_tcp_continue(&tcp)); /* it is yet to be sent */
  assert_int_equal(sends(PSH | ACK), DATA);
  assert_int_equal(RECEIVES(.flags = ACK), SIM_TCP_NOTHING); /* no data, no echo */
}

static void sessions_have_ports_of_their_own(void **state) {
  uint16_t last = 0;

  (void)state;
  for (unsigned i = 0; i < 20000; i++) {
    sim_tcp_open(&tcp, 1, false);
    assert_true(tcp.port >= 0xc000 && tcp.port != last);
    last = tcp.port;
  }
}

static void a_reset_of_none_sends_nothing(void **state) {
  (void)state;
  sim_tcp_reset(&tcp);
  assert_false(sim_tcp_has_segment(&tcp));
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_session_ends_when_all_is_back, setup),
      cmocka_unit_test_setup(a_session_that_is_not_accepted_is_reset, setup),
      cmocka_unit_test_setup(what_is_not_the_echo_is_wrong, setup),
      cmocka_unit_test_setup(a_segment_that_is_damaged_or_not_of_the_echo_port_is_wrong, setup),
      cmocka_unit_test_setup(what_is_of_another_session_is_ignored, setup),
      cmocka_unit_test_setup(options_are_passed_over, setup),
      cmocka_unit_test_setup(out_of_order_is_acknowledged_again, setup),
      cmocka_unit_test_setup(what_is_lost_is_sent_again, setup),
      cmocka_unit_test_setup(what_has_come_meanwhile_is_not_sent_again, setup),
      cmocka_unit_test_setup(a_segment_without_room_is_lost_and_sent_again, setup),
      cmocka_unit_test_setup(a_paced_session_waits_to_be_continued, setup),
      cmocka_unit_test_setup(sessions_have_ports_of_their_own, setup),
      cmocka_unit_test_setup(a_reset_of_none_sends_nothing, setup),
  };

  return cmocka_run_group_tests_name("sim_tcp", tests, NULL, NULL);
}
