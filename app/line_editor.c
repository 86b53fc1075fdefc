/* Edits one line on a terminal: each key is one small change of `line` and `cursor`, then drawn. */
#include "line_editor.h"

#include <stdio.h>
#include <string.h>

#define CTRL(letter) ((letter) - '@')

enum {
  DELETE = 0x7f,
  ESCAPE = CTRL('['),
  WORDS_LISTED_MAX = 64,
  COLUMNS = 80,
};

enum escape_state {
  NO_ESCAPE,
  AFTER_ESCAPE,
  AFTER_BRACKET,
};

static void put(const struct line_editor *editor, const char *text, size_t length) {
  if (editor->shown)
    editor->write(text, length);
}

static void put_text(const struct line_editor *editor, const char *text) {
  put(editor, text, strlen(text));
}

/* ---- drawing ---- */

/* From the cursor on, everything new; the cursor ends where it has to be. */
static void draw_from(const struct line_editor *editor, unsigned from) {
  char back[8];

  put(editor, editor->line + from, (size_t)(editor->length - from));
  put_text(editor, "\x1b[K");
  if (editor->length > editor->cursor) {
    (void)snprintf(back, sizeof back, "\x1b[%uD", (unsigned)(editor->length - editor->cursor));
    put_text(editor, back);
  }
}

static void draw(const struct line_editor *editor) {
  put_text(editor, "\r");
  put_text(editor, editor->prompt);
  draw_from(editor, 0);
}

void line_editor_show(struct line_editor *editor) {
  editor->shown = true;
  put_text(editor, editor->prompt);
  put(editor, editor->line, editor->length);
  if (editor->length > editor->cursor)
    draw(editor);
}

void line_editor_hide(struct line_editor *editor) {
  put_text(editor, "\r\x1b[K");
  editor->shown = false;
}

/* ---- editing ---- */

static bool is_full(const struct line_editor *editor) { return editor->length == LINE_BYTES - 1; }

static void insert(struct line_editor *editor, char byte) {
  if (is_full(editor)) {
    editor->too_long = true;
    return;
  }
  memmove(editor->line + editor->cursor + 1, editor->line + editor->cursor,
          (size_t)(editor->length - editor->cursor));
  editor->line[editor->cursor++] = byte;
  editor->length++;
  if (editor->cursor == editor->length)
    put(editor, &byte, 1);
  else
    draw_from(editor, editor->cursor - 1u);
}

/* Deletes `from` to `to` and leaves the cursor there. A line that is edited is meant as it is
 * shown: what found no room before is forgotten. */
static void cut(struct line_editor *editor, unsigned from, unsigned to) {
  if (from == to)
    return;
  editor->too_long = false;
  memmove(editor->line + from, editor->line + to, (size_t)(editor->length - to));
  editor->length = (uint8_t)(editor->length - (to - from));
  editor->cursor = (uint8_t)from;
  if (from == editor->length && to == from + 1)
    put_text(editor, "\b \b"); /* the usual case, which a plain terminal can do, too */
  else
    draw(editor);
}

static void move(struct line_editor *editor, unsigned to) {
  if (to == editor->cursor)
    return;
  editor->cursor = (uint8_t)to;
  draw(editor);
}

/* Where the cursor is after a step. */
static unsigned left(const struct line_editor *editor) {
  return editor->cursor > 0 ? editor->cursor - 1u : 0;
}

static unsigned right(const struct line_editor *editor) {
  return editor->cursor < editor->length ? editor->cursor + 1u : editor->length;
}

static unsigned word_left(const struct line_editor *editor) {
  unsigned at = editor->cursor;

  while (at > 0 && editor->line[at - 1] == ' ')
    at--;
  while (at > 0 && editor->line[at - 1] != ' ')
    at--;
  return at;
}

static unsigned word_right(const struct line_editor *editor) {
  unsigned at = editor->cursor;

  while (at < editor->length && editor->line[at] == ' ')
    at++;
  while (at < editor->length && editor->line[at] != ' ')
    at++;
  return at;
}

static void set_line(struct line_editor *editor, const char *text) {
  editor->length = (uint8_t)strlen(text);
  editor->cursor = editor->length;
  memmove(editor->line, text, (size_t)editor->length + 1);
  editor->too_long = false;
  draw(editor);
}

