# ringif: build, run and test. `make help` lists the commands; README.md shows them at work.

NET    ?= lan
BOARDS := $(sort $(notdir $(wildcard port/boards/*)))
GOALS  := $(or $(MAKECMDGOALS),firmware)

# Which board: one by name, or all of them, as the tests are for.
ifeq ($(BOARD),)
BOARD := $(if $(filter test,$(GOALS)),all,emcraft-sf2)
endif
ifeq ($(filter $(BOARD),$(BOARDS) all),)
$(error BOARD=$(BOARD): no such board; valid: $(BOARDS) all)
endif

.DEFAULT_GOAL := firmware

# V=1 shows each command.
Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)	$@")

include $(if $(filter all,$(BOARD)),tools/every-board.mk,tools/one-board.mk)

.PHONY: help clean
help:
	@echo "make              builds build/BOARD/firmware.elf; BOARD is all or one of: $(BOARDS)"
	@echo "make run          runs it in QEMU; NET=lan|slirp|tap|none QEMU= QEMU_EXTRA= PCAP=FILE"
	@echo "make ping         pings it from a host on its LAN; COUNT= SIZE= INTERVAL="
	@echo "make size         what of flash and RAM each part takes"
	@echo "make test         all tests on all boards, or on BOARD; test-unit, test-conformance (DRIVER= TEST=) and test-qemu run a part"
	@echo "make mutants      breaks each rule of the kit once and sees the unit tests fail"
	@echo "make clean        removes what was built, but not lwIP's source"

clean:
	rm -rf $(BOARDS:%=build/%) build/host-* build/tools build/out-of-tree
