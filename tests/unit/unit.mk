# Host unit tests: each tests/unit/test_*.c is a program, built by gcc and clang with sanitizers.

UNIT_TESTS     := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
HOST_COMPILERS := gcc clang
HOST_INCLUDE   := $(addprefix -I,tests/host tests/unit port port/lwip driver driver/nic driver/device driver/wrap app)
# Not position independent: static objects lie below 4 GiB, as the descriptors' 32-bit addresses need.
HOST_CFLAGS    := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-pie \
                  -fsanitize=address,undefined -fno-sanitize-recover=all $(HOST_INCLUDE) $(LWIP_INCLUDE)
HOST_OWN       := $(wildcard driver/*.c driver/device/*.c driver/nic/*.c driver/wrap/*.c) port/log.c app/line_editor.c \
                  port/lwip/sys_port.c tests/host/host.c $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))

# $(1): compiler
define host_rules
build/host-$(1)/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(1) $$(HOST_CFLAGS) -fno-sanitize=alignment -w -MD -MP -c $$< -o $$@

build/host-$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(1) $$(HOST_CFLAGS) $$(WARN) -MD -MP -c $$< -o $$@

build/host-$(1)/lwip/src/netif/ppp/polarssl/md5.o: HOST_CFLAGS += $$(RINGIF_MD5_FLAGS)

HOST_OBJECTS_$(1) := $$(HOST_OWN:%.c=build/host-$(1)/%.o) \
                     $$(patsubst $(LWIP)/%.c,build/host-$(1)/lwip/%.o,$$(LWIP_SOURCES))
$$(HOST_OBJECTS_$(1)) $$(UNIT_TESTS:%=build/host-$(1)/tests/unit/%.o): Makefile tests/unit/unit.mk

build/host-$(1)/test_%: build/host-$(1)/tests/unit/test_%.o $$(HOST_OBJECTS_$(1))
	$$(call say,LD)
	$$(Q)$(1) -no-pie -fsanitize=address,undefined $$^ -lcmocka -o $$@

-include $$(HOST_OBJECTS_$(1):.o=.d) $$(UNIT_TESTS:%=build/host-$(1)/tests/unit/%.d)
UNIT_PROGRAMS += $$(UNIT_TESTS:%=build/host-$(1)/%)
endef
$(foreach compiler,$(HOST_COMPILERS),$(eval $(call host_rules,$(compiler))))

.PHONY: test-unit
.SECONDARY:
test-unit: $(UNIT_PROGRAMS)
	$(Q)for program in $(UNIT_PROGRAMS); do echo "== $$program"; $$program || exit 1; done
