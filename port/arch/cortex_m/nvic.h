/* The interrupt controller of a Cortex-M (ARM DDI 0403E, B3.4): one interrupt before all others. */
#ifndef NVIC_H
#define NVIC_H

/* Lets line `line` interrupt the handlers of all others and of SysTick, which else run to their end
 * first. Main loop. */
void nvic_put_first(unsigned line);

#endif
