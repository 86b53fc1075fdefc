/* The serial lines: each UART driver under the buffered line, over a model of its device. */
#include "unit.h"

#include <stdlib.h>

#include "cadence_uart.h"
#include "cmsdk_uart.h"
#include "imx_uart.h"
#include "pl011.h"
#include "port.h"
#include "uart_16550.h"
#include "uart_console.h"
#include "uart_models.h"

enum { CLOCK_HZ = 50000000, BAUD = 115200, IRQ = 7, ENDLESS = 100000 };

struct uart board_console;
struct uart *board_capture;

static struct uart *const uart = &board_console;
static const struct uart_model *model;
static unsigned received_calls;

static void received(void) { received_calls++; }

/* In the order of uart_models. */
static const struct uart_ops *const ops[UART_MODELS] = {
    &cmsdk_uart_ops, &pl011_ops, &cadence_uart_ops, &imx_uart_ops, &uart_16550_ops};

static void start(unsigned number) {
  model = &uart_models[number];
  uart_model_attach(model);
  board_console = (struct uart){
      .ops = ops[number], .base = UART_MODEL_BASE, .clock_hz = CLOCK_HZ, .received = received};
  received_calls = 0;
  uart_start(uart, BAUD);
}

/* The interrupts that the device raises; they must end. */
static void interrupt(void) {
  for (unsigned i = 0; model->interrupts(); i++) {
    uint32_t state = port_irq_save();

    if (i == 1000)
      fail_msg("%s is never quietened", model->name);
    uart_interrupt(uart);
    port_irq_restore(state);
  }
}

static void type(uint8_t byte) {
  assert_true(uart_model_receive(byte));
  interrupt();
}

static void check_sent(const char *text, size_t length) {
  if (line.sent_count != length || memcmp(line.sent, text, length) != 0)
    fail_msg("%s has sent %zu bytes, not the %zu that were written", model->name, line.sent_count,
             length);
  assert_int_equal(line.tx_refused, 0);
}

#define FOR_EACH_UART(number) for (unsigned number = 0; number < UART_MODELS; number++)

static void the_line_has_its_baud_rate(void **state) {
  static const uint32_t bauds[] = {9600, 57600, 115200};

  (void)state;
  FOR_EACH_UART(number) {
    for (unsigned i = 0; i < sizeof bauds / sizeof *bauds; i++) {
      double is;

      start(number);
      uart_start(uart, bauds[i]);
      is = 64.0 * (double)CLOCK_HZ / model->bit_clocks_64();
      if (is < 0.97 * bauds[i] || is > 1.03 * bauds[i])
        fail_msg("%s: %.0f baud, not %u", model->name, is, bauds[i]);
    }
  }
}

/* A divisor that the hardware does not have: it uses its fastest. */
static void a_rate_beyond_the_hardware_is_its_fastest(void **state) {
  (void)state;
  start(0);
  uart_start(uart, CLOCK_HZ / 4);
  assert_int_equal(model->bit_clocks_64(), 64 * 16);
}

static void what_is_written_leaves_by_interrupts(void **state) {
  char text[UART_TX_BYTES];

  (void)state;
  for (unsigned i = 0; i < sizeof text; i++)
    text[i] = (char)(i * 7);
  FOR_EACH_UART(number) {
    start(number);
    for (unsigned round = 0; round < 3; round++) { /* around the buffer */
      line.sent_count = 0;
      uart_write(uart, text, sizeof text - 5);
      for (unsigned i = 0; i < ENDLESS && line.sent_count < sizeof text - 5; i++) {
        uart_model_shift();
        interrupt();
      }
      check_sent(text, sizeof text - 5);
    }
    assert_int_equal(uart->tx_lost, 0);
  }
}

/* The FIFO is neither empty nor full then: the interrupt for the rest has to come nevertheless. */
static void what_is_written_behind_a_few_bytes_leaves_as_well(void **state) {
  static const char text[] = "what is written behind a few bytes";
  enum { FEW = 17 };

  (void)state;
  FOR_EACH_UART(number) {
    for (unsigned first = 1; first < FEW; first++) {
      for (unsigned second = 1; second < FEW; second++) {
        start(number);
        line.stuck = true;
        uart_write(uart, text, first);
        uart_write(uart, text + first, second);
        line.stuck = false;
        for (unsigned i = 0; i < first + second; i++) {
          uart_model_shift();
          interrupt();
        }
        check_sent(text, first + second);
      }
    }
  }
}

