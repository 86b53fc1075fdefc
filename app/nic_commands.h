/* The console's commands for drivers and interfaces. */
#ifndef NIC_COMMANDS_H
#define NIC_COMMANDS_H

#include "console.h"

enum { NIC_COMMANDS = 7 };
extern const struct console_command nic_commands[NIC_COMMANDS];

#endif
