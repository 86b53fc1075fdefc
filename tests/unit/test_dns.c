/* Names: a callback with an answer may ask for the same name again, or for another. */
#include "unit.h"

#include "lwip/dns.h"
#include "lwip/init.h"
#include "lwip/prot/dns.h"
#include "lwip/udp.h"
#include "udp_wire.h"

enum { TTL_S = 60, TOLD_MAX = 8 };

static struct udp_wire_datagram query; /* the last one */
static unsigned queries;

/* The callbacks so far. */
static struct told {
  unsigned who, address; /* its last byte; 0: there is none */
  char name[16];
} told[TOLD_MAX];
static unsigned times_told;

static const char *asks_next; /* what the next callback then asks for, */
static unsigned asks_as;      /* and for whom */

static void sent(const struct udp_wire_datagram *datagram) {
  assert_int_equal(datagram->destination, DNS_SERVER_PORT);
  query = *datagram;
  queries++;
}

static void is_told(const char *name, const ip_addr_t *address, void *who);

static void asks(unsigned who, const char *name) {
  ip_addr_t address;

  assert_int_equal(dns_gethostbyname(name, &address, is_told, (void *)(uintptr_t)who),
                   ERR_INPROGRESS);
}

static void is_told(const char *name, const ip_addr_t *address, void *who) {
  const char *next = asks_next;
  struct told *now = &told[times_told++];

  assert_true(times_told <= TOLD_MAX);
  now->who = (unsigned)(uintptr_t)who;
  now->address = address == NULL ? 0 : ip4_addr4(ip_2_ip4(address));
  asks_next = NULL;
  if (next != NULL)
    asks(asks_as, next);
  strncpy(now->name, name, sizeof now->name - 1); /* still valid, although it may have asked */
}

static void assert_told(unsigned time, unsigned who, const char *name, unsigned address) {
  assert_true(time < times_told);
  assert_int_equal(told[time].who, who);
  assert_string_equal(told[time].name, name);
  assert_int_equal(told[time].address, address);
}

/* The server's answer: 10.0.0.`address`, or that there is no such name. */
static struct udp_wire_datagram answer_of(const struct udp_wire_datagram *to, unsigned address) {
  const uint8_t record[] = {0xc0, SIZEOF_DNS_HDR,  0, 1, 0, 1, 0, 0, 0, TTL_S, 0, 4, 10, 0,
                            0,    (uint8_t)address}; /* RFC 1035, 4.1.3 */
  struct udp_wire_datagram answer = *to;
  struct dns_hdr *dns = (void *)answer.data;

  answer.from = to->to;
  answer.to = to->from;
  answer.source = to->destination;
  answer.destination = to->source;
  dns->flags1 = DNS_FLAG1_RESPONSE;
  if (address != 0) {
    dns->numanswers = PP_HTONS(1);
    memcpy(answer.data + answer.bytes, record, sizeof record);
    answer.bytes = (uint16_t)(answer.bytes + sizeof record);
  } else {
    dns->flags2 = DNS_FLAG2_ERR_NAME;
  }
  return answer;
}

static void answers(const struct udp_wire_datagram *to, unsigned address) {
  const struct udp_wire_datagram answer = answer_of(to, address);

  udp_wire_comes(&answer);
}

/* An answer to a question for another name. */
static void answers_name(const struct udp_wire_datagram *to, const void *name, uint16_t length,
                         unsigned address) {
  struct udp_wire_datagram changed = *to;
  const size_t of_question = SIZEOF_DNS_HDR + strlen((const char *)to->data + SIZEOF_DNS_HDR) + 1;

  memcpy(changed.data + SIZEOF_DNS_HDR, name, length);
  memcpy(changed.data + SIZEOF_DNS_HDR + length, to->data + of_question, to->bytes - of_question);
  changed.bytes = (uint16_t)(to->bytes - of_question + SIZEOF_DNS_HDR + length);
  answers(&changed, address);
}

static void seconds_pass(unsigned seconds) {
  while (seconds-- != 0)
    dns_tmr();
}

static int set_up(void **state) {
  (void)state;
  queries = times_told = 0;
  asks_next = NULL;
  memset(told, 0, sizeof told);
  return 0;
}

/* In the next callback. */
static void then_asks(unsigned number, const char *name) {
  asks_next = name;
  asks_as = number;
}

/* No request is pending any more, and no name known. */
static int tear_down(void **state) {
  (void)state;
  seconds_pass(TTL_S + 1);
  assert_null(udp_pcbs);
  return 0;
}

static void who_asks_again_is_answered(void **state) {
  (void)state;
  asks(1, "a.test");
  then_asks(2, "a.test");
  answers(&query, 0);
  assert_int_equal(times_told, 1);
  assert_told(0, 1, "a.test", 0);
  assert_int_equal(queries, 2);
  answers(&query, 77);
  assert_int_equal(times_told, 2);
  assert_told(1, 2, "a.test", 77);
}

static void so_is_who_was_not_answered_at_all(void **state) {
  (void)state;
  asks(1, "a.test");
  then_asks(2, "a.test");
  while (times_told == 0)
    seconds_pass(1);
  assert_told(0, 1, "a.test", 0);
  answers(&query, 77);
  assert_int_equal(times_told, 2);
  assert_told(1, 2, "a.test", 77);
}

