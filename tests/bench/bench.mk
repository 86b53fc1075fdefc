# Guest instructions per packet: docs/performance.md.

BENCH_BOARDS ?= $(BOARD)
BENCH := QEMU="$(QEMU)" CROSS="$(CROSS)" tests/bench/bench.py
BENCH_SOURCE := tests/bench/insn_counter.c
BENCH_CFLAGS := -std=c11 -O2 -g $(WARN) -fPIC -shared -fvisibility=hidden
# The version of the plugin interface that QEMU 7.2 has, and one that 10.0 accepts.
BENCH_PLUGINS := build/tools/insn_counter_1.so build/tools/insn_counter_2.so

build/tools/insn_counter_%.so: $(BENCH_SOURCE) tests/bench/bench.mk
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(BENCH_CFLAGS) -DPLUGIN_VERSION=$* $< -o $@

.PHONY: bench-growth bench-wall
ifeq ($(BOARD),emcraft-sf2)
include tests/bench/guest/guest.mk
bench-growth: $(GUEST_ELFS) $(BENCH_PLUGINS)
	@QEMU="$(QEMU)" CROSS="$(CROSS)" tests/bench/growth.py
bench-wall: $(B)/firmware.elf $(GUEST_B)/reflect/guest.elf
	@QEMU="$(QEMU)" tests/bench/wall.py
else
bench-growth bench-wall:
	@echo "make $@: BOARD=$(BOARD): its guests are for emcraft-sf2 only" >&2; exit 2
endif

# From the figures that the last bench-growth has left.
.PHONY: bench-plots
bench-plots:
	@tools/setup plots
	@tests/bench/plots.py

.PHONY: bench bench-compare bench-baseline
bench: $(B)/firmware.elf $(BENCH_PLUGINS)
	@$(BENCH) $(BENCH_BOARDS)

bench-compare: $(B)/firmware.elf $(BENCH_PLUGINS)
	@$(BENCH) --compare $(BENCH_BOARDS)

bench-baseline: $(B)/firmware.elf $(BENCH_PLUGINS)
	@$(BENCH) --baseline $(BENCH_BOARDS)
