/* Quiet wires: the simulated NICs exist, and that is all. */
#include "board.h"
#include "wire.h"

void wires_start(void) {
  static const struct sim_peer_config silent = {
      .profile = SIM_PEER_REPLAY, .burst = 1, .first_ms = UINT32_MAX, .period_ms = UINT32_MAX};

  for (unsigned i = 0; i < BOARD_SIMS; i++)
    sim_device_init(&board_sim_devices[i], &silent, board_sim_irqs[i]);
}

void wires_are_up(void) {}
