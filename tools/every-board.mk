# BOARD=all: a goal for each board in turn; what runs on the host is done once. The + shares the jobs of -j with
# each board's make: make looks for $(MAKE) only in the line as it is written, not in what it calls.

on_each = $(foreach board,$(BOARDS),$(MAKE) --no-print-directory BOARD=$(board) $(1) &&) true

.PHONY: firmware size stack test check test-unit test-conformance test-netif coverage test-interleave interleave test-sim test-clang test-qemu faults load bench bench-compare bench-baseline
firmware:
	+@$(call on_each,firmware)

size stack:
	@$(foreach board,$(BOARDS),echo "$(board)" && $(MAKE) --no-print-directory BOARD=$(board) $@ &&) true

test:
	@$(MAKE) --no-print-directory BOARD=$(firstword $(BOARDS)) $(SIDE_BY_SIDE) test-host-programs
	@$(MAKE) --no-print-directory BOARD=$(firstword $(BOARDS)) $(SIDE_BY_SIDE) -O test-unit coverage test-interleave test-sim
	+@$(call on_each,$(SIDE_BY_SIDE) test-firmwares)
	+@$(call on_each,test-clang)
	+@$(call on_each,test-qemu)

check:
	@$(MAKE) --no-print-directory BOARD=$(firstword $(BOARDS)) $(SIDE_BY_SIDE) test-unit
	+@$(call on_each,test-clang)

test-unit test-conformance test-netif coverage test-interleave interleave test-sim:
	@$(MAKE) --no-print-directory BOARD=$(firstword $(BOARDS)) $@

test-clang test-qemu faults load:
	+@$(call on_each,$@)

bench bench-compare bench-baseline: firmware
	@$(MAKE) --no-print-directory BOARD=$(firstword $(BOARDS)) BENCH_BOARDS="$(BOARDS)" $@

each := firmware size stack test check test-unit test-conformance test-netif coverage test-interleave interleave test-sim test-clang test-qemu faults load bench bench-compare bench-baseline
ifneq ($(filter-out $(each) help clean,$(GOALS)),)
$(error BOARD=all: valid for $(each); else: $(BOARDS))
endif
