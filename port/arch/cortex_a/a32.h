/* Code that an exception enters: in A32 state, as SCTLR.TE is 0 after a reset (ARM DDI 0406C,
 * B1.8.5); all other code is T32. */
#ifndef A32_H
#define A32_H

/* A function whose body is assembly alone. */
#define A32_ENTRY __attribute__((naked, target("arm")))

#endif
