/* A small capture for the simulated peers to replay: frames on a LAN that are not for the host. */
#ifndef SIM_CAPTURE_H
#define SIM_CAPTURE_H

#include <stdint.h>

enum { SIM_CAPTURE_BYTES = 252 };
extern const uint8_t sim_capture[SIM_CAPTURE_BYTES];

#endif
