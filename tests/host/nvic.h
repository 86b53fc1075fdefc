/* The host's interrupts have no priorities: a test sees who sets one. */
#ifndef NVIC_H
#define NVIC_H

void nvic_put_first(unsigned line);

#endif
