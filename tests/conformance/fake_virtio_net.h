/* A register-level fake of a virtio network device behind memory-mapped registers (virtio 1.2). */
#ifndef FAKE_VIRTIO_NET_H
#define FAKE_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mac.h"
#include "fake_virtq.h"

enum {
  FAKE_VIRTIO_BASE = 0x0a003e00,
  FAKE_VIRTIO_IRQ = 47,
  FAKE_VIRTIO_FRAME_BYTES = 2048,
  FAKE_VIRTIO_COMMAND_BYTES = 128,

  FAKE_VIRTIO_HIGH_PLATFORM = 1 << 1 | 1 << 4, /* ACCESS_PLATFORM, ORDER_PLATFORM: bits 33 and 36 */
  FAKE_VIRTIO_CSUM = 1 << 0,                   /* features */
  FAKE_VIRTIO_GUEST_CSUM = 1 << 1,
  FAKE_VIRTIO_MTU = 1 << 3,
  FAKE_VIRTIO_MAC = 1 << 5,
  FAKE_VIRTIO_MRG_RXBUF = 1 << 15,
  FAKE_VIRTIO_STATUS = 1 << 16,
  FAKE_VIRTIO_CTRL_VQ = 1 << 17,
  FAKE_VIRTIO_CTRL_RX = 1 << 18,
  FAKE_VIRTIO_CTRL_MAC_ADDR = 1 << 23,
  FAKE_VIRTIO_ALL = FAKE_VIRTIO_CSUM | FAKE_VIRTIO_GUEST_CSUM | FAKE_VIRTIO_MTU | FAKE_VIRTIO_MAC |
                    FAKE_VIRTIO_MRG_RXBUF | FAKE_VIRTIO_STATUS | FAKE_VIRTIO_CTRL_VQ |
                    FAKE_VIRTIO_CTRL_RX | FAKE_VIRTIO_CTRL_MAC_ADDR,
};

struct fake_virtio_net {
  uint32_t magic, version, device_id; /* set by tests */
  uint32_t offered[2];                /* feature bits */
  uint32_t queue_max;
  bool refuses_features;
  uint32_t never_resets;
  uint32_t without_power; /* it does not answer */
  bool was_reset;         /* and it has not been set up since */
  bool hold_tx;           /* sends only by fake_virtio_net_send() */
  bool backwards;         /* completes each batch in reverse order */
  bool hold_control;      /* never answers a command */
  bool refuses_commands;  /* answers with an error */
  bool no_notify;         /* does not want to be notified of frames to send */
  uint8_t rx_flags;       /* in the headers of what it receives */
  uint8_t mac[6];
  uint16_t mtu;
  bool link;
  uint32_t changes; /* how many more times its configuration changes while it is read */

  uint32_t accepted[2]; /* feature bits */
  uint32_t status, interrupts;
  uint32_t device_features_sel, driver_features_sel, queue_sel;
  struct fake_virtq queues[3];

  unsigned resets;
  unsigned bad_accesses;                      /* what a driver must not do */
  unsigned notifications;                     /* of frames to send */
  unsigned asked;                             /* notifications of commands */
  unsigned commands;                          /* answered commands */
  uint8_t command[FAKE_VIRTIO_COMMAND_BYTES]; /* the last one */
  uint32_t command_length;
  uint8_t table[FAKE_VIRTIO_COMMAND_BYTES]; /* of addresses, as last set */
  uint8_t promiscuous, all_multicast;
  struct {
    uint32_t length;
    unsigned parts; /* descriptors after the header's */
    uint8_t flags;  /* the header's */
    uint8_t data[FAKE_VIRTIO_FRAME_BYTES];
  } last; /* frame sent */
};

/* The one that the suite drives. */
extern struct fake_virtio_net fake_virtio_net;

/* Resets the fake, which offers all its features, and puts it on the host's bus. */
void fake_virtio_net_attach(struct fake_virtio_net *fake);

/* The device loses its power. */
void fake_virtio_net_forget(struct fake_virtio_net *fake);

/* A frame arrives. */
enum fake_verdict fake_virtio_net_receive(struct fake_virtio_net *fake, const uint8_t *frame,
                                          uint32_t length);

/* `count` frames of `length` bytes each arrive at once and fill the posted buffers from the last
 * one back: `frames` in the order of their arrival. */
void fake_virtio_net_receive_backwards(struct fake_virtio_net *fake, const void *frames,
                                       uint32_t length, unsigned count);

/* Sends up to `frames` of the posted frames; for use while hold_tx is set. */
void fake_virtio_net_send(struct fake_virtio_net *fake, unsigned frames);

/* Its link changes. */
void fake_virtio_net_set_link(struct fake_virtio_net *fake, bool up);

/* It has met an error, and requests a reset. False if it is off. */
bool fake_virtio_net_break(struct fake_virtio_net *fake);

/* It says that it has used the chain that begins with descriptor `id` of queue `number`. */
void fake_virtio_net_use(struct fake_virtio_net *fake, unsigned number, uint32_t id,
                         uint32_t length);

#endif
