# Arm's MPS2 with the AN500 image: a Cortex-M7, the memory and the devices of AN385.
ARCH        := cortex_m
CPU_FLAGS   := -mcpu=cortex-m7 -mthumb
LINKER      := linker/mps2-an385.ld
BOARD_NICS  := lan9118 sim
BOARD_DEVS  := uart uart_console cmsdk_uart cmsdk_dual_timer cmsdk_watchdog
