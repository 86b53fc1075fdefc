# A Zynq-7000 board: a Cortex-A9 with two Cadence GEMs.
ARCH        := cortex_a
CPU_FLAGS   := -mcpu=cortex-a9 -marm -mfloat-abi=soft
LINKER      := linker/xilinx-zynq-a9.ld
BOARD_NICS  := sim
BOARD_DEVS  := uart cadence_uart a9_timer
