/* The ports of the wire: the nodes and the tester. */
#ifndef PORTS_H
#define PORTS_H

#include "node.h"
#include "world.h"

/* The copies of the node, by port. */
extern const struct node_ops *const nodes[WORLD_NODES];

/* A frame will arrive at a port at a time yet to come. */
void port_arrive(unsigned port, const uint8_t *frame, uint32_t length, uint64_t at_us);

#endif
