/* The netif suite on trial: it lets the plain driver pass, and rejects each of its defects by the
 * test that is for it. */
#include <stdlib.h>

#include "log.h"
#include "lwip/init.h"
#include "lwip/prot/ieee.h"
#include "netif_rig.h"
#include "netif_suite.h"
#include "plain_driver.h"
#include "unit.h"

/* The test that is for it, and what that says. */
static const struct trial {
  enum plain_defect defect;
  const char *what, *test, *error;
} trials[] = {
    {PLAIN_TX_NO_REFERENCE, "a frame is freed while the device reads it",
     "a_frame_is_left_alone_until_it_is_sent", "its memory was used for something else"},
    {PLAIN_TX_FREES_ALL, "the caller's reference is freed", "it_has_what_lwip_needs", ""},
    {PLAIN_TX_FIRST_PART, "only the first pbuf of a chain is sent", "chains_go_out_whole",
     "a frame of 14 bytes"},
    {PLAIN_TX_LEAKS, "what was sent is never freed", "frames_of_every_length_go_out",
     "was sent and is not freed"},
    {PLAIN_TX_FREES_WAITING, "all that waits is freed when the first is sent",
     "what_waits_behind_a_frame_that_is_sent_is_left_alone",
     "its memory was used for something else"},
    {PLAIN_TX_FREES_LATE, "what was sent is freed when the next is sent",
     "what_may_be_sent_again_comes_back_unchanged", "is not freed"},
    {PLAIN_TX_NO_COPY, "what may change is not copied",
     "data_that_changes_after_the_call_is_copied", "its memory was used for something else"},
    {PLAIN_TX_CHANGES, "a pbuf of the stack's is changed",
     "what_may_be_sent_again_comes_back_unchanged", "the driver has changed pbuf 0"},
    {PLAIN_TX_WAITS, "it waits for room", "a_transmitter_that_pauses_makes_it_refuse",
     "without a bound"},
    {PLAIN_TX_SPINS, "it waits for room in memory", "a_transmitter_that_pauses_makes_it_refuse",
     "has not come back"},
    {PLAIN_TX_DROPS, "it drops what finds no room, and says that it is sent",
     "a_transmitter_that_pauses_makes_it_refuse", "none is sent"},
    {PLAIN_TX_ENDS, "it ends the program, as if all were well",
     "a_transmitter_that_pauses_makes_it_refuse", "has ended with status 0"},
    {PLAIN_TX_STAYS_FULL, "once full, it stays full", "a_transmitter_that_pauses_makes_it_refuse",
     "is refused with error"},
    {PLAIN_TX_WHEN_IDLE, "it reclaims only while nothing comes in", "it_sends_while_frames_come_in",
     "is refused with error"},
    {PLAIN_TX_PADS_WITH_ANYTHING, "it pads with what lies behind the frame",
     "frames_of_every_length_go_out", "it reveals other data"},
    {PLAIN_TX_REAPS_WITHIN, "what is freed within a free function is freed within another",
     "a_frame_that_is_freed_may_send_the_next", "9 deep"},
    {PLAIN_RX_LEAKS, "what input refuses is not freed", "what_input_refuses_is_freed",
     "bytes of the heap"},
    {PLAIN_RX_STOPS_WITHOUT_MEMORY, "without memory it stops receiving",
     "it_receives_once_memory_is_back", "takes no frame any more"},
    {PLAIN_RX_STAYS_STALLED, "a receiver that has stalled stays so",
     "it_receives_after_a_burst_that_was_too_long", "takes no frame any more"},
    {PLAIN_RX_ONE_AT_A_TIME, "one frame is received an interrupt", "bursts_come_in_order",
     "not delivered"},
    {PLAIN_RX_LENGTH, "a frame is longer than it was", "frames_of_every_length_come_in",
     "bytes, not"},
    {PLAIN_RX_SUM, "a pbuf has another length than the chain", "frames_of_every_length_come_in",
     "pbuf 0 has a tot_len of"},
    {PLAIN_RX_ONLY_IP, "what is not IP is dropped", "it_has_what_lwip_needs", "needs a type"},
    {PLAIN_RX_POSTS_EARLY, "a buffer that the stack has is posted",
     "what_the_stack_keeps_stays_as_it_is", "kept by the stack"},
    {PLAIN_RX_ALL_STATIONS, "frames to other stations come in", "frames_to_others_stay_out",
     "is not the next that was received"},
    {PLAIN_LINK_STAYS, "the link stays up", "its_link_is_followed",
     "the carrier is gone, and the link is still up"},
    {PLAIN_GROUPS_STAY_OUT, "no group comes in", "groups_that_are_joined_come_in",
     "which was joined, stays out"},
    {PLAIN_GROUPS_ARE_FEW, "a filter for few groups lets no more be joined",
     "groups_that_are_joined_come_in", "mac_filter returns error"},
    {PLAIN_GROUPS_WAIT_FOR_TX, "a group is not joined before all is sent",
     "a_group_is_joined_while_frames_wait", "has not come back"},
    {PLAIN_REMOVED_STAYS_ON, "the device is on after the removal",
     "it_can_be_removed_and_added_again", "a netif that was removed"},
    {PLAIN_REMOVED_LEAKS, "a removal leaves frames behind", "it_can_be_removed_and_added_again",
     "is not freed"},
};