static void what_the_buffer_cannot_hold_is_waited_for(void **state) {
  char text[3 * UART_TX_BYTES + 11];

  (void)state;
  for (unsigned i = 0; i < sizeof text; i++)
    text[i] = (char)(i * 13);
  FOR_EACH_UART(number) {
    start(number);
    uart_write(uart, text, sizeof text);
    uart_flush(uart);
    for (unsigned i = 0; i < model->tx_depth; i++)
      uart_model_shift();
    check_sent(text, sizeof text);
    assert_int_equal(uart->tx_lost, 0);
  }
}

/* In total a line may take more polls than the number after which one that takes nothing is given
 * up. */
enum { SELDOM = 400000 };
static const struct uart_ops *seldom_ops;
static unsigned polls;

static unsigned room_seldom(struct uart *of) {
  if (++polls % SELDOM != 0)
    return 0;
  line.stuck = false;
  for (unsigned i = 0; i < model->tx_depth; i++)
    uart_model_shift();
  line.stuck = true;
  return seldom_ops->room(of);
}

static void a_slow_line_is_waited_for_as_long_as_it_takes_something(void **state) {
  static const char text[UART_TX_BYTES + 300] = "text";

  (void)state;
  FOR_EACH_UART(number) {
    struct uart_ops seldom;
    size_t length;

    start(number);
    length = UART_TX_BYTES + 4 * model->tx_depth; /* the buffer is filled several times */
    assert_true(length <= sizeof text);
    seldom_ops = uart->ops;
    seldom = *seldom_ops;
    seldom.room = room_seldom;
    uart->ops = &seldom;
    line.stuck = true;
    polls = 0;
    uart_write(uart, text, length);
    assert_true(polls > 1000000);
    assert_int_equal(uart->tx_lost, 0);
  }
}

/* While the line is asked for room, bytes arrive one by one, as many as the buffer holds. */
enum { ROOMS_A_BYTE = 8 };
static const struct uart_ops *typed_ops;
static unsigned rooms, typed;

static unsigned room_while_typed(struct uart *of) {
  if (++rooms % ROOMS_A_BYTE == 0 && typed < UART_RX_BYTES) {
    (void)uart_model_receive((uint8_t)typed++);
    port_irq_pend(IRQ);
  }
  return typed_ops->room(of);
}

static void uart_irq(void *context) {
  (void)context;
  uart_interrupt(uart);
}

static void start_typed(unsigned number) {
  static struct uart_ops with_room;

  start(number);
  typed_ops = uart->ops;
  with_room = *typed_ops;
  with_room.room = room_while_typed;
  uart->ops = &with_room;
  rooms = typed = 0;
  host_connect_irq(IRQ, uart_irq, NULL);
  port_irq_enable(IRQ);
}

static void send_the_rest(void) {
  uart_flush(uart);
  for (unsigned i = 0; i < model->tx_depth; i++)
    uart_model_shift();
}

static void what_is_typed_while_the_line_is_waited_for_is_taken(void **state) {
  static const char text[3 * UART_TX_BYTES] = "text";

  (void)state;
  FOR_EACH_UART(number) {
    start_typed(number);
    uart_write(uart, text, sizeof text);
    assert_int_equal(typed, UART_RX_BYTES);
    send_the_rest();
    check_sent(text, sizeof text);
    for (unsigned i = 0; i < typed; i++)
      assert_int_equal(uart_read(uart), i);
    assert_int_equal(uart->rx_overruns, 0);
  }
}

/* From a fault handler. */
static void who_writes_with_interrupts_masked_is_not_interrupted(void **state) {
  static const char text[3 * UART_TX_BYTES] = "text";

  (void)state;
  FOR_EACH_UART(number) {
    uint32_t before;

    start_typed(number);
    before = port_irq_save();
    uart_write(uart, text, sizeof text);
    assert_int_equal(typed, UART_RX_BYTES);
    assert_int_equal(received_calls, 0);
    port_irq_restore(before);
    assert_int_equal(received_calls, 1);
    send_the_rest();
    check_sent(text, sizeof text);
  }
}

/* Another interrupt comes while the writer has them masked: it notes how much it had to wait for.
 */
static struct uart_ops interrupted_ops;
static uint32_t head_before, longest;

static unsigned room_at_an_interrupt(struct uart *of) {
  port_irq_pend(IRQ);
  return ops[model - uart_models]->room(of);
}

static void note_the_wait(void *context) {
  uint32_t waited = uart->tx_head - head_before;

  (void)context;
  longest = waited > longest ? waited : longest;
  head_before = uart->tx_head;
}