/* Two have asked for the name, and only one asks again. */
static void who_asks_again_is_not_told_of_the_old_query(void **state) {
  (void)state;
  asks(1, "a.test");
  asks(2, "a.test");
  assert_int_equal(queries, 1);
  then_asks(3, "a.test");
  answers(&query, 0);
  assert_int_equal(times_told, 2);
  assert_told(0, 1, "a.test", 0);
  assert_told(1, 2, "a.test", 0);
  answers(&query, 77);
  assert_int_equal(times_told, 3);
  assert_told(2, 3, "a.test", 77);
}

/* Only two names are remembered; of these, the new one takes the place of its own old one. */
static void who_asks_for_another_name_is_told_of_that(void **state) {
  struct udp_wire_datagram of_a;

  (void)state;
  asks(1, "a.test");
  of_a = query;
  asks(2, "c.test");
  answers(&query, 79);
  then_asks(3, "b.test");
  answers(&of_a, 77);
  assert_int_equal(times_told, 2);
  assert_told(1, 1, "a.test", 77);
  assert_int_equal(queries, 3);
  seconds_pass(1);
  assert_int_equal(queries, 4); /* once more */
  answers(&query, 78);
  assert_int_equal(times_told, 3);
  assert_told(2, 3, "b.test", 78);
}

/* Until then all request slots are taken. */
static void one_that_is_told_makes_room(void **state) {
  struct udp_wire_datagram of_a;

  (void)state;
  asks(1, "a.test");
  of_a = query;
  asks(2, "c.test");
  then_asks(3, "b.test");
  answers(&of_a, 77);
  assert_told(0, 1, "a.test", 77);
  answers(&query, 78);
  assert_int_equal(times_told, 2);
  assert_told(1, 3, "b.test", 78);
}

static void the_others_are_told_of_the_name_that_they_asked_for(void **state) {
  struct udp_wire_datagram of_a;

  (void)state;
  asks(1, "a.test");
  of_a = query;
  asks(2, "c.test");
  answers(&query, 79);
  asks(3, "a.test");
  then_asks(4, "b.test"); /* takes the place of a.test, which has been known longer */
  answers(&of_a, 77);
  assert_int_equal(times_told, 3);
  assert_told(1, 1, "a.test", 77);
  assert_told(2, 3, "a.test", 77);
  answers(&query, 78);
  assert_int_equal(times_told, 4);
  assert_told(3, 4, "b.test", 78);
}

/* Neither a part of it, nor one with other dots, nor one that goes on. */
static void another_name_is_no_answer(void **state) {
  static const struct {
    const char *name;
    uint16_t length;
  } others[] = {
      {"\1a", 3},           {"\1a\4tes", 6}, {"\1a\4tes", 7},      {"\0", 1},
      {"\1a\4test\1b", 10}, {"\4test", 6},   {"\1a\4test\0\0", 9}, {"\1a\5test\0", 9},
      {"\1a\1t\3est", 9},   {"\6a.test", 7}, {"\1A\4TESTX", 8},    {"\1a\4test\4test", 13},
      {"\1a\4tesu", 8},
  };

  (void)state;
  asks(1, "a.test");
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    answers_name(&query, others[i].name, others[i].length, 77);
    assert_int_equal(times_told, 0);
  }
  answers_name(&query, "\1A\4Test", 8, 78);
  assert_int_equal(times_told, 1);
  assert_told(0, 1, "a.test", 78);
}

/* A name of more labels is not answered by its first ones, nor one with something in a dot's
 * place. */
static void a_part_of_a_name_is_no_answer(void **state) {
  (void)state;
  asks(1, "abc.a.test");
  answers_name(&query, "\3abc", 5, 77);
  answers_name(&query, "\3abc\1a", 7, 77);
  answers_name(&query, "\1a\1c\1a\4test", 12, 77);
  assert_int_equal(times_told, 0);
  answers(&query, 78);
  assert_int_equal(times_told, 1);
}

/* RFC 5452, 9.1 */
static void an_answer_comes_from_and_to_the_ports_of_the_question(void **state) {
  struct udp_wire_datagram of_a, changed;

  (void)state;
  asks(1, "a.test");
  of_a = query;
  asks(2, "c.test");
  assert_int_not_equal(query.source, of_a.source);
  changed = answer_of(&of_a, 77);
  changed.source++;
  udp_wire_comes(&changed);
  changed = answer_of(&of_a, 77);
  changed.destination = query.source;
  udp_wire_comes(&changed);
  changed = answer_of(&of_a, 77);
  changed.from++;
  udp_wire_comes(&changed);
  assert_int_equal(times_told, 0);
  answers(&of_a, 78);
  answers(&query, 79);
  assert_int_equal(times_told, 2);
  assert_told(0, 1, "a.test", 78);
  assert_told(1, 2, "c.test", 79);
}

#define DNS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      DNS_TEST(who_asks_again_is_answered),
      DNS_TEST(so_is_who_was_not_answered_at_all),
      DNS_TEST(who_asks_again_is_not_told_of_the_old_query),
      DNS_TEST(who_asks_for_another_name_is_told_of_that),
      DNS_TEST(one_that_is_told_makes_room),
      DNS_TEST(the_others_are_told_of_the_name_that_they_asked_for),
      DNS_TEST(another_name_is_no_answer),
      DNS_TEST(a_part_of_a_name_is_no_answer),
      DNS_TEST(an_answer_comes_from_and_to_the_ports_of_the_question),
  };
  ip4_addr_t address, mask;
  ip_addr_t server;

  host_reset();
  lwip_init();
  udp_wire_setup(sent);
  IP4_ADDR(&address, 10, 0, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_set_addr(&udp_wire_netif, &address, &mask, IP4_ADDR_ANY4);
  IP_ADDR4(&server, 10, 0, 0, 53);
  dns_setserver(0, &server);
  return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
