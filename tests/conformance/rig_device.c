/* What the device under the rig does by itself, and at which moment of the driver's work. */
#include "rig.h"

static void (*at_moment)(void); /* NULL: nothing is to happen */
static unsigned moments_left;

static void set_hold(void *context) {
  *rig.mac->hold_tx = *(bool *)context;
  rig.idles = false;
  if (!*rig.mac->hold_tx)
    rig.mac->send(UINT32_MAX);
}

void rig_hold_tx(bool hold) { host_device_step(set_hold, &hold); }

static void send_some(void *context) { rig.mac->send(*(unsigned *)context); }

void rig_send(unsigned frames) { host_device_step(send_some, &frames); }

static void send_one_part(void *context) {
  (void)context;
  rig.mac->send_part();
}

void rig_send_part(void) { host_device_step(send_one_part, NULL); }

void rig_run_out(void) {
  rig.mac->send(UINT32_MAX);
  *rig.mac->hold_tx = false;
  rig.idles = true;
}

static void set_carrier(void *context) { rig.mac->set_link(*(bool *)context); }

bool rig_set_link(bool up) {
  if (rig.mac->set_link == NULL)
    return true;
  host_device_step(set_carrier, &up);
  return up;
}

static void lose_power(void *context) {
  (void)context;
  rig.mac->forget();
}

uint32_t rig_take_away(const struct fake_absence *absence) {
  uint32_t present = *absence->where;

  if (absence->where == rig.mac->power) {
    host_device_step(lose_power, NULL);
    rig.confused = true; /* nobody knows what it had sent but not reported */
  }
  *absence->where = absence->value;
  rig.gone = true;
  return present;
}

struct injection {
  const struct fake_error *error;
  bool happened;
};

static void inject(void *context) {
  struct injection *injection = context;

  injection->happened = injection->error->inject(injection->error);
}

bool rig_inject(const struct fake_error *error) {
  struct injection injection = {error, false};

  host_device_step(inject, &injection);
  return injection.happened;
}

void rig_look(void *context) {
  (void)context;
  if (rig.backlog != 0) {
    rig.backlog--;
    (void)rig_come_in(RIG_FRAME_MIN + rig.backlog % 32);
  }
  if (at_moment != NULL && moments_left-- == 0) {
    at_moment();
    at_moment = NULL;
  }
  if (!*rig.mac->hold_tx && !rig.idles)
    rig.mac->send(UINT32_MAX);
}

void rig_at(unsigned moments, void (*action)(void)) {
  at_moment = action;
  moments_left = moments;
}

bool rig_at_cancel(void) {
  bool waiting = at_moment != NULL;

  at_moment = NULL;
  return waiting;
}
