# Arm's MPS2 with the AN385 image: a Cortex-M3 with a LAN9118-compatible Ethernet chip.
ARCH        := cortex_m
CPU_FLAGS   := -mcpu=cortex-m3 -mthumb
LINKER      := linker/mps2-an385.ld
BOARD_NICS  := lan9118 sim
BOARD_DEVS  := uart uart_console cmsdk_uart cmsdk_dual_timer cmsdk_watchdog
