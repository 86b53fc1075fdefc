/* The control page: replies to GET are written in parts as the connection takes them; the line of a
 * POST is run by the main loop, outside the stack, since it may change the stack under itself. */
#include "control_page.h"

#include <stdio.h>
#include <string.h>

#include "console.h"
#include "line_editor.h"
#include "log.h"
#include "lwip/apps/fs.h"
#include "lwip/apps/httpd.h"
#include "lwip/def.h"
#include "lwip/mem.h"
#include "lwip/pbuf.h"
#include "state_json.h"

enum {
  PART_BYTES = 700, /* of a reply, at a time */
  SAID_BYTES = 200,
  HEADER_VALUE_BYTES = 64,
};

#define SAME_HEADERS                                                                               \
  "Cache-Control: no-store\r\n"                                                                    \
  "X-Content-Type-Options: nosniff\r\n"                                                            \
  "Connection: close\r\n"
#define JSON_HEADERS "Content-Type: application/json\r\n" SAME_HEADERS "\r\n"
#define TEXT_HEADERS "Content-Type: text/plain; charset=utf-8\r\n" SAME_HEADERS "\r\n"

/* No other site may show the page in a frame of its own, and it loads nothing from elsewhere. */
__asm(".section .rodata.control_page, \"a\"\n"
      ".type control_page_begin, %object\n"
      "control_page_begin:\n"
      ".ascii \"HTTP/1.0 200 OK\\r\\nContent-Type: text/html; charset=utf-8\\r\\n\"\n"
      ".ascii \"Content-Security-Policy: default-src 'self' 'unsafe-inline' data:; \"\n"
      ".ascii \"frame-ancestors 'none'\\r\\nX-Frame-Options: DENY\\r\\n\"\n"
      ".ascii \"Cache-Control: no-cache\\r\\nConnection: close\\r\\n\\r\\n\"\n"
      ".incbin \"app/page/index.html\"\n"
      "control_page_end:\n"
      ".size control_page_begin, . - control_page_begin\n"
      ".byte 0\n"
      ".balign 4\n"
      ".text\n");
extern const char control_page_begin[], control_page_end[];

/* ---- fixed replies ---- */

#define ERROR_REPLY(status, text)                                                                  \
  "HTTP/1.0 " status "\r\n" JSON_HEADERS "{\"error\":\"" text "\"}\n"

static const struct {
  const char *name, *reply;
} fixed_replies[] = {
    {"/400.html", ERROR_REPLY("400 Bad Request", "no HTTP request that is understood here")},
    {"/404.html",
     ERROR_REPLY("404 Not Found", "no such path; valid: / /api/state /api/log /api/command")},
    {"/431.html", ERROR_REPLY("431 Request Header Fields Too Large",
                              "the headers of a command have at most 1023 bytes, in 3 segments")},
    {"/501.html", ERROR_REPLY("501 Not Implemented", "no such method; valid: GET, POST")},
    {"/length", ERROR_REPLY("400 Bad Request", "a command is one line of 1 to 77 characters")},
    {"/origin", ERROR_REPLY("403 Forbidden", "refused: not from this device's own page")},
    {"/memory", ERROR_REPLY("503 Service Unavailable", "no memory now; try again")},
};

/* ---- replies that are written in parts ---- */

/* A reply under way, on lwIP's heap. */
struct reply {
  /* Writes the next part to `text` and returns its length; 0 at the end. */
  size_t (*write)(struct reply *reply, char *text, size_t size);
  bool begun;
  union {
    struct state_json state;
    struct {
      uint32_t position, end; /* what is logged meanwhile is left out */
    } log;
  } at;
};

static size_t write_header(struct reply *reply, char *text, const char *header) {
  size_t length = strlen(header);

  reply->begun = true;
  memcpy(text, header, length);
  return length;
}

#define STATE_HEADER "HTTP/1.0 200 OK\r\n" JSON_HEADERS
#define LOG_HEADER   "HTTP/1.0 200 OK\r\n" TEXT_HEADERS

static size_t write_state(struct reply *reply, char *text, size_t size) {
  if (!reply->begun)
    return write_header(reply, text, STATE_HEADER);
  return state_json_write(&reply->at.state, text, size);
}

static size_t write_log(struct reply *reply, char *text, size_t size) {
  int32_t left;

  if (!reply->begun) {
    reply->at.log.position = log_tail_start();
    reply->at.log.end = log_tail_end();
    return write_header(reply, text, LOG_HEADER);
  }
  left = (int32_t)(reply->at.log.end - reply->at.log.position);
  if (left <= 0)
    return 0;
  return log_tail_read(&reply->at.log.position, text, size < (size_t)left ? size : (size_t)left);
}

/* ---- commands: POST ---- */

enum request_state {
  RECEIVING,
  WAITING, /* for the main loop */
  RUNNING,
  ABANDONED, /* its connection ended while it was running */
  ANSWERED,
};