/* ---- history ---- */

/* The line that was entered `age` lines ago, or NULL. */
static const char *history_line(const struct line_editor *editor, unsigned age) {
  unsigned at = editor->history_used;

  for (; age > 0 && at > 0; age--) {
    at--; /* the end of the line before */
    while (at > 0 && editor->history[at - 1] != '\0')
      at--;
  }
  return age == 0 && at < editor->history_used ? editor->history + at : NULL;
}

static void history_add(struct line_editor *editor) {
  unsigned size = editor->length + 1u;
  const char *newest = history_line(editor, 1);

  if (editor->length == 0 || (newest != NULL && strcmp(newest, editor->line) == 0))
    return;
  while (editor->history_used + size > LINE_HISTORY_BYTES) {
    size_t oldest = strlen(editor->history) + 1;

    memmove(editor->history, editor->history + oldest, editor->history_used - oldest);
    editor->history_used = (uint16_t)(editor->history_used - oldest);
  }
  memcpy(editor->history + editor->history_used, editor->line, size);
  editor->history_used = (uint16_t)(editor->history_used + size);
}

static void recall(struct line_editor *editor, unsigned age) {
  const char *line = age == 0 ? editor->draft : history_line(editor, age);

  if (line == NULL)
    return;
  if (editor->recalled == 0) {
    editor->line[editor->length] = '\0';
    memcpy(editor->draft, editor->line, sizeof editor->draft);
  }
  editor->recalled = (uint8_t)age;
  set_line(editor, line);
}

static void older(struct line_editor *editor) { recall(editor, editor->recalled + 1u); }

static void newer(struct line_editor *editor) {
  if (editor->recalled > 0)
    recall(editor, editor->recalled - 1u);
}

/* ---- completion ---- */

struct completion {
  char before[LINE_BYTES]; /* the line up to the word */
  const char *start;       /* of the word: what there is of it */
  unsigned length;
  unsigned matches;
  char first[LINE_BYTES]; /* match */
  unsigned common;        /* characters that all matches begin with */
};

/* The next match from `*index` on, which then is behind it; NULL where there is none. */
static const char *next_match(const struct line_editor *editor, const struct completion *c,
                              unsigned *index) {
  const char *word;

  for (; *index < WORDS_LISTED_MAX && (word = editor->word(c->before, *index)) != NULL;
       (*index)++) {
    if (*word != '\0' && strncmp(word, c->start, c->length) == 0) {
      (*index)++;
      return word;
    }
  }
  return NULL;
}

static void list_matches(struct line_editor *editor, const struct completion *c) {
  const char *word;
  unsigned column = 0;

  for (unsigned index = 0; (word = next_match(editor, c, &index)) != NULL;) {
    size_t length = strlen(word);

    if (column == 0 || column + 2 + length > COLUMNS) {
      put_text(editor, "\r\n");
      column = 0;
    } else {
      put_text(editor, "  ");
      column += 2;
    }
    put(editor, word, length);
    column += (unsigned)length;
  }
  put_text(editor, "\r\n");
  draw(editor);
}

/* Completes the word before the cursor as far as it is certain; a second Tab lists what it may be.
 */
static void complete(struct line_editor *editor, bool again) {
  struct completion c = {.matches = 0};
  unsigned start = editor->cursor;
  const char *word;

  if (editor->word == NULL)
    return;
  while (start > 0 && editor->line[start - 1] != ' ')
    start--;
  memcpy(c.before, editor->line, start);
  c.start = editor->line + start;
  c.length = editor->cursor - start;
  for (unsigned index = 0; (word = next_match(editor, &c, &index)) != NULL;) {
    if (c.matches++ == 0) {
      (void)snprintf(c.first, sizeof c.first, "%s", word);
      c.common = (unsigned)strlen(c.first);
    }
    while (strncmp(c.first, word, c.common) != 0)
      c.common--;
  }
  if (c.matches == 0)
    return;
  if (c.matches > 1 && c.common == c.length) {
    if (again)
      list_matches(editor, &c);
    editor->was_listed = true;
    return;
  }
  for (unsigned i = c.length; i < c.common; i++)
    insert(editor, c.first[i]);
  if (c.matches == 1 && editor->line[left(editor)] != ' ' && !is_full(editor))
    insert(editor, ' ');
}

