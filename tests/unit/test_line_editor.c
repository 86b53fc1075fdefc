/* The line editor, judged by what a terminal shows: keys in, one row of a VT100 out. */
#include <stdio.h>
#include <string.h>

#include "line_editor.h"
#include "unit.h"

/* ---- a terminal of one row that scrolls ---- */

enum { COLUMNS = 80 };

static struct {
  char row[COLUMNS + 1]; /* the last row */
  unsigned column;
  char above[2000]; /* the rows above it, each with a line end */
  char escape[16];
  unsigned escape_length;
} terminal;

static void end_of_escape(char final) {
  unsigned number = 0;

  (void)sscanf(terminal.escape, "\x1b[%u", &number);
  switch (final) {
  case 'K':
    memset(terminal.row + terminal.column, ' ', COLUMNS - terminal.column);
    break;
  case 'D':
    assert_true(number >= 1 && number <= terminal.column);
    terminal.column -= number;
    break;
  case 'H':
    terminal.column = 0;
    break;
  case 'J':
    memset(terminal.row, ' ', COLUMNS);
    terminal.above[0] = '\0';
    break;
  default:
    fail_msg("the terminal does not know ESC [ %u %c", number, final);
  }
  terminal.escape_length = 0;
}

static void scroll(void) {
  unsigned used = COLUMNS;

  while (used > 0 && terminal.row[used - 1] == ' ')
    used--;
  (void)snprintf(terminal.above + strlen(terminal.above),
                 sizeof terminal.above - strlen(terminal.above), "%.*s\n", (int)used, terminal.row);
  memset(terminal.row, ' ', COLUMNS);
}

static void write_terminal(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    char c = text[i];

    if (terminal.escape_length > 0) {
      assert_true(terminal.escape_length < sizeof terminal.escape - 1);
      terminal.escape[terminal.escape_length++] = c;
      terminal.escape[terminal.escape_length] = '\0';
      if (c >= '@' && c <= 'Z')
        end_of_escape(c);
    } else if (c == '\x1b') {
      terminal.escape[terminal.escape_length++] = c;
    } else if (c == '\r') {
      terminal.column = 0;
    } else if (c == '\n') {
      scroll();
    } else if (c == '\b') {
      assert_true(terminal.column > 0);
      terminal.column--;
    } else {
      assert_true(c >= ' ' && c <= '~' && terminal.column < COLUMNS);
      terminal.row[terminal.column++] = c;
    }
  }
}

/* ---- the editor on it ---- */

static struct line_editor editor;
static char entered[LINE_BYTES];

static const char *words(const char *before, unsigned index) {
  static const char *const first[] = {"pool", "ping", "pcap", "queues", ""};
  static const char *const second[] = {"en0", "en1", "stop"};
  static char word[8]; /* the same one each time */

  if (index >= (*before == '\0' ? 5u : 3u))
    return NULL;
  strcpy(word, *before == '\0' ? first[index] : second[index]);
  return word;
}

static int fresh(void **state) {
  (void)state;
  memset(&terminal, 0, sizeof terminal);
  memset(terminal.row, ' ', COLUMNS);
  editor = (struct line_editor){.prompt = "> ", .write = write_terminal, .word = words};
  line_editor_show(&editor);
  return 0;
}

/* Types keys; the next line begins after the end of one. */
static enum line_event type(const char *keys) {
  enum line_event event = LINE_EDITING;

  for (; *keys != '\0'; keys++) {
    event = line_editor_take(&editor, *keys);
    if (event != LINE_EDITING) {
      strcpy(entered, editor.line);
      line_editor_next(&editor);
      line_editor_show(&editor);
    }
  }
  return event;
}

/* The terminal shows the prompt and `line`, with the cursor after `column` characters of it. */
static void assert_shown(const char *line, unsigned column) {
  char row[COLUMNS + 1];

  (void)snprintf(row, sizeof row, "> %-78s", line);
  assert_string_equal(terminal.row, row);
  assert_int_equal(terminal.column, 2 + column);
  assert_int_equal(editor.length, strlen(line));
}

