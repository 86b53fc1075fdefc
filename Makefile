# ringif: build, run and test. `make help` lists the commands; README.md shows them at work.

NET    ?= lan
BOARDS := $(sort $(notdir $(wildcard port/boards/*)))
GOALS  := $(or $(MAKECMDGOALS),firmware)

# Which board: one by name, or all of them, which is the default of `make test`.
ifeq ($(BOARD),)
BOARD := $(if $(filter test,$(GOALS)),all,emcraft-sf2)
endif
ifeq ($(filter $(BOARD),$(BOARDS) all),)
$(error BOARD=$(BOARD): no such board; valid: $(BOARDS) all)
endif

# What is built: the demo, or a smaller profile from its folder in profiles/.
PROFILES := demo $(sort $(notdir $(patsubst %/profile.mk,%,$(wildcard profiles/*/profile.mk))))
PROFILE  ?= demo
ifeq ($(filter $(PROFILE),$(PROFILES)),)
$(error PROFILE=$(PROFILE): no such profile; valid: $(PROFILES))
endif
OF_PROFILES := firmware size stack run ping
ifneq ($(PROFILE),demo)
ifneq ($(filter-out $(OF_PROFILES) build/% help clean,$(GOALS)),)
$(error PROFILE=$(PROFILE): valid for $(OF_PROFILES); else: demo)
endif
endif

.DEFAULT_GOAL := firmware

# For a make within this one, so that it does not do one thing after the other; a recipe can tell whether it was
# given -j.
PROCESSORS   := $(shell nproc)
SIDE_BY_SIDE  = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(PROCESSORS))

# Large pages for malloc, where the host has them: the compilers, the linkers and QEMU, which fills 64 MiB of flash
# for a Zynq, take a fourth to two thirds less time.
export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1

# V=1 shows each command.
Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)	$@")

ifeq ($(BOARD),all)
include tools/every-board.mk
else

# ==== one board ====

B := build/$(BOARD)
include port/boards/$(BOARD)/board.mk

