/* A guest whose every instruction is known, to test that the meter counts them right. */
        .syntax unified
        .cpu cortex-m3
        .thumb

        .macro function name
        .text
        .global \name
        .type \name, %function
        .thumb_func
\name:
        .endm
        .macro finish name
        .ltorg
        .size \name, . - \name
        .endm

        .section .vectors, "a"
        .word stack_top, reset_handler
        .fill 13, 4, 0
        .word systick_handler

        .bss
        .balign 4
copied: .space  64

/* 25 instructions, among them 3 writes of the interrupt control and state register, each of which makes an
 * interrupt pending (ARM DDI 0403E, B3.2.4), and 5 reads of it. */
        function reset_handler
        bl      known_loop
        ldr     r0, =copied
        ldr     r1, =known_loop
        bic     r1, #1
        bl      memcpy
        ldr     r0, =known_loop
        bic     r0, #1
        bl      internet_checksum
        ldr     r0, =0xe000ed04
        mov     r1, #1 << 26
        .rept   3
        str     r1, [r0]
        dsb
        isb
        .endr
        .rept   5
        ldr     r1, [r0]
        .endr
        bl      port_sleep
        finish  reset_handler

/* 6 + 2 * 1000; two of the 6 are skipped by their condition. */
        function known_loop
        push    {r4, lr}
        movw    r0, #1000
1:      subs    r0, #1
        bne     1b
        itt     ne
        movne   r1, #1
        movne   r2, #1
        pop     {r4, pc}
        finish  known_loop

/* 3 + 4 * 15 + 6, for 64 bytes. */
        function memcpy
        push    {r4, lr}
        mov     r4, #15
1:      ldr     r3, [r1], #4
        str     r3, [r0], #4
        subs    r4, #1
        bne     1b
        ldrh    r3, [r1], #2
        strh    r3, [r0], #2
        .rept   2
        ldrb    r3, [r1], #1
        strb    r3, [r0], #1
        .endr
        pop     {r4, pc}
        finish  memcpy

/* 4 + 3 * 5, for 40 bytes; the constant in its code is none of them. */
        function internet_checksum
        push    {r4, lr}
        ldr     r4, =0x12345
        mov     r4, #5
1:      ldm     r0!, {r2, r3}
        subs    r4, #1
        bne     1b
        pop     {r4, pc}
        finish  internet_checksum

        function systick_handler
        bx      lr
        finish  systick_handler

        function port_sleep
        wfi
        b       port_sleep
        finish  port_sleep
