/* Models of the boards' UARTs: FIFOs, flags and interrupts, as their manuals describe them. */
#ifndef UART_MODELS_H
#define UART_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UART_MODEL_BASE = 0x40000000, UART_MODEL_SENT_MAX = 4096 };

struct uart_model {
  const char *name;
  unsigned tx_depth, rx_depth;       /* the FIFOs' sizes in bytes */
  uint32_t (*read)(unsigned offset); /* returns a register */
  void (*write)(unsigned offset, uint32_t value);
  bool (*interrupts)(void);        /* its line is up, or has an edge to signal */
  uint32_t (*bit_clocks_64)(void); /* 64ths of input clocks a bit, as configured */
  bool masks;                      /* its interrupts can be chosen */
};

enum { UART_MODELS = 5 };
extern const struct uart_model uart_models[UART_MODELS];

/* What the model on the bus has done. */
struct uart_line {
  uint8_t sent[UART_MODEL_SENT_MAX]; /* on the wire */
  size_t sent_count;
  unsigned tx_refused; /* bytes written while there was no room */
  unsigned resets;     /* polls left until a reset is over, while it is busy */
  bool stuck;          /* nothing leaves its FIFO */
};
extern struct uart_line line;

/* Puts a model on the bus of a host that is reset. */
void uart_model_attach(const struct uart_model *model);

/* A byte arrives; false if the FIFO was full and a byte is lost. */
bool uart_model_receive(uint8_t byte);

/* A byte leaves it, if it holds any. */
void uart_model_shift(void);

#endif