PROFILE_SOURCES := $(wildcard app/*.c)
ifneq ($(PROFILE),demo)
B := $(B)/$(PROFILE)
PROFILE_INCLUDE := profiles/$(PROFILE)
include profiles/$(PROFILE)/profile.mk
endif

# What has to be there before anything is built: tools/setup installs what is missing and fetches
# lwIP (LWIP_DIR= names a checkout instead). Its stamps are included, so that make makes them first and
# then starts again with them. With LWIP_DIR the stamps are others, which say nothing of build/lwip: its patches
# may be older than they.
LWIP := $(if $(LWIP_DIR),$(LWIP_DIR),build/lwip)
ifneq ($(words $(LWIP)),1)
$(error LWIP_DIR=$(LWIP_DIR): make takes no path with a space; valid: a link to it)
endif
LWIPDIR := $(LWIP)/src
ifneq ($(filter-out help clean,$(GOALS)),)
SETUP := build/setup-$(if $(filter test% check mutants faults load interleave% fuzz coverage torture soak replay \
                                    build/host-% build/interleave% build/fuzz%,$(GOALS)),test,run)$(if $(LWIP_DIR),-elsewhere).stamp
include $(SETUP)
include $(LWIPDIR)/Filelists.mk
endif
include Filelists.mk

build/setup-%.stamp: tools/setup port/lwip/patches $(wildcard port/lwip/patches/*)
	@tools/setup $(*:-elsewhere=) && touch $@

$(LWIPDIR)/Filelists.mk: | $(SETUP)
	@tools/setup

.PHONY: firmware
firmware: $(B)/firmware.elf

# ---- the firmware ----

# DEFINES=-DLOG_BUILD_LEVEL=LOG_INFO leaves out debug lines, -DSIM_PROFILE=SIM_PEER_FLOOD floods en1.
CROSS   ?= arm-none-eabi-
CC_ARM  := $(CROSS)gcc
WARN    := -Wall -Wextra -Wconversion -Wshadow -Werror
INCLUDE := $(addprefix -I,$(PROFILE_INCLUDE) $(call RINGIF_INCLUDE,$(ARCH)) port/boards/$(BOARD) app)
LWIP_INCLUDE := $(addprefix -isystem ,$(RINGIF_LWIP_INCLUDE))
# No SLP vectorizer: on a core without a vector unit, a vector of two halfwords takes more instructions than they do.
CFLAGS_ARM := $(CPU_FLAGS) -std=c11 -O2 -fno-tree-slp-vectorize -g -flto=auto -ffunction-sections -fdata-sections \
              -fno-common \
              $(BOARD_FLAGS) $(PROFILE_FLAGS) $(DEFINES) $(INCLUDE) $(LWIP_INCLUDE)
# No board has a Cortex-A8, for whose erratum 657417 the linker would add stubs to calls across a page's end.
LDFLAGS_ARM := $(CFLAGS_ARM) -nostartfiles --specs=nano.specs -Wl,--gc-sections -Wl,--emit-relocs -Llinker \
               -T$(LINKER) -Wl,--no-warn-rwx-segments -Wl,--no-fix-cortex-a8 \
               $(PROFILE_STACK:%=-Wl,--defsym=STACK_BYTES=%)

OWN_SOURCES := $(RINGIF_KIT) $(RINGIF_SIM) $(RINGIF_WRAP) $(call RINGIF_MACS,$(BOARD_NICS)) $(RINGIF_PORT) \
               $(call RINGIF_ARCH,$(ARCH)) $(call RINGIF_DEVS,$(BOARD_DEVS)) port/boards/$(BOARD)/board.c \
               $(PROFILE_SOURCES)
LWIP_SOURCES := $(COREFILES) $(CORE4FILES) $(CORE6FILES) $(RINGIF_LWIP)
HTTPD_SOURCES := $(LWIPDIR)/apps/http/fs.c $(LWIPDIR)/apps/http/httpd.c
OWN_OBJECTS  := $(OWN_SOURCES:%.c=$(B)/%.o)
LWIP_OBJECTS := $(patsubst $(LWIP)/%.c,$(B)/lwip/%.o,$(LWIP_SOURCES) $(HTTPD_SOURCES))

$(OWN_OBJECTS): $(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC_ARM) $(CFLAGS_ARM) $(WARN) -MD -MP -c $< -o $@

$(B)/app/control_page.o: app/page/index.html

# What assembly or newlib refers to by name must exist under that name when the link begins: no LTO.
NO_LTO := app/control_page.c $(call RINGIF_NO_LTO,$(ARCH))
$(NO_LTO:%.c=$(B)/%.o): CFLAGS_ARM += -fno-lto

$(B)/lwip/src/netif/ppp/polarssl/md5.o: CFLAGS_ARM += $(RINGIF_MD5_FLAGS)

$(LWIP_OBJECTS): $(B)/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC_ARM) $(CFLAGS_ARM) -Wall -MD -MP -c $< -o $@

$(B)/firmware.elf: $(OWN_OBJECTS) $(LWIP_OBJECTS) $(LINKER) linker/$(ARCH).ld
	$(call say,LD)
	$(Q)$(CC_ARM) $(LDFLAGS_ARM) $(OWN_OBJECTS) $(LWIP_OBJECTS) -Wl,-Map=$(@:.elf=.map) -o $@

# The firmwares of tests/target, which check on the board what is written in assembly: the board's own
# code, with the test cases of the host's tests.
TARGET_TESTS   := $(patsubst tests/target/%.c,$(B)/%.elf,$(wildcard tests/target/test_*.c))
TARGET_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/target/*.c) tests/unit/checksum_cases.c)
BOARD_OBJECTS  := $(filter-out $(PROFILE_SOURCES:%.c=$(B)/%.o),$(OWN_OBJECTS)) $(LWIP_OBJECTS)

$(TARGET_OBJECTS): $(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC_ARM) $(CFLAGS_ARM) -Itests/unit $(WARN) -MD -MP -c $< -o $@

$(TARGET_TESTS): $(B)/%.elf: $(B)/tests/target/%.o $(B)/tests/unit/checksum_cases.o $(BOARD_OBJECTS) \
                             $(LINKER) linker/$(ARCH).ld
	$(call say,LD)
	$(Q)$(CC_ARM) $(LDFLAGS_ARM) $(filter %.o,$^) -o $@

# What was built with other options is built again: objects depend on $(1), a file with the options, $(2),
# that is written when they change.
.PHONY: FORCE
define flags_file
$(1): FORCE
	@mkdir -p $$(@D)
	@echo '$(2)' | cmp -s - $$@ || echo '$(2)' >$$@
endef

$(eval $(call flags_file,$(B)/flags,$(CC_ARM) $(LDFLAGS_ARM) $(WARN)))
$(OWN_OBJECTS) $(LWIP_OBJECTS) $(TARGET_OBJECTS): $(B)/flags port/boards/$(BOARD)/board.mk
$(B)/firmware.elf: $(B)/flags
-include $(OWN_OBJECTS:.o=.d) $(LWIP_OBJECTS:.o=.d) $(TARGET_OBJECTS:.o=.d)

.PHONY: size stack
size: $(B)/firmware.elf
	@CROSS=$(CROSS) tools/size $<

stack: $(B)/firmware.elf
	@CROSS=$(CROSS) tools/stack $(if $(V),--path) $<

# ---- running it ----

CFLAGS_HOST := -std=c11 -O2 -g $(WARN)
LAN_SOURCES := $(wildcard tools/lan/*.c)

build/tools/lanping: $(LAN_SOURCES) tools/lan/lan.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(CFLAGS_HOST) $(LAN_SOURCES) -lm -o $@

RUN := tools/run --board "$(BOARD)" --profile "$(PROFILE)" --qemu "$(or $(QEMU),qemu-system-arm)" $(if $(PCAP),--pcap "$(PCAP)") \
       --extra="$(QEMU_EXTRA)"

.PHONY: run ping
run: $(B)/firmware.elf build/tools/lanping
	@$(if $(filter tap,$(NET)),tools/setup tap &&) $(RUN) --net "$(NET)"

ping: $(B)/firmware.elf build/tools/lanping
	@$(RUN) --ping --count "$(or $(COUNT),5)" --size "$(or $(SIZE),56)" --interval "$(or $(INTERVAL),1)"

# ---- testing it ----

include tests/unit/unit.mk
include tests/netif/netif.mk
include tests/interleave/interleave.mk
include tests/fuzz/fuzz.mk
include tests/unit/coverage.mk
include tests/sim/sim.mk
include tests/bench/bench.mk

# Our own code compiles without a warning with clang as well.
CLANG_FLAGS := --target=arm-none-eabi $(CPU_FLAGS) -std=c11 -fsyntax-only $(WARN) \
               -isystem /usr/include/newlib $(INCLUDE) -Itests/unit $(LWIP_INCLUDE)
CLANG_SOURCES := $(OWN_SOURCES) $(wildcard tests/target/*.c)

.PHONY: test test-qemu test-clang
# One make after the other, even with -j: two would write the same files, and test-qemu runs makes of its own.
# The output of each of those that run side by side stays together (-O).
test:
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) test-host-programs test-firmwares
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) -O test-clang test-unit coverage test-interleave test-sim
	@$(MAKE) --no-print-directory test-qemu

# The quick part, for each change: what needs no emulator and takes no random seeds.
.PHONY: check
check:
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) -O test-clang test-unit

# All that tests run, on the host and on the board, compiled side by side on all processors.
.PHONY: test-host-programs test-firmwares
test-host-programs: $(UNIT_PROGRAMS) $(CV_PROGRAMS) $(IX_PROGRAMS) $(SIM_PROGRAMS)
test-firmwares: $(B)/firmware.elf $(TARGET_TESTS) build/tools/lanping $(BENCH_PLUGINS)

test-clang: $(LWIPDIR)/Filelists.mk
	$(Q)printf '%s\n' $(CLANG_SOURCES) | xargs -P $(PROCESSORS) -n 8 clang $(CLANG_FLAGS)
	$(Q)for profile in $(dir $(wildcard profiles/*/profile.mk)); do \
	  for source in profiles/main.c $$(find $$profile -name '*.c'); do clang -I$$profile $(CLANG_FLAGS) $$source || exit 1; done; done
	$(Q)clang -std=c11 -fsyntax-only $(WARN) $(LAN_SOURCES) $(BENCH_SOURCE)
	@echo "clang: no warning in $(words $(CLANG_SOURCES) $(wildcard profiles/*.c profiles/*/*.c) $(LAN_SOURCES) $(BENCH_SOURCE)) files"

