/* The ACME MAC on the host, for the conformance suite: it is the suite's own textbook MAC. For
 * another MAC write a fake_NAME.c like those in tests/conformance, such as fake_msf2_emac.c. */
#include "acme_mac.h"
#include "textbook.h"

static struct acme_mac driver;

const struct fake_mac fake_mac_acme_mac = {
    .ops = &acme_mac_ops,
    .nic = &driver.nic,
    .nic_size = sizeof driver,
    .rings = driver.rx,
    .rings_size = sizeof driver.rx + sizeof driver.tx,
    TEXTBOOK_FAKE_MEMBERS,
};
