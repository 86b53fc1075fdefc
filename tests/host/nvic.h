/* The host's interrupts have no priorities: who asks for one is seen by a test. */
#ifndef NVIC_H
#define NVIC_H

void nvic_put_first(unsigned line);

#endif