static void an_interrupt_waits_for_64_bytes_at_most(void **state) {
  static const char text[UART_TX_BYTES];

  (void)state;
  FOR_EACH_UART(number) {
    start(number);
    interrupted_ops = *uart->ops;
    interrupted_ops.room = room_at_an_interrupt;
    uart->ops = &interrupted_ops;
    host_connect_irq(IRQ, note_the_wait, NULL);
    port_irq_enable(IRQ);
    head_before = uart->tx_head;
    longest = 0;
    uart_write(uart, text, sizeof text);
    assert_in_range(longest, 1, 64);
    port_irq_disable(IRQ);
    send_the_rest();
    check_sent(text, sizeof text);
  }
}

/* An unexpected interrupt does so. */
static const char report[UART_TX_BYTES + 1] = "report";
static void write_report(void) {
  if (received_calls++ == 0)
    uart_write(uart, report, sizeof report);
}

static void who_writes_while_another_waits_comes_between(void **state) {
  static const char text[3 * UART_TX_BYTES];

  (void)state;
  FOR_EACH_UART(number) {
    size_t before = 0;

    start_typed(number);
    uart->received = write_report;
    uart_write(uart, text, sizeof text);
    send_the_rest();
    assert_int_equal(line.sent_count, sizeof text + sizeof report);
    while (before < sizeof text && line.sent[before] == 0)
      before++;
    assert_memory_equal(line.sent + before, report, sizeof report);
    for (size_t i = before + sizeof report; i < line.sent_count; i++)
      assert_int_equal(line.sent[i], 0);
    assert_int_equal(uart->tx_lost, 0);
  }
}

static void a_line_that_takes_nothing_loses_what_it_says(void **state) {
  static const char text[2 * UART_TX_BYTES] = {'x'};

  (void)state;
  FOR_EACH_UART(number) {
    start(number);
    line.stuck = true;
    uart_write(uart, text, sizeof text);
    assert_true(uart->tx_lost >= sizeof text - UART_TX_BYTES - model->tx_depth);
    uart_flush(uart); /* gives up */
    line.stuck = false;
    line.sent_count = 0;
    uart_flush(uart);
    for (unsigned i = 0; i < model->tx_depth; i++)
      uart_model_shift();
    assert_int_equal(line.sent_count + uart->tx_lost, sizeof text);
    assert_int_equal(line.tx_refused, 0);
  }
}

static void what_is_typed_comes_in_order(void **state) {
  (void)state;
  FOR_EACH_UART(number) {
    start(number);
    assert_int_equal(uart_read(uart), -1);
    assert_false(uart_waits(uart));
    for (unsigned i = 0; i < 3 * UART_RX_BYTES; i++) {
      type((uint8_t)i);
      assert_int_equal(received_calls, i + 1);
      assert_true(uart_waits(uart));
      if (i % 16 == 15) {
        for (unsigned j = i - 15; j <= i; j++) {
          assert_true(uart_holds(uart, (uint8_t)j));
          assert_true(uart_holds(uart, (uint8_t)i));
          assert_int_equal(uart_read(uart), (uint8_t)j);
          assert_false(uart_holds(uart, (uint8_t)j));
        }
        assert_int_equal(uart_read(uart), -1);
      }
    }
    assert_int_equal(uart->rx_overruns, 0);
  }
}

/* The buffer is full, then the FIFO: what comes after that is lost and counted; the rest is not. */
static void what_the_main_loop_does_not_read_waits_in_the_fifo(void **state) {
  (void)state;
  FOR_EACH_UART(number) {
    unsigned came = 0;

    start(number);
    for (unsigned i = 0; i < UART_RX_BYTES + model->rx_depth; i++, came++)
      type((uint8_t)i);
    if (model->masks)
      assert_false(model->interrupts());
    assert_true(uart->rx_paused);
    assert_false(uart_model_receive(0xee));
    for (unsigned i = 0; i < came; i++) {
      assert_int_equal(uart_read(uart), (uint8_t)i);
      interrupt();
    }
    assert_int_equal(uart_read(uart), -1);
    type('x');
    assert_int_equal(uart_read(uart), 'x');
    assert_int_equal(uart->rx_overruns, 1);
    assert_false(uart->rx_paused);
  }
}

/* More bytes than an interrupt takes do not keep it busy for ever. */
static int endless_byte(struct uart *from) {
  uart_read(from); /* as though the main loop read as fast */
  return 'e';
}

static void a_line_that_never_ends_does_not_hold_the_interrupt(void **state) {
  struct uart_ops endless = *ops[0];

  (void)state;
  start(0);
  endless.get = endless_byte;
  uart->ops = &endless;
  uart_interrupt(uart);
  assert_int_equal(uart->rx_head, 64);
}

