/* The application that the demo's main loop has under the explorer. */
#ifndef APPLICATION_H
#define APPLICATION_H

#include <stdbool.h>

#include "dispatch.h"

/* Its parts, as the scenario gives them. */
struct application {
  void (*start)(struct dispatch_queue *dispatch); /* builds the interfaces, once */
  void (*turn)(void);                             /* in each turn of the main loop */
  void (*answer)(void);                           /* a byte of the console's; NULL: nothing */
  unsigned timeouts;                              /* that are still to come */

  unsigned echoes; /* bytes that are to be sent, at the start */
};

extern struct application application;

/* The main loop of app/main.c. */
int firmware_main(void);

/* A byte comes in on the serial line, and another can go out: a step of the hardware. */
void application_type(void);

/* Bytes that came in and are neither read nor lost for want of room; those that are to be sent. */
unsigned application_unread(void);
unsigned application_unsent(void);

/* Winds a timer of its own for a time before the next timeout. */
void application_wind(void);

/* True if something waits that the main loop is there for. */
bool application_waits(void);

#endif
