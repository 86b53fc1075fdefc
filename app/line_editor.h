/* Edits one line on a terminal (VT100 codes): cursor, history and completion of words. */
#ifndef LINE_EDITOR_H
#define LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  LINE_BYTES = 78, /* with its end; a full line and the prompt fit in 80 columns */
  LINE_HISTORY_BYTES = 320,
};

enum line_event {
  LINE_EDITING,  /* the line is not complete */
  LINE_DONE,     /* `line` is complete, and in the history */
  LINE_TOO_LONG, /* the end of a line that was not kept, as it was too long: `line` is empty */
};

struct line_editor {
  const char *prompt; /* of printable characters */
  /* Writes to the terminal. */
  void (*write)(const char *text, size_t length);
  /* Word number `index` of those that may follow `before` (the line up to the word under the
   * cursor), or NULL beyond the last; "" for a word that does not fit here. What it returns is
   * valid until the next call. NULL: there is no completion. */
  const char *(*word)(const char *before, unsigned index);

  char line[LINE_BYTES];
  char draft[LINE_BYTES]; /* what was typed before a line of the history was recalled */
  uint8_t length;         /* of `line` */
  uint8_t cursor;         /* 0 to `length` */
  uint8_t recalled;       /* which line of the history is shown, 1 the newest; 0: the draft */
  uint8_t escape;         /* the state within an escape sequence */
  uint8_t parameter;      /* the number in the escape sequence */
  bool too_long;          /* a character found no room, and nothing was deleted since */
  bool after_cr;          /* a line feed that follows belongs to it */
  bool shown;             /* the prompt and the line are on the terminal's last row */
  bool was_listed;        /* the last key was a Tab that did not complete */

  uint16_t history_used;
  char history[LINE_HISTORY_BYTES]; /* lines with their ends, the oldest first */
};

/* Takes one byte of input. After LINE_DONE or LINE_TOO_LONG nothing is shown until
 * line_editor_show(). Main loop, as all of these. */
enum line_event line_editor_take(struct line_editor *editor, char byte);

/* Begins a new line; what was in `line` is done with. */
void line_editor_next(struct line_editor *editor);

/* Shows prompt and line; what is typed while they are not shown is kept. */
void line_editor_show(struct line_editor *editor);

/* Takes prompt and line off the terminal, for something else to be written; leaves the cursor in
 * column 1. */
void line_editor_hide(struct line_editor *editor);

#endif