/* A PL011 that never becomes idle does not delay the start for ever, nor does an i.MX that stays in
 * reset. */
static void a_device_that_does_not_answer_does_not_hold_the_start(void **state) {
  (void)state;
  start(1);
  line.stuck = true;
  uart_write(uart, "x", 1);
  uart_start(uart, BAUD);
  start(3);
  line.resets = 20;
  uart_start(uart, BAUD);
  assert_int_equal(line.resets, 0);
  (void)model->bit_clocks_64(); /* checks the settings */
  line.resets = UINT32_MAX;
  uart_start(uart, BAUD);
}

static void nobody_need_be_told(void **state) {
  (void)state;
  start(4);
  uart->received = NULL;
  type('n');
  assert_int_equal(uart_read(uart), 'n');
}

/* ---- the port's console and line for captures ---- */

void uart_console_port_console_write(const char *text, size_t length);
void uart_console_port_console_on_input(void (*function)(void));
int uart_console_port_console_read(void);
bool uart_console_port_console_waits(void);
bool uart_console_port_console_holds(char byte);
void uart_console_port_console_flush(void);
bool uart_console_port_capture_present(void);
void uart_console_port_capture_write(const void *data, size_t length);

static struct uart capture;
static bool has_capture;
static unsigned capture_starts;

void board_capture_start(void) {
  capture_starts++;
  if (!has_capture)
    return;
  capture = (struct uart){.ops = ops[4], .base = UART_MODEL_BASE, .clock_hz = CLOCK_HZ};
  board_capture = &capture;
}

static void the_console_is_a_line(void **state) {
  (void)state;
  start(1);
  uart->received = NULL;
  uart_console_port_console_on_input(received);
  assert_false(uart_console_port_console_waits());
  type('c');
  assert_int_equal(received_calls, 1);
  assert_true(uart_console_port_console_waits());
  assert_true(uart_console_port_console_holds('c'));
  assert_false(uart_console_port_console_holds('d'));
  assert_int_equal(uart_console_port_console_read(), 'c');
  uart_console_port_console_write("text", 4);
  uart_console_port_console_flush();
  for (unsigned i = 0; i < model->tx_depth; i++)
    uart_model_shift();
  check_sent("text", 4);
}

static void captures_have_a_line_where_the_board_has_one(void **state) {
  (void)state;
  start(4);
  board_capture = NULL;
  has_capture = false;
  assert_false(uart_console_port_capture_present());
  has_capture = true;
  capture_starts = 0;
  assert_true(uart_console_port_capture_present());
  assert_true(uart_console_port_capture_present());
  assert_int_equal(capture_starts, 1);
  uart_console_port_capture_write("bytes", 5);
  assert_int_equal(capture.tx_head, 5);
  assert_int_equal(uart->tx_head, 0); /* it is not the console's */
  for (unsigned i = 0; i < 5; i++)
    uart_model_shift();
  check_sent("bytes", 5);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_line_has_its_baud_rate),
      cmocka_unit_test(a_rate_beyond_the_hardware_is_its_fastest),
      cmocka_unit_test(what_is_written_leaves_by_interrupts),
      cmocka_unit_test(what_is_written_behind_a_few_bytes_leaves_as_well),
      cmocka_unit_test(what_the_buffer_cannot_hold_is_waited_for),
      cmocka_unit_test(a_slow_line_is_waited_for_as_long_as_it_takes_something),
      cmocka_unit_test(what_is_typed_while_the_line_is_waited_for_is_taken),
      cmocka_unit_test(who_writes_with_interrupts_masked_is_not_interrupted),
      cmocka_unit_test(who_writes_while_another_waits_comes_between),
      cmocka_unit_test(a_line_that_takes_nothing_loses_what_it_says),
      cmocka_unit_test(what_is_typed_comes_in_order),
      cmocka_unit_test(an_interrupt_waits_for_64_bytes_at_most),
      cmocka_unit_test(what_the_main_loop_does_not_read_waits_in_the_fifo),
      cmocka_unit_test(a_line_that_never_ends_does_not_hold_the_interrupt),
      cmocka_unit_test(a_device_that_does_not_answer_does_not_hold_the_start),
      cmocka_unit_test(nobody_need_be_told),
      cmocka_unit_test(the_console_is_a_line),
      cmocka_unit_test(captures_have_a_line_where_the_board_has_one),
  };

  return cmocka_run_group_tests_name("uart", tests, NULL, NULL);
}
