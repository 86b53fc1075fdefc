/* Tests the conformance suite: the textbook driver passes, and each of its defects is found, for
 * the right reason; by torture as well, with a few exceptions. */
#include "suite.h"
#include "textbook.h"
#include "torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "lwip/init.h"

enum { RUNS = 100 };

/* With `defect`, the test whose name contains `test` fails with an error that contains `error`; and
 * torture fails with any error. */
static const struct trial {
  enum textbook_defect defect;
  const char *what, *test, *error;
} trials[] = {
    {DEFECT_NO_PUBLISH, "no barrier before the owner", "leave_in_order",
     "descriptor 1 is not its own"},
    {DEFECT_OWNED_FIRST, "the owner before the fields", "leave_in_order",
     "descriptor 1 is not its own"},
    {DEFECT_FRONT_TO_BACK, "a chain is filled front to back", "chains_of",
     "descriptor 1 is not its own"},
    {DEFECT_TX_WRITES, "a frame is written to after its clean", "leave_in_order",
     "which the processor wrote and did not clean"},
    {DEFECT_RX_WRITES, "a buffer is written to after its invalidate", "come_in_order",
     "the processor's cache holds a changed byte"},
    {DEFECT_SHARED_LINE, "what shares a line is invalidated", "it_starts_quiet",
     "has bytes of another owner"},
    {DEFECT_NO_OBSERVE, "no barrier after the owner is read", "come_in_order",
     "without a dma_observe() before"},
    {DEFECT_RX_REORDER, "frames are handed out in another order", "come_in_order",
     "delivered: frame "},
    {DEFECT_TX_FREED_EARLY, "a frame is freed before it is sent", "is_kept_until",
     "is freed, though it was neither sent"},
    {DEFECT_TX_FIRST_PART, "a chain is freed when its first part is sent", "last_part",
     "is freed, though it was neither sent"},
    {DEFECT_BAD_UNCOUNTED, "a bad frame is not counted", "each_error",
     "does not count as in_error"},
    {DEFECT_BAD_LEAKED, "a bad frame's buffer is lost", "each_error",
     "packets of the pool that are somewhere: 95"},
    {DEFECT_STOP_LOSES, "a stop loses a buffer", "a_stop", "packets in the pool: 95"},
    {DEFECT_STOP_FORGETS, "a stop forgets the frames on the ring", "a_stop",
     "frames that were sent or counted"},
    {DEFECT_STOP_UNCOUNTED, "a stop forgets a lost frame", "just_before_a_stop",
     "lost frames that are counted: 0"},
    {DEFECT_NOT_OFF, "a stop leaves DMA on", "a_stop", "though it is turned off"},
    {DEFECT_NOT_FROM_BASE, "a restart goes on in mid-ring", "from_the_base", "on their way"},
    {DEFECT_NO_DOORBELL, "no doorbell", "leave_in_order", "a lazy device"},
    {DEFECT_IDLE_DOORBELL, "a doorbell only where the ring was empty", "runs_out",
     "frames that were sent without a watch"},
    {DEFECT_EARLY_DOORBELL, "the doorbell before what it tells of", "leave_in_order",
     "frames that were sent: 637"},
    {DEFECT_STALLED, "a stalled receiver is not started", "empty_pool",
     "still no frame comes through"},
    {DEFECT_NOT_QUIET, "an interrupt does not quieten its device", "come_in_order",
     "interrupts that did not end"},
    {DEFECT_LOST_WAKE_UP, "the unmask clears what waits", "any_moment", "none is counted"},
    {DEFECT_NO_ROOM_CHECK, "a chain is posted where only a part has room", "room_for_all",
     "exit with status"},
    {DEFECT_OPEN_FILTER, "the filter is always open", "the_filter",
     "a frame to another station is let in"},
    {DEFECT_DEAF, "groups are never let in", "the_filter", "a frame to a joined group is kept out"},
    {DEFECT_BLIND_START, "a missing device is started", "not_there",
     "a device that is not there was started"},
    {DEFECT_OLD_LINK, "a lost link is not seen", "the_link", "the link is active"},
    {DEFECT_NO_RECOVERY, "an error is not cured", "each_error", "does not count as recoveries"},
    {DEFECT_UNKNOWN_REGISTER, "an access to no register", "come_in_order",
     "accesses to no register"},
    {DEFECT_LONG_BUFFER, "a buffer is said to be longer than it is", "no_buffer_can_hold",
     "the device writes"},
    {DEFECT_RESET_UNSEEN, "a MAC that was reset is not found out", "lost_its_power",
     "it is deaf afterwards"},
    {DEFECT_FIRST_ADDRESS, "an address that is set is not taken", "the_address",
     "a frame to the address that was set is kept out"},
    {DEFECT_UNBOUNDED, "a wait has no bound", "lost_its_power", "is polled without a bound"},
    {DEFECT_LOST_TWICE, "a lost frame counts twice", "a_full_ring", "are counted"},
    {DEFECT_OPEN_MASK, "interrupts are open before the unmask", "masked_until",
     "interrupts before the unmask"},
    {DEFECT_LEFT_ON, "a MAC that was left on is not turned off", "left_on",
     "though it is turned off"},
    {DEFECT_EARLY_DMA, "DMA is on before the rings are laid out", "moment_of_an_enable",
     "did not clean"},
    {DEFECT_LATE_CLEAR, "what comes as DMA is turned on is cleared", "moment_of_an_enable",
     "none is counted"},
    {DEFECT_CLEARS_ALL, "an interrupt clears more than it has read", "lost_at_each",
     "of an interrupt, and not counted"},
    {DEFECT_COUNTED_EARLY, "a stop counts before DMA is off", "lost_at_each",
     "of a stop, and not counted"},
    {DEFECT_CAUSE_LEFT, "a stop counts what an interrupt counts again", "just_before_a_stop",
     "counted after all"},
    {DEFECT_FILTER_CACHED, "a filter that was written once is not again", "loss_of_power",
     "a frame to a joined group is kept out"},
    {DEFECT_LOSS_RESETS, "a lost frame resets the MAC", "a_full_ring",
     "resets for want of buffers"},
    {DEFECT_BAD_RESETS, "a bad frame resets the MAC", "each_error", "resets for a bad frame"},
    {DEFECT_COUNTS_SENT, "what is sent counts twice", "leave_in_order",
     "count as given to the device"},
    {DEFECT_NARROW_INDEX, "indices of 16 bits are subtracted as int", "indices_wrap",
     "are on their way"},
    {DEFECT_KEEPS_MTU, "the MAC keeps to a shorter MTU", "longer_mtu", "that the MTU allows"},
    {DEFECT_RX_OWNED_FIRST, "an empty buffer is given before its address", "burst_comes",
     "the device writes"},
    {DEFECT_EMPTY_IS_LOSS, "a ring that has no buffer left counts as a loss", "a_full_ring",
     "0 frames found no buffer, and 1 are counted"},
    {DEFECT_FEW_GROUPS, "groups beyond the seventh are forgotten", "groups_are_filtered",
     "a frame to a joined group is kept out"},
    {DEFECT_OUTSIDE_MAP, "an access outside of the map", "come_in_order", "where no device is"},
};

