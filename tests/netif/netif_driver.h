/* A netif driver of lwIP's under the suite, with what stands in for its device.
 *
 * The suite sees a driver as lwIP does: by its init function, by `linkoutput`, by what it hands to
 * `input` and by its filters. It knows of no ring and of no register, nor of the kit: what has a
 * struct netif can be put under it. */
#ifndef NETIF_DRIVER_H
#define NETIF_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/netif.h"

/* The table: a line for each driver. DRIVER(plain) stands for the `const struct netif_driver` named
 * netif_driver_plain. */
#ifndef NETIF_DRIVERS /* a product tests only its own */
#define NETIF_DRIVERS(DRIVER)                                                                      \
  DRIVER(plain)                                                                                    \
  DRIVER(cadence_gem)                                                                              \
  DRIVER(imx_enet) DRIVER(lan9118) DRIVER(msf2_emac) DRIVER(sim) DRIVER(virtio_net)
#endif

struct netif_driver {
  const char *name;

  /* The EtherType of the frames that come in, for a driver that hands only some types to `input`,
   * as lwIP's skeleton once did. 0: it hands on any type. */
  uint16_t type;

  /* Device and driver are as after a reset, with a link; the transmitter does not pause. */
  void (*power_on)(void);

  /* For netif_add(). */
  err_t (*init)(struct netif *netif);

  /* What a product does once the netif is added and set up; NULL: nothing. */
  void (*start)(struct netif *netif);

  /* Takes the netif from lwIP: the device is off when it returns. NULL: a product never does. */
  void (*remove)(struct netif *netif);

  /* A millisecond of the product: the device's interrupts, and what the driver does in the main
   * loop, until both have nothing left to do. */
  void (*run)(struct netif *netif);

  /* A frame without FCS comes from the wire, of 60 to 2000 bytes. True if the device has it, so
   * that the driver has to deliver it if it has up to 1514; false if a filter or its length kept it
   * out, or there was no room. */
  bool (*receive)(const uint8_t *frame, uint32_t length);

  /* The transmitter pauses, as at a PAUSE frame, or goes on. It pauses for as long as it is not
   * told to go on, also if the driver waits for it: time has to pass where the driver asks for it,
   * or it waits for ever. */
  void (*hold_tx)(bool hold);

  /* While the transmitter pauses it sends up to `frames` nevertheless, as on a wire that is slower
   * than the stack. NULL: it sends all or nothing. */
  void (*send_some)(unsigned frames);

  /* The carrier comes or goes; it is to be seen within ten seconds. NULL: nobody sees it. */
  void (*set_link)(bool up);
};

/* The device has sent a frame of `length` bytes, without FCS. */
void wire_sent(const uint8_t *frame, uint32_t length);

#define NETIF_DRIVER_DECLARE(name) extern const struct netif_driver netif_driver_##name;
NETIF_DRIVERS(NETIF_DRIVER_DECLARE)
#undef NETIF_DRIVER_DECLARE

#endif
