/* The i.MX ENET driver on its rig, with two MACs on the bus: the other one's management interface
 * is where the PHY may be as well. */
#ifndef IMX_ENET_RIG_H
#define IMX_ENET_RIG_H

#include "fake_imx_enet.h"
#include "imx_enet.h"
#include "mac_rig.h"

extern struct fake_imx_enet fake_enet, other_enet;
extern struct imx_enet enet;

/* cmocka's set-up functions: in NIC_INIT, and in NIC_ENABLED. */
int enet_setup(void **state);
int enet_setup_enabled(void **state);

/* Each packet of the pool is somewhere, and the device was never misused. */
void enet_check(void);

#endif
