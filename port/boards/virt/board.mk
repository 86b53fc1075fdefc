# QEMU's virt machine with a Cortex-A7: a network device by virtio over memory-mapped registers.
ARCH        := cortex_a
CPU_FLAGS   := -mcpu=cortex-a7 -mthumb -mfloat-abi=soft
LINKER      := linker/virt.ld
BOARD_NICS  := virtio_net virtio_mmio virtq sim
BOARD_DEVS  := uart uart_console pl011 generic_timer psci_reset virtual_timer_watchdog