/* A command on its way, on lwIP's heap. */
struct request {
  struct reply reply; /* the answer, once there is one; first */
  struct request *next;
  void *connection; /* httpd's name for the connection that it came by */
  enum request_state state;
  enum console_result result;
  fs_wait_cb resume; /* resumes the connection that waits for the answer; NULL: none waits */
  void *resume_argument;
  uint16_t expected, length; /* of the line */
  char line[LINE_BYTES];
  char said[SAID_BYTES];
};

static struct request *requests;
static struct request *opening; /* the one whose answer httpd opens next */
static struct dispatch_source command_event;

static struct request *find_request(const void *connection) {
  struct request *request = requests;

  while (request != NULL && (request->connection != connection || request->state != RECEIVING))
    request = request->next;
  return request;
}

static void forget(struct request *request) {
  for (struct request **link = &requests; *link != NULL; link = &(*link)->next) {
    if (*link == request) {
      *link = request->next;
      break;
    }
  }
  mem_free(request);
}

/* Copies the value of a header to `value`, "" if it is missing or too long to be right. */
static bool header_value(const char *headers, size_t length, const char *name,
                         char value[HEADER_VALUE_BYTES]) {
  size_t name_length = strlen(name);

  value[0] = '\0';
  for (const char *end = headers + length; headers < end;) {
    const char *line_end = memchr(headers, '\n', (size_t)(end - headers));
    const char *next = line_end != NULL ? line_end + 1 : end;

    if ((size_t)(next - headers) > name_length && headers[name_length] == ':' &&
        lwip_strnicmp(headers, name, name_length) == 0) {
      const char *from = headers + name_length + 1;
      size_t used = 0;

      while (from < next && *from == ' ')
        from++;
      while (from + used < next && from[used] > ' ')
        used++;
      if (used < HEADER_VALUE_BYTES) {
        memcpy(value, from, used);
        value[used] = '\0';
      }
      return true;
    }
    headers = next;
  }
  return false;
}

/* True for a device's own address or a name that no foreign server can have: a page from elsewhere
 * whose name was made to lead here (DNS rebinding) has another, such as localhost.evil.example. */
static bool is_own_host(const char *host) {
  return (*host >= '0' && *host <= '9' && strspn(host, "0123456789.:") == strlen(host)) ||
         *host == '[' || strcmp(host, "localhost") == 0 || strncmp(host, "localhost:", 10) == 0 ||
         strcmp(host, "ringif") == 0;
}

/* A browser says which site the page that sends a POST comes from (RFC 6454, 7): it has to be this
 * one. Other clients need not say. */
static bool is_own_page(const char *headers, size_t length) {
  char host[HEADER_VALUE_BYTES], origin[HEADER_VALUE_BYTES];

  if (!header_value(headers, length, "Host", host) || !is_own_host(host))
    return false;
  return !header_value(headers, length, "Origin", origin) ||
         (strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, host) == 0);
}

static const char *refusal(const char *uri, const char *headers, size_t length, int content) {
  if (strcmp(uri, "/api/command") != 0)
    return "/404.html";
  if (!is_own_page(headers, length))
    return "/origin";
  if (content < 1 || content >= LINE_BYTES)
    return "/length";
  return NULL;
}

err_t httpd_post_begin(void *connection, const char *uri, const char *headers, u16_t headers_length,
                       int content_length, char *response_uri, u16_t response_uri_length,
                       u8_t *automatic_window) {
  const char *refused = refusal(uri, headers, headers_length, content_length);
  struct request *request = NULL;

  (void)automatic_window;
  if (refused == NULL) {
    request = mem_malloc(sizeof *request);
    if (request == NULL)
      refused = "/memory";
  }
  if (request == NULL) {
    (void)snprintf(response_uri, response_uri_length, "%s", refused);
    return ERR_VAL;
  }
  memset(request, 0, sizeof *request);
  request->connection = connection;
  request->expected = (uint16_t)content_length;
  request->next = requests;
  requests = request;
  return ERR_OK;
}

err_t httpd_post_receive_data(void *connection, struct pbuf *data) {
  struct request *request = find_request(connection);

  if (request != NULL)
    request->length =
        (uint16_t)(request->length + pbuf_copy_partial(data, request->line + request->length,
                                                       (u16_t)(request->expected - request->length),
                                                       0));
  pbuf_free(data);
  return request != NULL ? ERR_OK : ERR_VAL;
}

/* Either the line is complete, or the connection ended before it was. */
void httpd_post_finished(void *connection, char *response_uri, u16_t response_uri_length) {
  struct request *request = find_request(connection);

  if (request == NULL)
    return;
  if (request->length < request->expected) {
    forget(request);
    return;
  }
  request->state = WAITING;
  opening = request;
  (void)snprintf(response_uri, response_uri_length, "/answer");
  dispatch_post(&command_event);
}

/* Writes `text` as the inside of a JSON string; at most `size` bytes. */
static size_t escape(char *to, size_t size, const char *text) {
  size_t length = 0;

  for (; *text != '\0' && length + 2 < size; text++) {
    if (*text == '"' || *text == '\\')
      to[length++] = '\\';
    to[length++] = *text >= ' ' ? *text : ' ';
  }
  to[length] = '\0';
  return length;
}

