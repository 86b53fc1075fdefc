/* The ACME MAC on the host, for the conformance suite: the MAC of the suite's own textbook. That of
 * another MAC is tests/conformance/fake_NAME.c, such as fake_msf2_emac.c. */
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
