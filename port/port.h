/* What ringif needs of the machine it runs on: time, interrupts, sleep, registers and DMA memory.
 *
 * The functions below are in port/arch, port/dev and port/boards for a target and in tests/host for
 * a host. What has to be inline is in the port's own "port_arch.h":
 *
 *   uint32_t port_irq_save(void)           mask interrupts, return the state before; nests
 *   void     port_irq_restore(uint32_t)    go back to that state
 *   uint32_t mmio_read(uintptr_t)          one 32-bit device register, never merged or reordered
 *   uint16_t mmio_read16(uintptr_t)        one of 16 bits, and of 8
 *   uint8_t  mmio_read8(uintptr_t)
 *   void     mmio_write(uintptr_t, uint32_t)
 *   void     mmio_write16(uintptr_t, uint16_t)
 *   void     dma_publish(void)             all stores before it are seen by a device before any
 *                                          store after it (descriptor fields, then ownership), and
 *                                          before any load after it looks
 *   void     dma_observe(void)             all loads after it see what the device wrote before the
 *                                          ownership that was loaded before it
 *   enum     DMA_IS_CACHED                 0 where the next two do nothing
 *   void     dma_clean(const void *, size_t)       memory now holds what the processor wrote
 *   void     dma_invalidate(void *, size_t)        the processor will read what a device wrote
 *   uint32_t spsc_load(const uint32_t *)           index of the other side of a queue
 *   void     spsc_store(uint32_t *, uint32_t)      own index; publishes the slots written before */
#ifndef PORT_H
#define PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port_arch.h"

/* Time since start-up in microseconds. Any context. Never goes back, never wraps in a product's
 * life (2^64 us). */
uint64_t port_clock_us(void);

/* Time since start-up in milliseconds, modulo 2^32 (wraps after 49.7 days): compare differences.
 * Any context. Cheaper than port_clock_us(). */
uint32_t port_clock_ms(void);

/* Arms the one-shot hardware timer to interrupt in `delay_us` microseconds (0: at once); with a
 * delay that the hardware cannot hold it fires early, and timer_source_interrupt() arms it for the
 * rest. Interrupts masked. */
void port_timer_arm(uint32_t delay_us);

/* Stops the one-shot timer; an interrupt that is already pending may still come. Interrupts
 * masked. */
void port_timer_stop(void);

/* Lets interrupt line `line` (the board's number) reach the processor. Any context. */
void port_irq_enable(unsigned line);

/* Keeps interrupt line `line` from the processor. Any context. */
void port_irq_disable(unsigned line);

/* Raises interrupt line `line` by software, as for a simulated device. Any context. */
void port_irq_pend(unsigned line);

/* Sleeps until an interrupt is pending. Main loop, interrupts masked: an interrupt that became
 * pending before the call ends the sleep at once, so no wake-up is lost. */
void port_sleep(void);

/* Writes `length` bytes to the serial console; while its buffer is full, waits, bounded by the
 * line's speed. Main loop and fault handlers. */
void port_console_write(const char *text, size_t length);

/* Has `received` called in the interrupt that takes in what is typed at the serial console; what
 * came before waits to be read. NULL: nothing is called. Main loop. */
void port_console_on_input(void (*received)(void));

/* The next byte received on the serial console, or -1. Main loop. */
int port_console_read(void);

/* True if a received byte waits to be read. Main loop. */
bool port_console_waits(void);

/* True if `byte` is among the received bytes that wait in the port's buffer; when that is full,
 * more may wait in the UART. Main loop. */
bool port_console_holds(char byte);

/* Empties the console's output buffer by polling. Fault handlers, and before an exit. */
void port_console_flush(void);

/* True if there is a second serial line; if so, starts it. Main loop. */
bool port_capture_present(void);

/* Writes to the second serial line, which must be present and carries captures; waits while its
 * buffer is full. Main loop. */
void port_capture_write(const void *data, size_t length);

/* Create a file on the machine that a debugger or emulator runs on, write to it, and close it.
 * port_file_create() returns the file's number, or -1 if nobody listens or it cannot be created.
 * Main loop. */
int port_file_create(const char *name);
void port_file_write(int file, const void *data, size_t length);
void port_file_close(int file);

/* 32 bits that differ from start to start as far as the board can tell. Main loop. */
uint32_t port_entropy(void);

/* Bytes of the main loop's stack: its size, and the most of it that was ever used. Main loop. */
size_t port_stack_size(void);
size_t port_stack_most(void);

/* Starts the machine anew. Any context. */
_Noreturn void port_reset(void);

/* The board's watchdog. */
struct port_watchdog {
  const char *name; /* "WDOG1" */
  /* It bites even while interrupts are masked, or while an interrupt's handler never ends: by
   * itself, or by an interrupt that comes even then; in the emulator, too. */
  bool bites_masked, bites_in_interrupts;
};
extern const struct port_watchdog port_watchdog;

/* Starts the board's watchdog, which resets the machine when port_watchdog_feed() was not called
 * for `timeout_ms` (1000 to 60000, in half seconds). Before that `bite` is called in an interrupt,
 * if the processor takes it, and has half a second. Main loop, once. */
void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void));

/* Lets another `timeout_ms` pass. Main loop. */
void port_watchdog_feed(void);

/* For a variable that keeps its value over a reset; at power-on it has any value. */
#define PORT_KEPT_OVER_RESET __attribute__((section(".noinit")))

/* Ends the run with exit status `status` (0 to 255) if a debugger or emulator listens, else starts
 * the machine anew. Any context. */
_Noreturn void port_exit(int status);

#endif
