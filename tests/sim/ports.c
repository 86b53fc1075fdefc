/* The copies of the node. */
#include "ports.h"

extern const struct node_ops node_ops_0, node_ops_1;

const struct node_ops *const nodes[WORLD_NODES] = {&node_ops_0, &node_ops_1};
