/* The host at the far end of the simulated NIC's wire: it pings, and checks each answer.
 *
 * What it sends is its profile: "echo" sends pings, "flood" pings in the smallest frames, "imix"
 * pings in the mix of sizes of Internet traffic, "replay" the frames of a capture, "peer" opens TCP
 * sessions, "session" sends pings and keeps one TCP session open. There may be a flood besides
 * (sim_flood.h). A first tick comes some time after the interface is enabled, then one every
 * period; each tick sends a burst of ICMP echo requests, one into each receive buffer that is
 * posted, up to `burst`. The host answers ARP, and pings in frames of up to 128 bytes, and asks for
 * the station's address when the station announces itself, so that both know each other before the
 * first tick. All functions run in the device's context. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"
#include "sim_flood.h"
#include "sim_tcp.h"

enum {
  SIM_PEER_BURST_MAX = 32,
  SIM_PEER_PING_MAX = 128, /* longest frame with an echo request that it answers */
};

enum sim_peer_profile {
  SIM_PEER_ECHO,   /* echo requests of the usual size: frames of 98 bytes */
  SIM_PEER_FLOOD,  /* echo requests in frames of 60 bytes, the least */
  SIM_PEER_IMIX,   /* echo requests in frames of 60, 572 and 1514 bytes, 7 to 4 to 1; those that do
                      not fit the buffers are left out */
  SIM_PEER_REPLAY, /* the frames of config.replay, over and over; no answer is expected */
  SIM_PEER_PEER, /* each tick, a TCP session with the echo port, of `burst` segments that it checks
                  */
  SIM_PEER_SESSION, /* as SIM_PEER_ECHO, and each tick a segment of a TCP session with the echo port
                       that stays open */
  SIM_PEER_PROFILE_COUNT
};

struct sim_peer_config {
  enum sim_peer_profile profile;
  const uint8_t *replay;  /* for SIM_PEER_REPLAY: a little-endian pcap file, Ethernet */
  uint32_t replay_length; /* its bytes */
  uint8_t mac[6];         /* the peer's address */
  uint8_t address[4];     /* its IPv4 address */
  uint8_t station[4];     /* the IPv4 address that it pings */
  uint8_t burst;          /* echo requests a tick, 1 to SIM_PEER_BURST_MAX */
  uint32_t first_ms;      /* from when the NIC is enabled to the first tick */
  uint32_t period_ms;     /* from tick to tick */
};

struct sim_peer_report {
  uint32_t ticks;    /* bursts begun */
  uint32_t requests; /* echo requests sent, frames replayed, TCP sessions opened */
  uint32_t right;    /* answers with all addresses, id, sequence, checksums and data right */
  uint32_t wrong;    /* answers with anything wrong, and frames that make no sense */
  uint32_t missing;  /* requests without an answer when the next tick came */
  uint32_t segments; /* SIM_PEER_SESSION: segments of new data sent */
  uint32_t echoed;   /* of these, those that came back */
  uint32_t lost;     /* sessions that were reset by the station, or in which something else came */
};

struct sim_peer {
  struct sim_peer_config config;
  struct sim_peer_report report;
  struct dispatch_source *burst_done; /* posted when a burst's last answer has come, or the next
                                         tick finds some missing; NULL: none */
  uint8_t station_mac[6];             /* the NIC's station address */
  uint64_t next_tick_us;              /* when the next burst begins */
  uint32_t outstanding;    /* requests without an answer, a bit each from first_sequence */
  uint16_t first_sequence; /* sequence number of this burst's first request */
  uint32_t replay_offset;  /* of the next frame in the capture; 0: its first */
  uint8_t burst_left;      /* requests of this burst still to be sent */
  uint8_t burst_sent;      /* requests of this burst already sent */
  struct sim_tcp tcp;      /* the session of SIM_PEER_PEER and SIM_PEER_SESSION */
  struct sim_flood flood;
  uint8_t pinged[SIM_PEER_PING_MAX]; /* the station's echo request that is to be answered */
  uint8_t pinged_length;             /* its bytes; 0: none */
  bool arp_request_due;              /* it wants to know the station's address */
  bool arp_reply_due;                /* the station has asked for its address */
  bool flooded;                      /* the last frame was of the flood: they take turns */
  bool echo_awaited;                 /* the burst is over only when a segment has come back, too */
};

/* The name of a profile, and the profile of that name (SIM_PEER_PROFILE_COUNT if there is none). */
const char *sim_peer_profile_name(enum sim_peer_profile profile);
enum sim_peer_profile sim_peer_profile_parse(const char *name);

void sim_peer_init(struct sim_peer *peer, const struct sim_peer_config *config);

/* Changes what the peer does from its next tick on: answers to the burst before are no longer
 * expected. */
void sim_peer_configure(struct sim_peer *peer, const struct sim_peer_config *config);

/* The NIC with address `station_mac` was enabled at `now_us`: the first tick is first_ms away. */
void sim_peer_start(struct sim_peer *peer, const uint8_t station_mac[6], uint64_t now_us);

/* Begins a burst if one is due. */
void sim_peer_tick(struct sim_peer *peer, uint64_t now_us);

/* When it has something to do again. */
uint64_t sim_peer_next_tick(const struct sim_peer *peer);

/* True if the peer has a frame to send now. */
bool sim_peer_has_frame(const struct sim_peer *peer);

/* Writes that frame into `buffer` of `size` bytes. Returns its length, or 0 if it does not fit and
 * is lost. */
uint32_t sim_peer_send(struct sim_peer *peer, uint8_t *buffer, uint32_t size);

/* The NIC has no buffer for that frame. A burst ends there: it goes only into posted buffers. */
void sim_peer_drop_frame(struct sim_peer *peer);

/* Takes a frame of `length` bytes that the NIC has sent. */
void sim_peer_receive(struct sim_peer *peer, const uint8_t *frame, uint32_t length);

#endif
