/* A guard below the stack, for boards whose bus gives no error there. */
#ifndef STACK_GUARD_H
#define STACK_GUARD_H

/* Makes each access to the 4 KiB below the RAM, where a stack that runs over would write, a fault.
 * Has no effect on a core without a memory protection unit. Main loop, once. */
void stack_guard_start(void);

#endif