# For a good part of their time these wait for their guests, so two more run at a time than there are processors.
QEMU_TESTS := $(shell expr $(PROCESSORS) + 2)
test-qemu: $(B)/firmware.elf $(TARGET_TESTS) build/tools/lanping $(BENCH_PLUGINS)
	$(Q)BOARD=$(BOARD) /usr/bin/python3 -m pytest -q -n $(QEMU_TESTS) --dist loadgroup -p no:cacheprovider $(PYTEST) tests/qemu

# Tables: what the guest needs to recover from each fault, and how it does under each flood.
.PHONY: faults load
faults load: $(B)/firmware.elf
	$(Q)BOARD=$(BOARD) /usr/bin/python3 tests/qemu/recovery.py $@

# Breaks each rule once and checks that a unit test fails.
.PHONY: mutants
mutants: $(LWIPDIR)/Filelists.mk
	@tests/mutants

endif

# ==== any board, or none ====

.PHONY: help clean
help:
	@echo "make              builds build/BOARD/firmware.elf; BOARD is all or one of: $(BOARDS)"
	@echo "make PROFILE=     builds the smaller build/BOARD/PROFILE/firmware.elf, also for run and ping; PROFILE is one of: $(filter-out demo,$(PROFILES))"
	@echo "make run          runs it in QEMU; NET=lan|slirp|tap|none QEMU= QEMU_EXTRA= PCAP=FILE"
	@echo "make ping         pings it from a host on its LAN; COUNT= SIZE= INTERVAL="
	@echo "make size         the flash and RAM that each part takes"
	@echo "make stack        the most stack that can ever be used, by the call graph; V=1 shows the calls"
	@echo "make bench        guest instructions a packet; bench-compare compares them with the baseline, which bench-baseline writes"
	@echo "make bench-growth what a packet costs as rings, batches, connections, interfaces grow; the highest rate without loss"
	@echo "make bench-plots  draws docs/growth.svg from what the last bench-growth measured"
	@echo "make bench-wall   packets and bits a second by the host's clock, for information"
	@echo "make test         all tests on all boards, or on BOARD; test-unit, test-conformance (DRIVER= TEST= PRODUCT_DIR= PRODUCT_SOURCES=), test-netif (NETIF= or DRIVER= TEST= PRODUCT_DIR= PRODUCT_SOURCES= PRODUCT_FLAGS=), test-interleave, test-sim and test-qemu run a part"
	@echo "make check        the quick part of these, without an emulator: test-clang and test-unit"
	@echo "make interleave   all interleavings of main loop, interrupts and devices; DEPTH= ONLY=WORDS SCHEDULE=STEPS"
	@echo "make torture      whatever may happen to a NIC, over each driver or DRIVER; SEED= RUNS= (1 prints each event) PRODUCT_DIR="
	@echo "make fuzz         compares the fast path with lwIP alone, on frames that a fuzzer makes; or FUZZER=stack; SECONDS= SEED= RUNS="
	@echo "make soak         simulates two nodes in bad weather; SECONDS= SEED= JOBS=; make replay SEED= PCAP= shows one run"
	@echo "make faults       how long it takes to recover from each fault; make load: how it does under floods"
	@echo "make coverage     the lines and branches of driver/ and port/ that the host tests run; build/coverage/index.html"
	@echo "make mutants      breaks each rule of the kit once and checks that a unit test fails"
	@echo "make clean        removes what was built, but not lwIP's source"

clean:
	rm -rf $(BOARDS:%=build/%) build/host-* build/coverage build/interleave* build/fuzz build/tools build/bench build/out-of-tree build/mutants
