/* The control page: what is at http://BOARD/, on lwIP's httpd.
 *
 *   GET  /             the page, from flash
 *   GET  /api/state    all figures, as JSON
 *   GET  /api/log      the log's tail, as text
 *   POST /api/command  a line of the console; answers {"said": ...} or {"error": ...}
 *
 * A GET changes nothing. A POST from another site's page is refused. */
#ifndef CONTROL_PAGE_H
#define CONTROL_PAGE_H

#include "dispatch.h"

/* Listens on port 80. Main loop, once. */
void control_page_start(struct dispatch_queue *dispatch);

#endif