/* ---- keys ---- */

static enum line_event finish(struct line_editor *editor) {
  bool too_long = editor->too_long;

  move(editor, editor->length);
  put_text(editor, "\r\n");
  editor->shown = false;
  editor->line[editor->length] = '\0';
  if (!too_long)
    history_add(editor);
  else
    editor->line[0] = '\0';
  return too_long ? LINE_TOO_LONG : LINE_DONE;
}

void line_editor_next(struct line_editor *editor) {
  editor->length = 0;
  editor->cursor = 0;
  editor->recalled = 0;
  editor->too_long = false;
}

static void take_control(struct line_editor *editor, char byte) {
  switch (byte) {
  case CTRL('A'):
    move(editor, 0);
    break;
  case CTRL('B'):
    move(editor, left(editor));
    break;
  case CTRL('C'):
    put_text(editor, "^C\r\n");
    line_editor_next(editor);
    draw(editor);
    break;
  case CTRL('D'):
    cut(editor, editor->cursor, right(editor));
    break;
  case CTRL('E'):
    move(editor, editor->length);
    break;
  case CTRL('F'):
    move(editor, right(editor));
    break;
  case CTRL('H'):
  case DELETE:
    cut(editor, left(editor), editor->cursor);
    break;
  case CTRL('K'):
    cut(editor, editor->cursor, editor->length);
    break;
  case CTRL('L'):
    put_text(editor, "\x1b[H\x1b[2J");
    draw(editor);
    break;
  case CTRL('N'):
    newer(editor);
    break;
  case CTRL('P'):
    older(editor);
    break;
  case CTRL('U'):
    cut(editor, 0, editor->cursor);
    break;
  case CTRL('W'):
    cut(editor, word_left(editor), editor->cursor);
    break;
  default:
    break; /* a key without a meaning here */
  }
}

/* The key that ends "ESC [ number", or "ESC O". */
static void take_key(struct line_editor *editor, char key) {
  static const char by_number[] = {[1] = 'H', [3] = CTRL('D'), [4] = 'F', [7] = 'H', [8] = 'F'};

  if (key == '~')
    key = editor->parameter < sizeof by_number ? by_number[editor->parameter] : '\0';
  switch (key) {
  case 'A':
    older(editor);
    break;
  case 'B':
    newer(editor);
    break;
  case 'C':
    take_control(editor, CTRL('F'));
    break;
  case 'D':
    take_control(editor, CTRL('B'));
    break;
  case 'H':
    take_control(editor, CTRL('A'));
    break;
  case 'F':
    take_control(editor, CTRL('E'));
    break;
  default:
    take_control(editor, key);
    break;
  }
}

static void take_escape(struct line_editor *editor, char byte) {
  if (editor->escape == AFTER_ESCAPE) {
    editor->escape = byte == '[' || byte == 'O' ? AFTER_BRACKET : NO_ESCAPE;
    editor->parameter = 0;
    if (byte == 'b')
      move(editor, word_left(editor));
    else if (byte == 'f')
      move(editor, word_right(editor));
  } else if (byte >= '0' && byte <= '9') {
    editor->parameter = (uint8_t)(editor->parameter * 10 + (byte - '0'));
  } else if (byte != ';') {
    editor->escape = NO_ESCAPE;
    take_key(editor, byte);
  }
}

enum line_event line_editor_take(struct line_editor *editor, char byte) {
  bool after_cr = editor->after_cr;
  bool was_listed = editor->was_listed;

  editor->after_cr = byte == '\r';
  editor->was_listed = false;
  if (editor->escape != NO_ESCAPE) {
    take_escape(editor, byte);
    return LINE_EDITING;
  }
  if (byte == '\r' || (byte == '\n' && !after_cr))
    return finish(editor);
  if (byte == ESCAPE)
    editor->escape = AFTER_ESCAPE;
  else if (byte == '\t')
    complete(editor, was_listed);
  else if (byte >= ' ' && byte <= '~')
    insert(editor, byte);
  else
    take_control(editor, byte);
  return LINE_EDITING;
}
