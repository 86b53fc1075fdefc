/* The console: finds the command of a line, runs it, and says what was wrong with it. */
#include "console.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "line_editor.h"
#include "log.h"
#include "port.h"
#include "registry.h"

enum {
  WORDS_MAX = 10,
  PRINT_BYTES = 128,
  CANCEL_KEY = 'C' - '@',
  USAGE_COLUMN = 34, /* of the help's second column */
};

/* ---- output ---- */

/* Where the output of a remote command goes; NULL: to the serial line. */
static struct answer {
  char *text;
  size_t size, length;
  bool cut; /* there was more to say */
} * answer;

#define CUT "..."

/* The answer is one line: each end of a line within it becomes "; ". */
static void put_in_answer(const char *text, size_t length) {
  for (size_t i = 0; i < length && !answer->cut; i++) {
    if (text[i] == '\r')
      continue;
    if (answer->length + 2 + sizeof CUT > answer->size) {
      answer->cut = true;
    } else if (text[i] == '\n') {
      memcpy(answer->text + answer->length, "; ", 2);
      answer->length += 2;
    } else {
      answer->text[answer->length++] = text[i];
    }
  }
}

static void put(const char *text, size_t length) {
  if (answer != NULL)
    put_in_answer(text, length);
  else
    port_console_write(text, length);
}

void console_print(const char *format, ...) {
  char text[PRINT_BYTES];
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  put(text, length < (int)sizeof text ? (size_t)length : sizeof text - 1);
}

static void put_text(const char *text) { put(text, strlen(text)); }

enum console_result console_tell(const char *what, int error) {
  if (error == 0) {
    console_print("done\r\n");
    return CONSOLE_DONE;
  }
  console_print("%s: refused, error %d (%s)\r\n", what, -error, strerror(-error));
  return CONSOLE_REFUSED;
}

struct registry_entry *console_interface(const char *name) {
  struct registry_entry *entry = registry_find(name);

  if (entry == NULL)
    console_print("%s: no such interface; nic list shows them\r\n", name);
  return entry;
}

bool console_number(const char *text, unsigned long least, unsigned long most,
                    unsigned long *number) {
  unsigned long value = 0;

  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++) {
    unsigned long digit = (unsigned long)(*text - '0');

    if (*text < '0' || *text > '9' || digit > most || value > (most - digit) / 10)
      return false;
    value = 10 * value + digit;
  }
  if (value < least)
    return false;
  *number = value;
  return true;
}

bool console_address(const char *text, ip_addr_t *address) {
  unsigned dots = 0;

  for (const char *c = text; *c != '\0'; c++)
    dots += *c == '.';
  return ipaddr_aton(text, address) && (IP_IS_V6(address) || dots == 3);
}

/* ---- the commands ---- */

static enum console_result help(unsigned words, char *word[]);

static const struct console_command own_commands[] = {
    {.name = "help", .usage = "[COMMAND]", .help = "the commands, or one of them", .run = help},
    {.name = NULL},
};

/* The commands of all files, in the order of the help. */
static const struct console_command *const tables[] = {
    own_commands, ifconfig_commands, nic_commands,      sim_commands,    ioreg_commands,
    net_commands, ping_commands,     watchdog_commands, system_commands,
};
enum { TABLES = sizeof tables / sizeof *tables };

/* Calls `visit` with each command until it returns true; returns that command, or NULL. */
static const struct console_command *
find_command(bool (*visit)(const struct console_command *command, const void *what),
             const void *what) {
  for (unsigned t = 0; t < TABLES; t++) {
    for (const struct console_command *command = tables[t]; command->name != NULL; command++) {
      if (visit(command, what))
        return command;
    }
  }
  return NULL;
}

struct words {
  unsigned count;
  char *word[WORDS_MAX];
};

/* The second word of a command's name, or NULL if the name is one word. */
static const char *second_word(const struct console_command *command) {
  const char *space = strchr(command->name, ' ');

  return space != NULL ? space + 1 : NULL;
}

/* True if the command's first word is `word`. */
static bool has_first_word(const struct console_command *command, const void *word) {
  size_t length = strcspn(command->name, " ");

  return strncmp(command->name, word, length) == 0 && ((const char *)word)[length] == '\0';
}

static bool is_named_by(const struct console_command *command, const void *what) {
  const struct words *words = what;
  const char *second = second_word(command);

  if (!has_first_word(command, words->word[0]))
    return false;
  return second == NULL || (words->count > 1 && strcmp(words->word[1], second) == 0);
}

static void print_usage(const char *prefix, const struct console_command *command) {
  put_text(prefix);
  put_text(command->name);
  put_text(*command->usage != '\0' ? " " : "");
  put_text(command->usage);
}

static bool print_second_word(const struct console_command *command, const void *first) {
  if (has_first_word(command, first))
    console_print("%s|", second_word(command));
  return false;
}

