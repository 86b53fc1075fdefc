# Host tests: each test_*.c of tests/unit and tests/conformance is a program, built by gcc and clang with
# sanitizers.

UNIT_TESTS        := $(wildcard tests/unit/test_*.c)
# Have files in themselves, with other options of lwIP: those come first when they are linked.
UNIT_TESTS_OF_OTHER_LWIP := test_dhcp_minutes test_fast_path_hook test_fast_path_options test_forward test_packet_data test_router test_vlan
CONFORMANCE_TESTS := $(wildcard tests/conformance/test_*.c)
HOST_COMPILERS := gcc clang
HOST_INCLUDE   := $(addprefix -I,tests/host tests/unit tests/conformance tests/netif port port/lwip driver driver/nic driver/device driver/wrap port/dev port/arch/cortex_m port/arch/cortex_a app)
# Not position independent: static objects lie below 4 GiB, as the descriptors' 32-bit addresses need.
HOST_CFLAGS    := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-pie \
                  -fsanitize=address,undefined -fno-sanitize-recover=all $(HOST_INCLUDE) $(LWIP_INCLUDE)
HOST_OWN       := $(wildcard driver/*.c driver/device/*.c driver/nic/*.c driver/wrap/*.c) port/format.c port/log.c app/line_editor.c \
                  $(wildcard port/lwip/*.c) $(wildcard tests/host/*.c) $(filter-out $(UNIT_TESTS),$(wildcard tests/unit/*.c))
# The drivers of port/ for the boards' devices, over fake registers: only the programs test_port_* have them.
# Names that the host's port has as well get the file's name as a prefix; a reset, and the sleep while waiting
# for one, end the tested code.
PORT_PROGRAMS := $(filter tests/unit/test_port_%,$(UNIT_TESTS))
HOST_PORT     := port/semihosting.c $(wildcard port/newlib/*.c) port/arch/cortex_m/systick_clock.c \
                 port/arch/cortex_a/gic.c port/arch/cortex_a/cache.c \
                 $(filter-out %/psci_reset.c,$(wildcard port/dev/*.c))
clock_names   := port_clock_us port_clock_ms
timer_names   := $(clock_names) port_timer_arm port_timer_stop
watchdog_names := port_watchdog port_watchdog_start port_watchdog_feed watchdog_interrupt_handler
names_of_systick_clock  := $(clock_names)
names_of_a9_timer       := $(timer_names)
names_of_generic_timer  := $(timer_names)
names_of_a9_watchdog    := $(watchdog_names)
names_of_cmsdk_watchdog := $(watchdog_names)
names_of_imx_watchdog   := $(watchdog_names) port_reset port_console_flush
names_of_mss_watchdog   := $(watchdog_names)
names_of_virtual_timer_watchdog := $(watchdog_names)
names_of_zynq_reset     := port_reset port_console_flush
names_of_gic            := port_irq_enable port_irq_disable port_irq_pend gic_put_first dma_publish
names_of_cache          := dma_clean dma_invalidate
names_of_uart_console   := $(addprefix port_console_,write on_input read waits holds flush) port_capture_present port_capture_write
names_of_printf         := snprintf vsnprintf
names_of_syscalls       := _write _read _close _fstat _isatty _lseek _sbrk _getpid _kill _exit
# $(1): file
port_names = $(foreach name,$(names_of_$(basename $(notdir $(1)))),-D$(name)=$(basename $(notdir $(1)))_$(patsubst _%,%,$(name)))
port_flags = $(call port_names,$(1)) $(if $(filter port_reset,$(names_of_$(basename $(notdir $(1))))),-Dport_sleep=host_end,-Dport_reset=host_end) \
             $(if $(filter %/cache.c,$(1)),-include tests/unit/cache_model.h)

# In the conformance suite the rig is the suite's, and so is the wire of each MAC: the simulated NIC has
# no peer of its own.
CONFORMANCE_OWN   := $(filter-out $(CONFORMANCE_TESTS),$(wildcard tests/conformance/*.c))
CONFORMANCE_LACKS := driver/device/sim_peer.c driver/device/sim_tcp.c $(wildcard tests/unit/*_rig.c)
# The drivers that it must cover: the files that define a struct nic_ops.
DRIVERS           := $(notdir $(basename $(shell grep -l '^const struct nic_ops' driver/nic/*.c)))

# $(1): compiler
define host_rules
$$(eval $$(call flags_file,build/host-$(1)/flags,$(1) $$(HOST_CFLAGS) $$(WARN)))
$$(eval $$(call flags_file,build/host-$(1)/drivers,$$(DRIVERS)))

build/host-$(1)/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(1) $$(HOST_CFLAGS) -fno-sanitize=alignment -w -MD -MP -c $$< -o $$@

build/host-$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(1) $$(HOST_CFLAGS) $$(WARN) -MD -MP -c $$< -o $$@

$$(foreach file,$$(HOST_PORT),$$(eval build/host-$(1)/$$(file:.c=.o): HOST_CFLAGS += $$(call port_flags,$$(file))))

build/host-$(1)/port.a: $$(HOST_PORT:%.c=build/host-$(1)/%.o)
	$$(call say,AR)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^

$$(PORT_PROGRAMS:tests/unit/%.c=build/host-$(1)/%): build/host-$(1)/port.a

build/host-$(1)/lwip/src/netif/ppp/polarssl/md5.o: HOST_CFLAGS += $$(RINGIF_MD5_FLAGS)

build/host-$(1)/tests/conformance/test_conformance.o: build/host-$(1)/drivers
build/host-$(1)/tests/conformance/test_conformance.o: HOST_CFLAGS += -DDRIVERS='"$(DRIVERS)"'

HOST_OBJECTS_$(1) := $$(HOST_OWN:%.c=build/host-$(1)/%.o) \
                     $$(patsubst $(LWIP)/%.c,build/host-$(1)/lwip/%.o,$$(LWIP_SOURCES))
CONFORMANCE_OBJECTS_$(1) := $$(CONFORMANCE_OWN:%.c=build/host-$(1)/%.o) \
                            $$(filter-out $$(CONFORMANCE_LACKS:%.c=build/host-$(1)/%.o),$$(HOST_OBJECTS_$(1)))
TEST_OBJECTS_$(1) := $$(UNIT_TESTS:%.c=build/host-$(1)/%.o) $$(CONFORMANCE_TESTS:%.c=build/host-$(1)/%.o)
$$(HOST_OBJECTS_$(1)) $$(CONFORMANCE_OBJECTS_$(1)) $$(TEST_OBJECTS_$(1)) $$(HOST_PORT:%.c=build/host-$(1)/%.o): \
    Makefile tests/unit/unit.mk build/host-$(1)/flags

$$(UNIT_TESTS:tests/unit/%.c=build/host-$(1)/%): build/host-$(1)/%: build/host-$(1)/tests/unit/%.o \
                                                 $$(HOST_OBJECTS_$(1))
	$$(call say,LD)
	$$(Q)$(1) -no-pie -fsanitize=address,undefined $$(filter-out %.a,$$^) $$(filter %.a,$$^) -lcmocka $$(HOST_LDFLAGS) -o $$@

# Counts what the fast path does not take.
build/host-$(1)/test_fast_path: HOST_LDFLAGS := -Wl,--wrap=ethernet_input

$$(addprefix build/host-$(1)/,$(UNIT_TESTS_OF_OTHER_LWIP)): HOST_LDFLAGS := -Wl,-z,muldefs

$$(CONFORMANCE_TESTS:tests/conformance/%.c=build/host-$(1)/%): build/host-$(1)/%: \
    build/host-$(1)/tests/conformance/%.o $$(CONFORMANCE_OBJECTS_$(1))
	$$(call say,LD)
	$$(Q)$(1) -no-pie -fsanitize=address,undefined $$^ -lcmocka -o $$@

-include $$(HOST_OBJECTS_$(1):.o=.d) $$(HOST_PORT:%.c=build/host-$(1)/%.d) $$(CONFORMANCE_OBJECTS_$(1):.o=.d) $$(TEST_OBJECTS_$(1):.o=.d)
UNIT_PROGRAMS += $$(patsubst %.c,build/host-$(1)/%,$$(notdir $$(UNIT_TESTS) $$(CONFORMANCE_TESTS)))
endef
$(foreach compiler,$(HOST_COMPILERS),$(eval $(call host_rules,$(compiler))))

.PHONY: test-unit test-unit-programs
.SECONDARY:
test-unit-programs: $(UNIT_PROGRAMS)
test-unit: $(UNIT_PROGRAMS)
	$(Q)tests/mutants --apply && tests/interleave/defects --apply
	$(Q)for program in $(UNIT_PROGRAMS); do echo "== $$program"; $$program || exit 1; done

# A product's driver, from a tree of its own: PRODUCT_DIR has DRIVER.c and fake_DRIVER.c, and mac_DRIVER.c if
# its fake is two files; PRODUCT_SOURCES are what else they need. The other objects are those that the suite has
# for the drivers of this tree.
SUITE := build/host-gcc
ifneq ($(and $(PRODUCT_DIR),$(if $(NETIF),,x)),)
ifeq ($(DRIVER),)
$(error PRODUCT_DIR=$(PRODUCT_DIR): DRIVER= has to name the driver; valid: NAME of a NAME.c and a fake_NAME.c there)
endif
ifneq ($(words $(wildcard $(PRODUCT_DIR)/$(DRIVER).c $(PRODUCT_DIR)/fake_$(DRIVER).c)),2)
$(error PRODUCT_DIR=$(PRODUCT_DIR) DRIVER=$(DRIVER): valid: a directory with $(DRIVER).c and fake_$(DRIVER).c)
endif
SUITE := build/host-product/$(DRIVER)
PRODUCT_DRIVER := $(PRODUCT_DIR)/$(DRIVER).c $(PRODUCT_DIR)/fake_$(DRIVER).c $(wildcard $(PRODUCT_DIR)/mac_$(DRIVER).c) \
                  $(PRODUCT_SOURCES)
PRODUCT_CFLAGS  = $(HOST_CFLAGS) $(WARN) -I$(PRODUCT_DIR) '-DFAKE_MACS(FAKE)=FAKE($(DRIVER))' -no-pie
$(SUITE)/%: tests/conformance/%.c $(PRODUCT_DRIVER) $(CONFORMANCE_OBJECTS_gcc) FORCE
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(PRODUCT_CFLAGS) -DDRIVERS='"$(DRIVER)"' $(filter-out FORCE,$^) -lcmocka -o $@
endif

# Just the conformance suite, by gcc; DRIVER= limits it to one driver, TEST= to tests with a word in the name.
.PHONY: test-conformance
test-conformance: $(SUITE)/test_conformance
	$(Q)$(SUITE)/test_conformance $(or $(DRIVER),all) $(TEST) 2>&1

# Every driver, or one, by seeds; RUNS=1 prints each event.
.PHONY: torture
torture: $(SUITE)/test_torture
	$(Q)$(SUITE)/test_torture $(or $(DRIVER),all) $(or $(SEED),$(fresh_seed)) $(or $(RUNS),1000) $(if $(filter 1,$(RUNS)),tell) 2>&1