static const struct netif_test *test_named(const char *name) {
  const struct netif_test *test = netif_tests;

  while (strcmp(test->name, name) != 0)
    test++;
  return test;
}

static bool passes(const struct netif_driver *driver, enum plain_defect defect,
                   const struct netif_test *test, char *said, size_t size) {
  FILE *output = tmpfile();
  bool passed;

  assert_non_null(output);
  plain_defect = defect;
  passed = netif_suite_run(driver, test, output) == NETIF_PASSED;
  rewind(output);
  said[fread(said, 1, size - 1, output)] = '\0';
  (void)fclose(output);
  return passed;
}

static void passes_all(const struct netif_driver *driver, enum plain_defect defect) {
  char said[4096];

  for (const struct netif_test *test = netif_tests; test->name != NULL; test++) {
    if (!passes(driver, defect, test, said, sizeof said))
      fail_msg("%s fails:\n%s", test->name, said);
  }
}

static void without_a_defect_it_passes(void **state) {
  (void)state;
  passes_all(&netif_driver_plain, PLAIN_NONE);
}

static void what_lets_only_some_types_in_passes_with_one_of_them(void **state) {
  struct netif_driver driver = netif_driver_plain;

  (void)state;
  driver.type = ETHTYPE_IP;
  passes_all(&driver, PLAIN_RX_ONLY_IP);
}

/* It cuts off what is longer. */
static void what_has_a_smaller_mtu_is_given_no_longer_frames(void **state) {
  (void)state;
  passes_all(&netif_driver_plain, PLAIN_TX_SMALL_MTU);
}

static void each_defect_is_rejected(void **state) {
  char said[4096];

  (void)state;
  for (const struct trial *trial = trials; trial != trials + sizeof trials / sizeof *trials;
       trial++) {
    if (passes(&netif_driver_plain, trial->defect, test_named(trial->test), said, sizeof said))
      fail_msg("%s: %s passes", trial->what, trial->test);
    if (strstr(said, trial->error) == NULL)
      fail_msg("%s: rejected by another error than \"%s\":\n%s", trial->what, trial->error, said);
    printf("rejected  %s\n", trial->what);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_defect_it_passes),
      cmocka_unit_test(what_lets_only_some_types_in_passes_with_one_of_them),
      cmocka_unit_test(what_has_a_smaller_mtu_is_given_no_longer_frames),
      cmocka_unit_test(each_defect_is_rejected),
  };

  netrig_patience_s = 5; /* it is to see one that waits for ever */
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