/* For words that are no command, prints what could have been meant. */
static void print_no_command(const struct words *words) {
  if (find_command(has_first_word, words->word[0]) == NULL) {
    console_print("%s: no such command; try help\r\n", words->word[0]);
    return;
  }
  console_print("usage: %s ", words->word[0]);
  (void)find_command(print_second_word, words->word[0]);
  console_print("...\r\n");
}

static bool print_help(const struct console_command *command, const void *first) {
  size_t width = strlen(command->name) + (*command->usage != '\0') + strlen(command->usage);

  if (first != NULL && !has_first_word(command, first))
    return false;
  print_usage("", command);
  if (width >= USAGE_COLUMN) {
    put_text("\r\n");
    width = 0;
  }
  console_print("%*s%s\r\n", (int)(USAGE_COLUMN - width), "", command->help);
  return false;
}

static enum console_result help(unsigned words, char *word[]) {
  if (words > 2)
    return CONSOLE_USAGE;
  if (words == 2 && find_command(has_first_word, word[1]) == NULL) {
    console_print("%s: no such command; try help\r\n", word[1]);
    return CONSOLE_REFUSED;
  }
  (void)find_command(print_help, words == 2 ? word[1] : NULL);
  return CONSOLE_DONE;
}

/* ---- running a line ---- */

/* Cuts `text` into words in place; false if they are too many. */
static bool split(char *text, struct words *words) {
  words->count = 0;
  for (;;) {
    while (*text == ' ')
      *text++ = '\0';
    if (*text == '\0')
      return true;
    if (words->count == WORDS_MAX)
      return false;
    words->word[words->count++] = text;
    while (*text != ' ' && *text != '\0')
      text++;
  }
}

static enum console_result run(char *line, bool remote) {
  const struct console_command *command;
  struct words words;
  unsigned skipped;
  enum console_result result;

  if (!split(line, &words)) {
    console_print("more than %d words\r\n", WORDS_MAX);
    return CONSOLE_USAGE;
  }
  if (words.count == 0)
    return CONSOLE_DONE;
  command = find_command(is_named_by, &words);
  if (command == NULL) {
    print_no_command(&words);
    return CONSOLE_USAGE;
  }
  if (remote && !command->remote) {
    console_print("%s: only at the serial console\r\n", command->name);
    return CONSOLE_REFUSED;
  }
  skipped = second_word(command) != NULL ? 1 : 0;
  result = command->run(words.count - skipped, words.word + skipped);
  if (result == CONSOLE_USAGE) {
    print_usage("usage: ", command);
    put_text("\r\n");
  }
  return result;
}

enum console_result console_run_remote(char *line, char *text, size_t size) {
  struct answer to = {.text = text, .size = size};
  enum console_result result;

  answer = &to;
  result = run(line, true);
  answer = NULL;
  while (to.length > 0 && (text[to.length - 1] == ' ' || text[to.length - 1] == ';'))
    to.length--;
  strcpy(text + to.length, to.cut ? CUT : "");
  return result;
}

/* ---- completion ---- */

/* Copies lower-case word number `*index` of a usage to `word`, counting `*index` down to 0; if
 * there are not enough words, what is left of it is for the names that follow. */
static bool usage_word(const char *usage, unsigned *index, char *word, size_t size) {
  for (;;) {
    size_t length;

    usage += strcspn(usage, "abcdefghijklmnopqrstuvwxyz");
    if (*usage == '\0')
      return false;
    length = strcspn(usage, " |[].:");
    if ((*index)-- == 0) {
      (void)snprintf(word, size, "%.*s", (int)length, usage);
      return true;
    }
    usage += length;
  }
}

/* The name of the interface at `index` of the registry, "" if it has none. */
static const char *interface_name(unsigned index) {
  static char name[REGISTRY_NAME_BYTES];
  const struct registry_entry *entry = registry_entry(index);

  if (entry == NULL)
    return NULL;
  return entry->state == REGISTRY_ACTIVATED ? registry_name(entry, name) : "";
}

static unsigned interface_count(void) {
  unsigned count = 0;

  while (registry_entry(count) != NULL)
    count++;
  return count;
}

/* First words, each once: that of the first command that has it. */
static const char *first_word(unsigned index) {
  static char word[16];

  for (unsigned t = 0; t < TABLES; t++) {
    for (const struct console_command *c = tables[t]; c->name != NULL; c++) {
      if (index-- != 0)
        continue;
      (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(c->name, " "), c->name);
      return find_command(has_first_word, word) == c ? word : "";
    }
  }
  return NULL;
}