static void a_line_is_what_was_typed(void **state) {
  (void)state;
  assert_int_equal(type("pool en0"), LINE_EDITING);
  assert_shown("pool en0", 8);
  assert_int_equal(type("\r"), LINE_DONE);
  assert_string_equal(entered, "pool en0");
  assert_string_equal(terminal.above, "> pool en0\n");
  assert_shown("", 0);
}

static void cr_lf_is_one_end_and_each_alone_is_one(void **state) {
  (void)state;
  (void)type("a\r\nb\nc\r");
  assert_string_equal(terminal.above, "> a\n> b\n> c\n");
  assert_int_equal(type("\r\n"), LINE_EDITING); /* the LF has no effect */
  assert_string_equal(terminal.above, "> a\n> b\n> c\n>\n");
}

static void the_cursor_moves_and_edits_where_it_is(void **state) {
  (void)state;
  (void)type("pol\x1b[Do\x1b[D\x1b[D\x1b[D\x1b[D");
  assert_shown("pool", 0);
  (void)type("\x1b[C\x1b[CX");
  assert_shown("poXol", 3);
  (void)type("\x7f");
  assert_shown("pool", 2);
  (void)type("\x1b[3~");
  assert_shown("pol", 2);
  (void)type("\x01q\x05s");
  assert_shown("qpols", 5);
  (void)type("\x1b[H\x04\x1b[F!\x1bOD\x1bOC");
  assert_shown("pols!", 5);
  (void)type("\x02\x02\x0b");
  assert_shown("pol", 3);
  (void)type("\b\b\b\b\b");
  assert_shown("", 0);
}

static void the_cursor_stays_within_the_line(void **state) {
  (void)state;
  (void)type("\x1b[D\x1b[C\x1b[C\x04\x0b\x15\x17\x7f\x1b"
             "b\x1b"
             "fab\x1b[C\x1b[1~\x1b[D\x1b[3~\x1b[4~\x1b[3~");
  assert_shown("b", 1);
}

static void words_are_moved_over_and_cut(void **state) {
  (void)state;
  (void)type("nic install  sim");
  (void)type("\x1b"
             "b");
  assert_shown("nic install  sim", 13);
  (void)type("\x1b"
             "b");
  assert_shown("nic install  sim", 4);
  (void)type("\x1b"
             "f");
  assert_shown("nic install  sim", 11);
  (void)type("\x1b"
             "f");
  assert_shown("nic install  sim", 16);
  (void)type("\x1b"
             "b\x02\x02\x17");
  assert_shown("nic   sim", 4);
  (void)type("\x15");
  assert_shown("  sim", 0);
}

static void unknown_keys_change_nothing(void **state) {
  (void)state;
  (void)type("ab\x1b[15~\x1b[Z\x1b[99~\x1b[1;5P\x1bOP\x1bz\x07\x1a\xc3\xa4");
  assert_shown("ab", 2);
  assert_int_equal(type("\r"), LINE_DONE);
  assert_string_equal(entered, "ab");
}

static void ctrl_c_begins_anew_and_ctrl_l_clears_the_screen(void **state) {
  (void)state;
  (void)type("half\x03");
  assert_string_equal(terminal.above, "> half^C\n");
  assert_shown("", 0);
  (void)type("abc\x1b[D\x0c");
  assert_string_equal(terminal.above, "");
  assert_shown("abc", 2);
}

static void a_line_that_is_too_long_is_not_run(void **state) {
  char longest[LINE_BYTES];

  (void)state;
  memset(longest, 'x', sizeof longest);
  longest[LINE_BYTES - 1] = '\0';
  (void)type(longest);
  assert_shown(longest, LINE_BYTES - 1);
  assert_int_equal(type("\r"), LINE_DONE);
  (void)type(longest);
  assert_int_equal(type("y\r"), LINE_TOO_LONG);
  assert_string_equal(entered, "");
  assert_int_equal(type("ok\r"), LINE_DONE);
  assert_string_equal(entered, "ok");
}

