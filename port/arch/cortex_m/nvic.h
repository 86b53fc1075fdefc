/* The interrupt controller of a Cortex-M (ARM DDI 0403E, B3.4): puts one interrupt before all
 * others. */
#ifndef NVIC_H
#define NVIC_H

/* Lets line `line` preempt the handlers of all others and of SysTick, which else run to their end.
 * Main loop. */
void nvic_put_first(unsigned line);

#endif
