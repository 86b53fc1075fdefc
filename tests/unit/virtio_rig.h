/* The virtio network driver under the kit, against a fake of its device, and a stack that counts.
 */
#ifndef VIRTIO_RIG_H
#define VIRTIO_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"
#include "fake_virtio_net.h"
#include "virtio_net.h"

enum {
  VIRTIO_RIG_PACKETS = 96, /* more than the ring, so that some rest */
  VIRTIO_RIG_BUFFER = 1536,
  VIRTIO_RIG_DEPTH = 64,
  VIRTIO_RIG_FRAME = 200, /* bytes of a frame that comes in */
  VIRTIO_RIG_PART = 64,   /* of a part of one that goes out */
};

struct virtio_rig {
  struct fake_virtio_net fake;
  struct virtio_net virtio;
  struct nic *nic;
  struct dispatch_queue dispatch;
  unsigned received, wired; /* frames that the stack has had, in order, and that came in */
  unsigned checked;         /* those of them whose checksums the device vouched for */
  unsigned hoard, hoarded;  /* the stack keeps so many */
  struct pbuf *hoarded_frames[VIRTIO_RIG_PACKETS];
  unsigned parts_freed; /* of frames that were sent */
};
extern struct virtio_rig virtio_rig;

/* cmocka's set-up functions: in NIC_INIT, and in NIC_ENABLED. */
int virtio_rig_setup(void **state);
int virtio_rig_setup_enabled(void **state);

/* The main loop, until nothing is left to do. */
void virtio_rig_run(void);

/* The next frame comes in; false where no buffer is there. */
bool virtio_rig_wire(void);

/* Each packet of the pool is somewhere, and the driver has done nothing that it must not. */
void virtio_rig_check(void);

/* Sends frame `number`, of `parts` buffers, and returns datapath_transmit()'s result. */
int virtio_rig_transmit(unsigned number, unsigned parts);

/* True if frame `sent` of the device (a count from 0) is frame `number` of `parts` buffers. */
bool virtio_rig_was_sent(unsigned sent, unsigned number, unsigned parts);

#endif
