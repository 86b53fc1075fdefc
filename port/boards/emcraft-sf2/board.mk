# The Emcraft SmartFusion2 SOM: a Cortex-M3 with an MSF2 EMAC.
ARCH        := cortex_m
CPU_FLAGS   := -mcpu=cortex-m3 -mthumb
BOARD_FLAGS := -DPBUF_ALIGN_FRAME=1 # the EMAC sends from multiples of 4: lwIP's frames begin there
LINKER      := linker/emcraft-sf2.ld
BOARD_NICS  := msf2_emac sim
BOARD_DEVS  := uart uart_console uart_16550 msf2_sysreg mss_timer mss_watchdog
