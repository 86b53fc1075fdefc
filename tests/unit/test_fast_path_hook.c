/* The fast path of a product that has a hook. */
#define LWIP_HOOK_IP4_INPUT(packet, netif) 0
#include "test_fast_path_options.c"
