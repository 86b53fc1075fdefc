/* A guard below the stack, for boards whose bus answers there. */
#ifndef STACK_GUARD_H
#define STACK_GUARD_H

/* Makes each access to the 4 KiB below the RAM, where the stack would run over, a fault. A core
 * without a memory protection unit ignores it. Main loop, once. */
void stack_guard_start(void);

#endif
