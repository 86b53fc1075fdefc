/* A UART of the i.MX family (NXP IMX6ULRM, chapter UART). */
#include "imx_uart.h"

#include "port.h"

enum {
  URXD = 0x00,
  URXD_OVRRUN = 1 << 13,
  URXD_CHARRDY = 1 << 15,
  UTXD = 0x40,
  UCR1 = 0x80,
  UCR1_UARTEN = 1 << 0,
  UCR1_TXMPTYEN = 1 << 6,
  UCR1_RRDYEN = 1 << 9,
  UCR2 = 0x84,
  UCR2_SRST = 1 << 0, /* written 0 resets; reads as 0 until that is done */
  UCR2_RXEN = 1 << 1,
  UCR2_TXEN = 1 << 2,
  UCR2_WS = 1 << 5,    /* 8 bits; no parity and one stop bit by default */
  UCR2_IRTS = 1 << 14, /* no flow control */
  UCR3 = 0x88,
  UCR3_RXDMUXSEL = 1 << 2, /* "must be set" */
  UCR4 = 0x8c,
  UFCR = 0x90,
  UFCR_RXTL_1 = 1 << 0,  /* interrupt at each byte */
  UFCR_RFDIV_1 = 5 << 7, /* the clock is not divided */
  UFCR_TXTL_2 = 2 << 10,
  USR2 = 0x98,
  USR2_TXFE = 1 << 14,
  UBIR = 0xa4, /* written before UBMR */
  UBMR = 0xa8,
  FIFO_BYTES = 32,
  RESET_POLLS_MAX = 1000, /* it lasts four clocks */
};

/* The line's rate is the clock's / (16 * (UBMR + 1) / (UBIR + 1)). */
static void start(struct uart *uart, uint32_t baud) {
  unsigned polls = 0;

  mmio_write(uart->base + UCR1, 0);
  mmio_write(uart->base + UCR2, 0);
  while ((mmio_read(uart->base + UCR2) & UCR2_SRST) == 0 && ++polls < RESET_POLLS_MAX) {
  }
  mmio_write(uart->base + UCR3, UCR3_RXDMUXSEL);
  mmio_write(uart->base + UCR4, 0);
  mmio_write(uart->base + UFCR, UFCR_TXTL_2 | UFCR_RFDIV_1 | UFCR_RXTL_1);
  mmio_write(uart->base + UBIR, 15);
  mmio_write(uart->base + UBMR, (uart->clock_hz + baud / 2) / baud - 1);
  mmio_write(uart->base + UCR2, UCR2_SRST | UCR2_RXEN | UCR2_TXEN | UCR2_WS | UCR2_IRTS);
}

static void enable_interrupts(struct uart *uart, bool received, bool sent) {
  mmio_write(uart->base + UCR1,
             UCR1_UARTEN | (received ? UCR1_RRDYEN : 0U) | (sent ? UCR1_TXMPTYEN : 0U));
}

static unsigned room(struct uart *uart) {
  return (mmio_read(uart->base + USR2) & USR2_TXFE) != 0 ? FIFO_BYTES : 0;
}

static void put(struct uart *uart, uint8_t byte) { mmio_write(uart->base + UTXD, byte); }

static int get(struct uart *uart) {
  uint32_t received = mmio_read(uart->base + URXD);

  if ((received & URXD_CHARRDY) == 0)
    return -1;
  if ((received & URXD_OVRRUN) != 0)
    uart->rx_overruns++;
  return (int)(received & 0xff);
}

const struct uart_ops imx_uart_ops = {
    .start = start,
    .enable_interrupts = enable_interrupts,
    .room = room,
    .put = put,
    .get = get,
};