/* Defects that only the suite's tests find. Torture does not check what the filter keeps out, how
 * many lost frames are counted, when the mask opens, what a reset was for, or that start looks for
 * the device; it sets no address, starts no MAC that is on, and sends too little for indices of 16
 * bits; its device sends a frame in one step, and all that is posted. An error that is not cured at
 * once is cured by the next watch, since the MAC has disabled itself; and an overfilled ring may
 * end in anything, even a loop of 2^32 steps. */
static bool has_tests_alone(enum textbook_defect defect) {
  static const enum textbook_defect those[] = {
      DEFECT_OPEN_FILTER, DEFECT_DEAF,          DEFECT_FIRST_ADDRESS, DEFECT_FILTER_CACHED,
      DEFECT_BLIND_START, DEFECT_LEFT_ON,       DEFECT_NO_RECOVERY,   DEFECT_NO_ROOM_CHECK,
      DEFECT_LOST_TWICE,  DEFECT_CLEARS_ALL,    DEFECT_COUNTED_EARLY, DEFECT_CAUSE_LEFT,
      DEFECT_OPEN_MASK,   DEFECT_LOSS_RESETS,   DEFECT_BAD_RESETS,    DEFECT_NARROW_INDEX,
      DEFECT_KEEPS_MTU,   DEFECT_TX_FIRST_PART, DEFECT_IDLE_DOORBELL, DEFECT_EMPTY_IS_LOSS,
      DEFECT_FEW_GROUPS,
  };

  for (unsigned i = 0; i < sizeof those / sizeof *those; i++) {
    if (those[i] == defect)
      return true;
  }
  return false;
}

static int run_suite(const struct trial *trial) {
  unsigned ran = 0;

  return suite_run_all(&fake_mac_textbook, trial->test, &ran);
}

static int run_torture(const struct trial *trial) {
  (void)trial;
  return torture_run_all(&fake_mac_textbook, 1, RUNS, false);
}

/* Runs it in a process of its own, since broken code may crash; returns the exit status, with the
 * output in `output`. */
static int try_out(const struct trial *trial, int (*run)(const struct trial *), char *output,
                   size_t size) {
  size_t used = 0;
  ssize_t got;
  int ends[2], status;
  pid_t child;

  fflush(NULL);
  if (pipe(ends) != 0 || (child = fork()) < 0)
    exit(2);
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    textbook_defect = trial->defect;
    textbook_rests = trial->defect == DEFECT_RX_OWNED_FIRST;
    exit(run(trial) != 0);
  }
  close(ends[1]);
  while (used < size - 1 && (got = read(ends[0], output + used, size - 1 - used)) > 0)
    used += (size_t)got;
  output[used] = '\0';
  close(ends[0]);
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(void) {
  static char output[1 << 16];
  unsigned accepted = 0, ran = 0;

  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  if (suite_run_all(&fake_mac_textbook, NULL, &ran) != 0 || run_torture(NULL) != 0 ||
      suite_run_all(&fake_mac_bare, NULL, &ran) != 0 ||
      torture_run_all(&fake_mac_bare, 1, RUNS, false) != 0)
    return 1;
  textbook_rests = true;
  if (suite_run_all(&fake_mac_textbook, NULL, &ran) != 0 || run_torture(NULL) != 0)
    return 1;
  textbook_rests = false;
  for (unsigned i = 0; i < sizeof trials / sizeof *trials; i++) {
    const struct trial *trial = &trials[i];
    int status = try_out(trial, run_suite, output, sizeof output);
    bool rejected = status == 1 && strstr(output, trial->error) != NULL;

    printf("%s  %s\n", rejected ? "rejected" : "ACCEPTED", trial->what);
    if (!rejected)
      printf("exit status %d, expected \"%s\" from %s:\n%s", status, trial->error, trial->test,
             output);
    accepted += !rejected;
    if (!has_tests_alone(trial->defect) &&
        try_out(trial, run_torture, output, sizeof output) == 0) {
      printf("ACCEPTED  by torture: %s\n%s", trial->what, output);
      accepted++;
    }
  }
  return accepted != 0;
}
