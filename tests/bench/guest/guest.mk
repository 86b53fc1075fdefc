# The guests of bench-growth and bench-wall, on a SmartFusion2 whose packets are in DDR. For each: the
# descriptors in a ring, the interfaces, and the files that it has besides the board.
GUEST_RINGS := 4 8 16 32 64 128 256
GUESTS := $(GUEST_RINGS:%=ring-%) interfaces-2 interfaces-4 sweep reflect
$(foreach ring,$(GUEST_RINGS),$(eval guest_ring-$(ring) := $(ring) 1 main quiet))
guest_interfaces-2 := 16 2 main quiet
guest_interfaces-4 := 16 4 main quiet
guest_sweep        := 32 2 main sweep
guest_reflect      := 64 1 reflect

GUEST_B       := build/bench
GUEST_ELFS    := $(GUESTS:%=$(GUEST_B)/%/guest.elf)
GUEST_CFLAGS   = -Itests/bench/guest $(CFLAGS_ARM)
GUEST_LDFLAGS  = $(filter-out -T%,$(LDFLAGS_ARM)) -Ttests/bench/guest/guest.ld
GUEST_OWN     := $(RINGIF_KIT) $(RINGIF_SIM) $(RINGIF_PORT) $(call RINGIF_ARCH,cortex_m) \
                 $(call RINGIF_DEVS,uart uart_16550 uart_console mss_timer)
GUEST_OBJECTS := $(GUEST_OWN:%.c=$(GUEST_B)/%.o)
GUEST_LWIP    := $(patsubst $(LWIP)/%.c,$(GUEST_B)/lwip/%.o,$(LWIP_SOURCES))

$(GUEST_OBJECTS): $(GUEST_B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC_ARM) $(GUEST_CFLAGS) $(WARN) -MD -MP -c $< -o $@

$(patsubst %.c,$(GUEST_B)/%.o,$(call RINGIF_NO_LTO,cortex_m)): GUEST_CFLAGS += -fno-lto

$(GUEST_B)/lwip/src/netif/ppp/polarssl/md5.o: GUEST_CFLAGS += $(RINGIF_MD5_FLAGS)
$(GUEST_LWIP): $(GUEST_B)/lwip/%.o: $(LWIP)/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC_ARM) $(GUEST_CFLAGS) -Wall -MD -MP -c $< -o $@

# What is a guest's own: its code, and the drivers' with another length of their rings, which board.c checks.
# The simulated NIC's driver reaches its device by the board's bus.
define guest
$(1)_sources := $(patsubst %,$(GUEST_B)/$(1)/%,msf2_emac.h msf2_emac.c sim.h sim.c)
$(1)_objects := $(patsubst %,$(GUEST_B)/$(1)/%.o,board $(wordlist 3,4,$(guest_$(1))) msf2_emac sim)
$(1)_compile  = $$(CC_ARM) -I$(GUEST_B)/$(1) $$(GUEST_CFLAGS) -DRING=$(word 1,$(guest_$(1))) \
                -DINTERFACES=$(word 2,$(guest_$(1))) $$(WARN) -MD -MP -c $$< -o $$@

$$($(1)_sources): $(GUEST_B)/$(1)/%: driver/nic/% tests/bench/guest/guest.mk
	@mkdir -p $$(@D)
	$$(Q)sed -e '1i #line 1 "$$<"' -e 's/\([RT]X_DESCRIPTORS\( =\)\? \)[0-9][0-9]*/\1$(word 1,$(guest_$(1)))/' $$< >$$@

$$($(1)_objects): $$($(1)_sources) $(B)/flags
$(GUEST_B)/$(1)/sim.o: GUEST_CFLAGS += -Dsim_device_read=device_read -Dsim_device_write=device_write
$(GUEST_B)/$(1)/%.o: tests/bench/guest/%.c
	$$(call say,CC)
	$$(Q)$$($(1)_compile)
$(GUEST_B)/$(1)/%.o: $(GUEST_B)/$(1)/%.c
	$$(call say,CC)
	$$(Q)$$($(1)_compile)

$(GUEST_B)/$(1)/guest.elf: $$($(1)_objects) $(GUEST_OBJECTS) $(GUEST_LWIP) \
                             tests/bench/guest/guest.ld linker/cortex_m.ld
	$$(call say,LD)
	$$(Q)$$(CC_ARM) $$(GUEST_LDFLAGS) $$(filter %.o,$$^) -o $$@
-include $$($(1)_objects:.o=.d)
endef
$(foreach name,$(GUESTS),$(eval $(call guest,$(name))))
-include $(GUEST_OBJECTS:.o=.d) $(GUEST_LWIP:.o=.d)
