/* The service chargen (RFC 864): lines of characters for as long as the other side takes them. */
#include "chargen.h"

#include <assert.h>

#include "connections.h"

enum {
  CHARGEN_PORT = 19,
  CHARGEN_LINE = 74,  /* 72 characters and CR LF */
  CHARGEN_LINES = 95, /* until they come again */
};

/* Each line begins one character further than the line before (RFC 864): here are all lines, then
 * again the first ones, for a segment that begins near the end. */
#define CHARACTER(n)    ' ' + (n) % CHARGEN_LINES
#define CHARACTERS_4(n) CHARACTER(n), CHARACTER(n + 1), CHARACTER(n + 2), CHARACTER(n + 3)
#define CHARACTERS_24(n)                                                                           \
  CHARACTERS_4(n), CHARACTERS_4(n + 4), CHARACTERS_4(n + 8), CHARACTERS_4(n + 12),                 \
      CHARACTERS_4(n + 16), CHARACTERS_4(n + 20)
#define LINE(n)     CHARACTERS_24(n), CHARACTERS_24(n + 24), CHARACTERS_24(n + 48), '\r', '\n'
#define LINES_5(n)  LINE(n), LINE(n + 1), LINE(n + 2), LINE(n + 3), LINE(n + 4)
#define LINES_20(n) LINES_5(n), LINES_5(n + 5), LINES_5(n + 10), LINES_5(n + 15)

static const char chargen_text[] = {LINES_20(0),  LINES_20(20), LINES_20(40),
                                    LINES_20(60), LINES_20(80), LINES_20(100)};

static_assert(sizeof chargen_text >= CHARGEN_LINES * CHARGEN_LINE + TCP_MSS,
              "a segment may begin anywhere in the lines");

/* Sends whole segments, each from one place in memory, until the other side closes. */
static void send(struct connection *connection) {
  struct tcp_pcb *pcb = connection->pcb;
  uint16_t length = tcp_mss(pcb);

  if (connection->peer_closed)
    return;

  while (tcp_sndbuf(pcb) >= length &&
         tcp_write(pcb, chargen_text + connection->position, length, connection->copies) == ERR_OK)
    connection->position =
        (uint16_t)((connection->position + length) % (CHARGEN_LINES * CHARGEN_LINE));
  (void)tcp_output(pcb);
}

void chargen_start(void) {
  static const struct tcp_service chargen = {.port = CHARGEN_PORT, .send = send};

  connections_listen(&chargen);
}
