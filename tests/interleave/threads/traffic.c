/* The driver kit with a thread as the device and its interrupts, under the thread sanitizer.
 *
 * The main loop is a thread, and so is the device: it takes frames in and sends them whenever it
 * likes, and runs the interrupt handler while interrupts are not masked; for the two threads
 * masking takes a lock. So handler and main loop really run at the same time, which a single core
 * cannot do. The sanitizer sees the code under test and each buffer that the device reads or
 * writes, and knows of no order between the threads except the one that the code makes: by the
 * mask, by dma_publish() and dma_observe(). The machine's own locks are hidden from it. Volatile
 * memory, which is registers, descriptors and the flags of interrupts, is left out: its order is
 * the explorer's matter.
 *
 * usage: interleave-threads [FRAMES] each way, for each driver */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "datapath.h"
#include "explore.h"
#include "log.h"
#include "lwip/init.h"
#include "machine.h"
#include "port.h"
#include "rig.h"
#include "textbook.h"

enum { FRAMES_DEFAULT = 2000, FRAME_BYTES = 60, IN_FLIGHT_MAX = 6, AHEAD_MAX = 12 };

static unsigned in_left, out_left; /* frames still to be made; each for one thread */
static bool all_made, all_done;    /* atomics */
static unsigned steps;             /* the device's; atomic */
static void (*deliver_to_rig)(struct nic *nic, struct pbuf *frame);

/* The rig keeps account of frames in both threads. */
static void input(struct nic *nic, struct pbuf *frame) {
  __tsan_read_range(frame->payload, frame->len);
  machine_take_bus();
  deliver_to_rig(nic, frame);
  machine_leave_bus();
}

static unsigned look(const unsigned *counter) { return __atomic_load_n(counter, __ATOMIC_ACQUIRE); }

static void *device(void *unused) {
  while (!__atomic_load_n(&all_done, __ATOMIC_ACQUIRE)) {
    if (in_left != 0 && rig.wired < look(&rig.delivered) + AHEAD_MAX &&
        rig_wire(FRAME_BYTES) != FAKE_NOT_READY)
      in_left--;
    if (look(&rig.accepted) != rig.sent)
      rig_send(1);
    machine_deliver();
    machine_exhaust(in_left == 0 && __atomic_load_n(&all_made, __ATOMIC_ACQUIRE) &&
                    look(&rig.accepted) == rig.sent);
    __atomic_fetch_add(&steps, 1, __ATOMIC_RELEASE);
    sched_yield();
  }
  return unused;
}

static bool is_done(void) {
  return out_left == 0 && look(&in_left) == 0 && look(&rig.wired) == rig.delivered &&
         look(&rig.sent) == rig.accepted && ring_empty(&rig.nic->tx_ring.ring);
}

/* After an interrupt the device goes on first: what it does now is not ordered by the interrupt. */
static void let_device_go(void) {
  unsigned before = look(&steps);

  while (look(&steps) - before < 2)
    sched_yield();
}

static void main_loop(void) {
  while (!is_done()) {
    uint32_t state;

    let_device_go();
    (void)dispatch_run(rig.nic->dispatch);
    while (out_left != 0 && rig.accepted < look(&rig.sent) + IN_FLIGHT_MAX) {
      rig_must_transmit(FRAME_BYTES, 1, 4);
      out_left--;
    }
    __atomic_store_n(&all_made, out_left == 0, __ATOMIC_RELEASE);
    state = port_irq_save();
    if (!dispatch_pending(rig.nic->dispatch) && !is_done())
      port_sleep();
    port_irq_restore(state);
  }
}

static void run(const struct fake_mac *mac, unsigned frames, bool edge) {
  static const struct rig_bus bus = {"none", 32, false, false};
  pthread_t thread;

  textbook_edge = edge;
  rig_build(mac, &bus);
  deliver_to_rig = rig.nic->input;
  rig.nic->input = input;
  rig_enable();
  *mac->hold_tx = true;
  in_left = out_left = frames;
  all_made = all_done = false;
  if (pthread_create(&thread, NULL, device, NULL) != 0)
    abort();
  main_loop();
  __atomic_store_n(&all_done, true, __ATOMIC_RELEASE);
  pthread_join(thread, NULL);
  rig_end();
  printf("%-12s %u frames in, %u out, %u lost, %u interrupts\n", mac->ops->name, rig.delivered,
         rig.sent, rig.lost, (unsigned)rig.nic->counters[NIC_INTERRUPTS]);
}

/* The simulated NIC's device is software that runs in the interrupt: it has no thread of its
 * own. */
int main(int count, char *arguments[]) {
  unsigned frames = count > 1 ? (unsigned)atoi(arguments[1]) : FRAMES_DEFAULT;

  setvbuf(stdout, NULL, _IOLBF, 0);
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  run(&fake_mac_textbook, frames, false);
  run(&fake_mac_textbook, frames, true);
#define RUN(name)                                                                                  \
  if (&fake_mac_##name != &fake_mac_sim)                                                           \
    run(&fake_mac_##name, frames, false);
  FAKE_MACS(RUN)
#undef RUN
  return 0;
}
