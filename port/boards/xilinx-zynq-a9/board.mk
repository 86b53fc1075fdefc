# A Zynq-7000 board: a Cortex-A9 with two Cadence GEMs.
ARCH        := cortex_a
CPU_FLAGS   := -mcpu=cortex-a9 -mthumb -mfloat-abi=soft
LINKER      := linker/xilinx-zynq-a9.ld
BOARD_NICS  := cadence_gem sim
BOARD_DEVS  := uart uart_console cadence_uart a9_timer a9_watchdog zynq_clock zynq_reset