/* Types a line that is one character too long, then `keys`. */
static enum line_event type_too_much_and(const char *keys) {
  char longest[LINE_BYTES];

  memset(longest, 'x', sizeof longest);
  longest[LINE_BYTES - 2] = ' ';
  longest[LINE_BYTES - 1] = '\0';
  (void)type(longest);
  assert_int_equal(type("y"), LINE_EDITING);
  return type(keys);
}

/* What is shown then is what counts. */
static void a_line_that_was_too_long_may_be_edited(void **state) {
  (void)state;
  assert_int_equal(type_too_much_and("\x15pool\r"), LINE_DONE);
  assert_string_equal(entered, "pool");
  assert_int_equal(type_too_much_and("\x1b[A\r"), LINE_DONE);
  assert_string_equal(entered, "pool");
  assert_int_equal(type_too_much_and("\x7f\r"), LINE_DONE);
  assert_int_equal(strlen(entered), LINE_BYTES - 2);
  assert_int_equal(type_too_much_and("\x7fyz\r"), LINE_TOO_LONG);
  assert_int_equal(type_too_much_and("\x01\x7f\x1b[D\r"), LINE_TOO_LONG); /* nothing was deleted */
}

static void history_is_recalled_and_a_draft_is_kept(void **state) {
  (void)state;
  (void)type("one\rtwo\rtwo\r\rthree\rdraf\x1b[A");
  assert_shown("three", 5);
  (void)type("\x1b[A");
  assert_shown("two", 3); /* once, though entered twice; the empty line is not kept */
  (void)type("\x10\x10\x10");
  assert_shown("one", 3);
  (void)type("!\r");
  assert_string_equal(entered, "one!");
  (void)type("draft\x1b[A\x1b[A\x1b[B\x0e");
  assert_shown("draft", 5);
  (void)type("\x1b[B");
  assert_shown("draft", 5);
}

/* It holds the newest lines that fit; the oldest go, as whole lines. */
static void history_forgets_the_oldest(void **state) {
  char line[LINE_BYTES], shown[LINE_BYTES];
  unsigned recalled = 0;

  (void)state;
  for (unsigned i = 0; i < 100; i++) {
    (void)snprintf(line, sizeof line, "command number %u\r", i);
    (void)type(line);
  }
  for (unsigned i = 99; i > 0; i--) {
    (void)type("\x1b[A");
    (void)snprintf(shown, sizeof shown, "command number %u", i);
    if (strncmp(editor.line, shown, strlen(shown)) != 0)
      break;
    recalled++;
  }
  assert_int_equal(recalled, LINE_HISTORY_BYTES / strlen("command number 99."));
}

static void tab_completes_what_is_certain(void **state) {
  (void)state;
  (void)type("q\t");
  assert_shown("queues ", 7);
  (void)type("s\t");
  assert_shown("queues stop ", 12);
  (void)type("\x15"
             "nosuch\t\t");
  assert_shown("nosuch", 6);
  (void)type("\x15pool e\t");
  assert_shown("pool en", 7); /* as far as both agree */
  assert_string_equal(terminal.above, "");
  (void)type("\t");
  assert_shown("pool en", 7); /* nothing more is certain: the next one lists them */
  (void)type("\t");
  assert_string_equal(terminal.above, "> pool en\nen0  en1\n");
  assert_shown("pool en", 7);
  (void)type("1\t\r");
  assert_string_equal(entered, "pool en1 ");
}

/* Only the second of two Tabs lists, no other key's second. */
static void tab_lists_behind_a_tab_alone(void **state) {
  (void)state;
  (void)type("pool en\t\x02\x06\t");
  assert_string_equal(terminal.above, "");
  (void)type("\t");
  assert_string_equal(terminal.above, "> pool en\nen0  en1\n");
}

static const char *many_words(const char *before, unsigned index) {
  static char word[20];

  (void)before;
  (void)snprintf(word, sizeof word, "word-of-16-bytes-%02u", index);
  return index < 40 ? word : NULL;
}