static size_t write_answer(struct reply *reply, char *text, size_t size) {
  static const char *const statuses[] = {
      [CONSOLE_DONE] = "200 OK",
      [CONSOLE_USAGE] = "400 Bad Request",
      [CONSOLE_REFUSED] = "409 Conflict",
  };
  struct request *request = (struct request *)reply;
  char said[SAID_BYTES + 20];

  if (reply->begun)
    return 0;
  reply->begun = true;
  (void)escape(said, sizeof said, request->said);
  return (size_t)snprintf(text, size, "HTTP/1.0 %s\r\n" JSON_HEADERS "{\"%s\":\"%s\"}\n",
                          statuses[request->result],
                          request->result == CONSOLE_DONE ? "said" : "error", said);
}

static void run_request(struct request *request) {
  request->state = RUNNING;
  for (unsigned i = 0; i < request->length; i++) {
    if (request->line[i] < ' ' || request->line[i] > '~')
      request->line[i] = ' ';
  }
  request->result = console_run_remote(request->line, request->said, sizeof request->said);
  if (request->state == ABANDONED) {
    forget(request);
    return;
  }
  request->state = ANSWERED;
  request->reply.write = write_answer;
  if (request->resume != NULL)
    request->resume(request->resume_argument);
}

/* One at a time: a command may end other connections, and their requests with them. */
static void run_requests(void *unused) {
  (void)unused;
  for (struct request *request = requests; request != NULL; request = request->next) {
    if (request->state == WAITING) {
      run_request(request);
      dispatch_post(&command_event);
      return;
    }
  }
}

/* ---- files, as httpd sees them ---- */

/* What is in flash is sent from there. */
static void open_flash(struct fs_file *file, const char *data, size_t length) {
  file->data = data;
  file->len = (int)length;
  file->index = file->len;
}

static bool open_fixed(struct fs_file *file, const char *name) {
  for (unsigned i = 0; i < sizeof fixed_replies / sizeof *fixed_replies; i++) {
    if (strcmp(name, fixed_replies[i].name) == 0) {
      open_flash(file, fixed_replies[i].reply, strlen(fixed_replies[i].reply));
      return true;
    }
  }
  return false;
}

int fs_open_custom(struct fs_file *file, const char *name) {
  struct reply *reply;

  memset(file, 0, sizeof *file);
  file->flags = FS_FILE_FLAGS_HEADER_INCLUDED;
  if (open_fixed(file, name))
    return 1;
  if (strcmp(name, "/index.html") == 0) {
    open_flash(file, control_page_begin, (size_t)(control_page_end - control_page_begin));
    return 1;
  }
  file->len = PART_BYTES; /* as much as is wanted at a time, until its end is found */
  if (strcmp(name, "/answer") == 0 && opening != NULL) {
    file->pextension = &opening->reply;
    opening = NULL;
    return 1;
  }
  if (strcmp(name, "/api/state") != 0 && strcmp(name, "/api/log") != 0)
    return 0;
  reply = mem_malloc(sizeof *reply);
  if (reply == NULL)
    return open_fixed(file, "/memory");
  memset(reply, 0, sizeof *reply);
  reply->write = strcmp(name, "/api/log") == 0 ? write_log : write_state;
  file->pextension = reply;
  return 1;
}

/* The request that a file is the answer to, or NULL. */
static struct request *request_of(const struct fs_file *file) {
  struct request *request = requests;

  while (request != NULL && (const void *)&request->reply != file->pextension)
    request = request->next;
  return request;
}

void fs_close_custom(struct fs_file *file) {
  struct request *request = request_of(file);

  if (request == NULL)
    mem_free(file->pextension); /* where there is one */
  else if (request->state == RUNNING)
    request->state = ABANDONED;
  else
    forget(request);
}

u8_t fs_canread_custom(struct fs_file *file) {
  const struct reply *reply = file->pextension;

  return reply == NULL || reply->write != NULL;
}

/* Called only after fs_canread_custom() has said no: for a request. */
u8_t fs_wait_read_custom(struct fs_file *file, fs_wait_cb resume, void *argument) {
  struct request *request = request_of(file);

  request->resume = resume;
  request->resume_argument = argument;
  return 1;
}

int fs_read_async_custom(struct fs_file *file, char *text, int size, fs_wait_cb resume,
                         void *argument) {
  struct reply *reply = file->pextension;
  size_t length = 0;

  (void)resume;
  (void)argument;
  if (size >= STATE_JSON_PART_BYTES)
    length = reply->write(reply, text, (size_t)size);
  return length > 0 ? (int)length : FS_READ_EOF;
}

void control_page_start(struct dispatch_queue *dispatch) {
  if (dispatch_add(dispatch, &command_event, run_requests, NULL) == 0)
    httpd_init();
  else
    log_error("page", "no event is free for it");
}
