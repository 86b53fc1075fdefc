/* The textbook MAC in the conformance suite: whole, and with as little as a fake can have. */
#include "textbook.h"

const struct fake_mac fake_mac_textbook = {
    .ops = &textbook_ops,
    .nic = &textbook.nic,
    .nic_size = sizeof textbook,
    .rings = textbook.rx,
    .rings_size = sizeof textbook.rx + sizeof textbook.tx,
    TEXTBOOK_FAKE_MEMBERS,
};

static const struct fake_error no_errors[] = {{.name = NULL}};
static const struct fake_absence no_absences[] = {{.name = NULL}};

const struct fake_mac fake_mac_bare = {
    .ops = &textbook_ops,
    .nic = &textbook.nic,
    .nic_size = sizeof textbook,
    .rings = textbook.rx,
    .rings_size = sizeof textbook.rx + sizeof textbook.tx,
    TEXTBOOK_BARE_MEMBERS,
    .errors = no_errors,
    .absences = no_absences,
};