/* In rows that fit the terminal: three of 19 characters, but not four with the gaps. */
static void all_words_are_listed_in_rows(void **state) {
  const char *row = terminal.above;

  (void)state;
  editor.word = many_words;
  (void)type("word-of-16-bytes-\t\t");
  row = strchr(row, '\n') + 1; /* the line itself */
  for (unsigned i = 0; i < 40; i += 3) {
    char expected[COLUMNS + 1];

    (void)snprintf(expected, sizeof expected,
                   i < 39 ? "word-of-16-bytes-%02u  word-of-16-bytes-%02u  word-of-16-bytes-%02u\n"
                          : "word-of-16-bytes-%02u\n",
                   i, i + 1, i + 2);
    assert_memory_equal(row, expected, strlen(expected));
    row += strlen(expected);
  }
  assert_string_equal(row, "");
}

static void tab_never_makes_a_line_too_long(void **state) {
  char almost[LINE_BYTES];

  (void)state;
  memset(almost, 'x', sizeof almost);
  almost[LINE_BYTES - 5] = '\0';
  almost[LINE_BYTES - 8] = ' ';
  memcpy(almost + LINE_BYTES - 7, "st", 3);
  (void)type(almost);
  (void)type("\t\t\t");
  assert_true(editor.length < LINE_BYTES);
}

static void tab_leaves_out_the_blank_that_has_no_room(void **state) {
  char almost[LINE_BYTES];

  (void)state;
  memset(almost, 'x', sizeof almost);
  strcpy(almost + LINE_BYTES - 6, " sto");
  (void)type(almost);
  assert_int_equal(type("\t\r"), LINE_DONE);
  assert_string_equal(entered + LINE_BYTES - 6, " stop");
}

static void what_is_written_between_leaves_the_line_whole(void **state) {
  (void)state;
  (void)type("abc\x1b[D");
  line_editor_hide(&editor);
  write_terminal("a log line\r\n", 12);
  line_editor_show(&editor);
  assert_string_equal(terminal.above, "a log line\n");
  assert_shown("abc", 2);
}

static void what_is_typed_while_it_is_not_shown_is_kept(void **state) {
  (void)state;
  line_editor_hide(&editor);
  (void)line_editor_take(&editor, 'x');
  (void)line_editor_take(&editor, 'y');
  (void)line_editor_take(&editor, '\x7f');
  assert_int_equal(terminal.column, 0);
  line_editor_show(&editor);
  assert_shown("x", 1);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_line_is_what_was_typed, fresh),
      cmocka_unit_test_setup(cr_lf_is_one_end_and_each_alone_is_one, fresh),
      cmocka_unit_test_setup(the_cursor_moves_and_edits_where_it_is, fresh),
      cmocka_unit_test_setup(the_cursor_stays_within_the_line, fresh),
      cmocka_unit_test_setup(words_are_moved_over_and_cut, fresh),
      cmocka_unit_test_setup(unknown_keys_change_nothing, fresh),
      cmocka_unit_test_setup(ctrl_c_begins_anew_and_ctrl_l_clears_the_screen, fresh),
      cmocka_unit_test_setup(a_line_that_is_too_long_is_not_run, fresh),
      cmocka_unit_test_setup(a_line_that_was_too_long_may_be_edited, fresh),
      cmocka_unit_test_setup(history_is_recalled_and_a_draft_is_kept, fresh),
      cmocka_unit_test_setup(history_forgets_the_oldest, fresh),
      cmocka_unit_test_setup(tab_completes_what_is_certain, fresh),
      cmocka_unit_test_setup(tab_lists_behind_a_tab_alone, fresh),
      cmocka_unit_test_setup(all_words_are_listed_in_rows, fresh),
      cmocka_unit_test_setup(tab_never_makes_a_line_too_long, fresh),
      cmocka_unit_test_setup(tab_leaves_out_the_blank_that_has_no_room, fresh),
      cmocka_unit_test_setup(what_is_written_between_leaves_the_line_whole, fresh),
      cmocka_unit_test_setup(what_is_typed_while_it_is_not_shown_is_kept, fresh),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