static const char *word_behind(const char *before, unsigned index) {
  static char word[16];
  const struct console_command *command;
  char line[LINE_BYTES];
  struct words words;

  strcpy(line, before);
  if (!split(line, &words))
    return NULL;
  if (words.count == 0)
    return first_word(index);
  command = find_command(is_named_by, &words);
  if (command == NULL) { /* the second word of a name */
    for (unsigned t = 0; t < TABLES && words.count == 1; t++) {
      for (const struct console_command *c = tables[t]; c->name != NULL; c++) {
        if (has_first_word(c, words.word[0]) && index-- == 0)
          return second_word(c);
      }
    }
    return NULL;
  }
  if (usage_word(command->usage, &index, word, sizeof word))
    return word;
  if (index < interface_count())
    return interface_name(index);
  return command->argument != NULL ? command->argument(index - interface_count()) : NULL;
}

/* ---- the serial line ---- */

static struct line_editor editor = {
    .prompt = "> ",
    .write = port_console_write,
    .word = word_behind,
};
static bool interactive;          /* somebody has typed: show the prompt */
static volatile bool input_waits; /* something was typed that no turn has looked at */
static uint64_t typed_us;         /* when the first of it was typed, if it does */
struct console_report console_report;
static struct dispatch_source input_event;
static bool line_waits;                  /* a line is complete, but a job is not over */
static void (*cancel_job)(void);         /* the job's; NULL: no job */
static enum line_event event_of_waiting; /* what the waiting line is */
static bool took;                        /* a byte was taken since the watchdog last looked */

void console_job_start(void (*cancel)(void)) { cancel_job = cancel; }

void console_job_end(void) {
  cancel_job = NULL;
  if (line_waits)
    dispatch_post(&input_event);
  else
    line_editor_show(&editor);
}

/* Prints a log line above the line that is being typed. */
static void write_log(const char *line, size_t length) {
  bool shown = editor.shown;

  if (shown)
    line_editor_hide(&editor);
  port_console_write(line, length);
  if (shown)
    line_editor_show(&editor);
}

static void run_line(enum line_event event) {
  char line[LINE_BYTES];

  memcpy(line, editor.line, sizeof line);
  line_editor_next(&editor);
  if (event == LINE_TOO_LONG)
    console_print("more than %d characters\r\n", LINE_BYTES - 1);
  else
    (void)run(line, false);
  if (cancel_job == NULL)
    line_editor_show(&editor);
}

/* Reports how late a line was answered: its end came no earlier than the first key that the turn
 * before had not seen. */
static void report_answer(uint64_t since_us) {
  uint64_t late_us = port_clock_us() - since_us;

  console_report.lines++;
  if (late_us > console_report.late_most_us)
    console_report.late_most_us = (uint32_t)late_us;
}

/* A line that was typed while a job went on: shown as if it were typed now. */
static void run_waiting_line(void) {
  line_waits = false;
  console_print("%s%s\r\n", editor.prompt, editor.line);
  run_line(event_of_waiting);
}

/* True while a line waits for the end of a job. Ctrl-C, which ends the job, must not wait behind
 * it: lines that were typed before Ctrl-C are dropped. */
static bool is_held_up(void) {
  if (line_waits && port_console_holds(CANCEL_KEY)) {
    line_waits = false;
    line_editor_next(&editor);
  }
  return line_waits;
}

/* Takes in what was typed, and runs a command at the end of a line; the rest waits for the next
 * turn. */
static void take_input(void *context) {
  static uint64_t since_us;
  int byte = 0;

  (void)context;
  if (input_waits) { /* the interrupt leaves the time alone until then */
    since_us = typed_us;
    input_waits = false;
  }
  if (line_waits && cancel_job == NULL)
    run_waiting_line();
  for (unsigned i = 0; i < LINE_BYTES && !is_held_up() && (byte = port_console_read()) >= 0; i++) {
    enum line_event event;

    took = true;
    if (!interactive) {
      interactive = true;
      line_editor_show(&editor);
    }
    if (byte == CANCEL_KEY && cancel_job != NULL) {
      cancel_job();
      continue;
    }
    event = line_editor_take(&editor, (char)byte);
    if (event == LINE_EDITING)
      continue;
    if (cancel_job != NULL) {
      line_waits = true;
      event_of_waiting = event;
    } else {
      run_line(event);
      report_answer(since_us);
    }
  }
  if (byte >= 0 && !line_waits)
    dispatch_post(&input_event);
}

static bool moves(struct watchdog_subject *subject) {
  bool any = took || !port_console_waits() || (line_waits && cancel_job != NULL);

  (void)subject;
  took = false;
  return any;
}

const struct watchdog_kind console_progress = {"console", moves};

static void typed(void) {
  if (!input_waits) {
    typed_us = port_clock_us();
    input_waits = true;
  }
  dispatch_post(&input_event);
}

void console_start(struct dispatch_queue *dispatch) {
  (void)dispatch_add(dispatch, &input_event, take_input, NULL);
  port_console_on_input(typed);
  dispatch_post(&input_event); /* for what came before */
  console_print("type help for the console's commands\r\n");
  log_set_output(write_log);
}
