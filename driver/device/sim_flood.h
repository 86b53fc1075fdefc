/* Floods from the wire of the simulated NIC: unsolicited frames, at a given rate.
 *
 * The frames come from SIM_FLOOD_SOURCES hosts in turn, whose addresses are in the station's /16
 * network from x.y.64.0 on. They expect no answer, and answer none of the station's frames. All
 * functions run in the device's context. */
#ifndef SIM_FLOOD_H
#define SIM_FLOOD_H

#include <stdint.h>

#define SIM_FLOODS(X)                                                                              \
  X(BROADCAST, "broadcast") /* UDP to all hosts */                                                 \
  X(UDP, "udp")             /* UDP to a port that is closed */                                     \
  X(FRAGMENTS, "fragments") /* the first fragments of packets that have no others */               \
  X(SYN, "syn")             /* TCP connections to the echo port that are never completed */        \
  X(ARP, "arp")             /* ARP requests for the station's address */                           \
  X(ND, "nd")               /* IPv6 neighbour solicitations for the station's own address */

enum sim_flood_kind {
#define SIM_FLOOD_ENUM(name, text) SIM_FLOOD_##name,
  SIM_FLOODS(SIM_FLOOD_ENUM)
#undef SIM_FLOOD_ENUM
      SIM_FLOOD_COUNT
};

enum {
  SIM_FLOOD_SOURCES = 10000,
  SIM_FLOOD_LINE_RATE = 148809, /* shortest frames a second at 100 Mbit/s, with gap and preamble */
  SIM_FLOOD_RATE_MAX = 1000000,
};

struct sim_flood {
  enum sim_flood_kind kind;
  uint32_t per_second; /* frames; 0: no flood */
  uint64_t since_us;   /* its start */
  uint64_t reckoned;   /* frames that have become due since then */
  uint16_t due;        /* frames that are on the wire now */
  uint32_t sent;       /* frames that the NIC had a buffer for */
  uint32_t lost;       /* frames that it had none for */
};

/* Floods from `now_us` on; 0 frames a second ends it, and leaves the figures. */
void sim_flood_start(struct sim_flood *flood, enum sim_flood_kind kind, uint32_t per_second,
                     uint64_t now_us);

/* Reckons the frames that are due. */
void sim_flood_tick(struct sim_flood *flood, uint64_t now_us);

/* When the next frames are due; UINT64_MAX: never. */
uint64_t sim_flood_next(const struct sim_flood *flood);

/* Writes one frame that is due into `buffer` of `size` bytes, to a station with the given Ethernet
 * and IPv4 addresses. Returns its length, or 0 if it does not fit and is lost. */
uint32_t sim_flood_send(struct sim_flood *flood, uint8_t *buffer, uint32_t size,
                        const uint8_t station_mac[6], const uint8_t station[4]);

/* The NIC has no buffer for a frame that is due: it is lost. */
void sim_flood_drop(struct sim_flood *flood);

/* The name of a flood, and the flood of that name (SIM_FLOOD_COUNT if there is none). */
const char *sim_flood_name(enum sim_flood_kind kind);
enum sim_flood_kind sim_flood_parse(const char *name);

#endif
