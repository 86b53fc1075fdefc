# The i.MX 6UltraLite evaluation kit: a Cortex-A7 with two ENETs.
ARCH        := cortex_a
CPU_FLAGS   := -mcpu=cortex-a7 -mthumb -mfloat-abi=soft
LINKER      := linker/mcimx6ul-evk.ld
BOARD_NICS  := imx_enet sim
BOARD_DEVS  := uart uart_console imx_uart generic_timer imx_watchdog
