/* Code that the processor enters by itself, by an exception: it does so in A32 state, as SCTLR.TE
 * is 0 after a reset (ARM DDI 0406C, B1.8.5); all else is T32. */
#ifndef A32_H
#define A32_H

/* A function whose body is assembly alone. */
#define A32_ENTRY __attribute__((naked, target("arm")))

#endif
