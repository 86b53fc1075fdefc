# The netif suite: what lwIP needs of a netif driver, over ringif on each MAC and over a driver without the kit.
# Its programs are built as the unit tests are (tests/unit/unit.mk), and run with them.

NETIF_SUITE := tests/netif/netif_rig.c tests/netif/netif_suite.c tests/netif/netif_tests.c
NETIF_TESTS := $(wildcard tests/netif/test_*.c)
NETIF_OWN   := $(filter-out $(NETIF_TESTS),$(wildcard tests/netif/*.c))
# The fakes' own tests need the rig of the conformance suite, but the wire is this suite's.
NETIF_BESIDE := $(filter-out tests/conformance/rig.c,$(CONFORMANCE_OWN))

# $(1): compiler
define netif_rules
NETIF_OBJECTS_$(1) := $$(NETIF_OWN:%.c=build/host-$(1)/%.o) build/host-$(1)/tests/netif/rig_beside.o \
                      $$(NETIF_BESIDE:%.c=build/host-$(1)/%.o) \
                      $$(filter-out $$(CONFORMANCE_LACKS:%.c=build/host-$(1)/%.o),$$(HOST_OBJECTS_$(1)))

build/host-$(1)/tests/netif/rig_beside.o: tests/conformance/rig.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(1) $$(HOST_CFLAGS) $$(WARN) -Dwire_sent=wire_sent_beside -MD -MP -c $$< -o $$@

$$(NETIF_OBJECTS_$(1)) $$(NETIF_TESTS:%.c=build/host-$(1)/%.o): tests/netif/netif.mk Makefile tests/unit/unit.mk build/host-$(1)/flags

$$(NETIF_TESTS:tests/netif/%.c=build/host-$(1)/%): build/host-$(1)/%: build/host-$(1)/tests/netif/%.o $$(NETIF_OBJECTS_$(1))
	$$(call say,LD)
	$$(Q)$(1) -no-pie -fsanitize=address,undefined $$^ -lcmocka -o $$@

-include $$(NETIF_OBJECTS_$(1):.o=.d) $$(NETIF_TESTS:%.c=build/host-$(1)/%.d)
NETIF_PROGRAMS += $$(NETIF_TESTS:tests/netif/%.c=build/host-$(1)/%)
endef
$(foreach compiler,$(HOST_COMPILERS),$(eval $(call netif_rules,$(compiler))))

UNIT_PROGRAMS += $(NETIF_PROGRAMS)
test-unit test-unit-programs: $(NETIF_PROGRAMS)

NETIF_PROGRAM := build/host-gcc/test_netif

# A product's netif driver: PRODUCT_DIR has NETIF_driver.c with a struct netif_driver, and may have its lwipopts.h,
# by which lwIP is compiled, too. PRODUCT_SOURCES and PRODUCT_FLAGS are what else it needs; what they define comes
# before what is here.
ifneq ($(and $(PRODUCT_DIR),$(NETIF)),)
NETIF_PRODUCT := build/host-product/netif-$(NETIF)
NETIF_PROGRAM := $(NETIF_PRODUCT)/test_netif
ifeq ($(wildcard $(PRODUCT_DIR)/$(NETIF)_driver.c),)
$(error PRODUCT_DIR=$(PRODUCT_DIR) NETIF=$(NETIF): valid: a directory with $(NETIF)_driver.c)
endif
# A product's lwIP may have SYS_LIGHTWEIGHT_PROT: what that keeps, ringif's cc.h does not say.
NETIF_CFLAGS := -I$(PRODUCT_DIR) $(HOST_CFLAGS) -Dsys_prot_t=uint32_t $(PRODUCT_FLAGS)
NETIF_TABLE  := '-DNETIF_DRIVERS(DRIVER)=DRIVER($(NETIF))'
NETIF_FIRST  := $(NETIF_SUITE:%.c=$(NETIF_PRODUCT)/%.o) $(NETIF_PRODUCT)/tests/netif/test_netif.o
# The rest is linked as far as it is called. The hooks in the tree's lwipopts.h are the kit's.
NETIF_REST   := $(patsubst %.c,$(NETIF_PRODUCT)/%.o,$(wildcard tests/host/*.c) tests/conformance/frame.c \
                  tests/netif/sys_protect.c port/log.c port/format.c port/lwip/sys_port.c port/lwip/internet_checksum.c \
                  driver/dispatch.c driver/timer_source.c \
                  $(if $(wildcard $(PRODUCT_DIR)/lwipopts.h),,$(filter-out %/sys_port.c %/internet_checksum.c,$(wildcard port/lwip/*.c)) \
                     $(filter-out %/dispatch.c %/timer_source.c,$(wildcard driver/*.c)))) \
                $(LWIP_SOURCES:$(LWIP)/%.c=$(NETIF_PRODUCT)/lwip/%.o)

$(NETIF_PRODUCT)/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(NETIF_CFLAGS) -fno-sanitize=alignment -w -MD -MP -c $< -o $@

$(NETIF_PRODUCT)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(NETIF_CFLAGS) $(NETIF_TABLE) $(WARN) -MD -MP -c $< -o $@

$(NETIF_PRODUCT)/lwip/src/netif/ppp/polarssl/md5.o: NETIF_CFLAGS += $(RINGIF_MD5_FLAGS)
$(NETIF_PRODUCT)/lwip/contrib/addons/tcp_isn/tcp_isn.o: NETIF_CFLAGS += -DLWIP_HOOK_TCP_ISN=lwip_hook_tcp_isn
$(eval $(call flags_file,$(NETIF_PRODUCT)/flags,$(NETIF_CFLAGS) $(WARN)))
$(NETIF_FIRST) $(NETIF_REST): tests/netif/netif.mk $(NETIF_PRODUCT)/flags

# The product's own may be anywhere: an object's name is the whole path.
NETIF_OWN_SOURCES := $(PRODUCT_DIR)/$(NETIF)_driver.c $(filter %.c,$(PRODUCT_SOURCES))
netif_own = $(NETIF_PRODUCT)/own/$(subst /,-,$(1:.c=.o))
define netif_own_rule
$(call netif_own,$(1)): $(1) tests/netif/netif.mk $(NETIF_PRODUCT)/flags
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)gcc $$(NETIF_CFLAGS) $$(NETIF_TABLE) -Wall -MD -MP -c $$< -o $$@
endef
$(foreach source,$(NETIF_OWN_SOURCES),$(eval $(call netif_own_rule,$(source))))
NETIF_PRODUCTS := $(foreach source,$(NETIF_OWN_SOURCES),$(call netif_own,$(source)))

$(NETIF_PRODUCT)/rest.a: $(NETIF_REST)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

$(NETIF_PROGRAM): $(NETIF_PRODUCTS) $(filter-out %.c,$(PRODUCT_SOURCES)) $(NETIF_FIRST) $(NETIF_PRODUCT)/rest.a
	$(call say,LD)
	$(Q)gcc $(NETIF_CFLAGS) -no-pie -Wl,-z,muldefs $^ -lcmocka -o $@

-include $(NETIF_PRODUCTS:.o=.d) $(NETIF_FIRST:.o=.d) $(NETIF_REST:.o=.d)
endif

# ringif over a product's MAC: DRIVER of PRODUCT_DIR, as for the conformance suite (tests/unit/unit.mk).
ifneq ($(and $(PRODUCT_DIR),$(if $(NETIF),,x)),)
NETIF_PROGRAM := $(SUITE)/test_netif
$(NETIF_PROGRAM): tests/netif/test_netif.c tests/netif/ringif_drivers.c $(PRODUCT_DRIVER) \
                  $(filter-out build/host-gcc/tests/netif/ringif_drivers.o,$(NETIF_OBJECTS_gcc)) FORCE
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(PRODUCT_CFLAGS) '-DNETIF_DRIVERS(DRIVER)=DRIVER($(DRIVER))' $(filter-out FORCE,$^) -lcmocka -o $@
endif

# NETIF= limits it to one driver, TEST= to tests with a word in the name; RUNS seeds from SEED on of the test in which
# anything happens in any order.
.PHONY: test-netif
test-netif: $(NETIF_PROGRAM)
	$(Q)$(NETIF_PROGRAM) $(or $(NETIF),all) $(or $(TEST),all) $(or $(SEED),1) $(or $(RUNS),20)
