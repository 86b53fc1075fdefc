/* The application that the demo's main loop has when the explorer runs it. */
#ifndef APPLICATION_H
#define APPLICATION_H

#include <stdbool.h>

#include "dispatch.h"

/* Its parts, set by the scenario. */
struct application {
  void (*start)(struct dispatch_queue *dispatch); /* builds the interfaces, once */
  void (*turn)(void);                             /* in each turn of the main loop */
  void (*answer)(void);                           /* to a byte on the console; NULL: nothing */
  unsigned timeouts;                              /* that are still to come */

  unsigned echoes; /* bytes to be sent, at the start */
};

extern struct application application;

/* The main loop of app/main.c. */
int firmware_main(void);

/* A byte arrives on the serial line, and another can go out: a step of the hardware. */
void application_type(void);

/* Bytes that came in and were neither read nor lost for lack of room; bytes to be sent. */
unsigned application_unread(void);
unsigned application_unsent(void);

/* Winds a timer of its own to a time before the next timeout. */
void application_wind(void);

/* True if something waits for the main loop. */
bool application_waits(void);

#endif
