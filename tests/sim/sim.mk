# The simulation (tests/sim): the node is one relocatable object, whose copies are linked with the world.
# `fast` is for long runs, `checked` has sanitizers; a seed is the same run in both.

SIM_NODE_SOURCES  := $(wildcard tests/sim/node*.c) $(filter-out %/watchdog.c,$(RINGIF_KIT)) driver/nic/sim.c \
                     $(addprefix driver/device/sim_,device.c fault.c flood.c) $(RINGIF_WRAP) port/log.c $(wildcard port/lwip/*.c)
SIM_WORLD_SOURCES := $(filter-out tests/sim/node%.c,$(wildcard tests/sim/*.c)) driver/device/sim_fault.c
SIM_INCLUDE       := $(addprefix -I,tests/sim tests/host port port/lwip driver driver/nic driver/device driver/wrap)
# Not position independent: static objects lie below 4 GiB, as the descriptors' 32-bit addresses need.
SIM_CFLAGS        := -std=gnu11 -g -fno-pie $(SIM_INCLUDE) $(LWIP_INCLUDE)
SIM_FLAGS_fast    := -O2
SIM_FLAGS_checked := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
# Calls that the node intercepts: the device's dice, and lwIP's memory.
SIM_WRAP          := $(addprefix --wrap=,sim_fault_strikes mem_malloc memp_malloc memp_free)
SIM_NODES         := 0 1

# $(1): fast or checked
define sim_rules
build/host-sim-$(1)/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)gcc $$(SIM_CFLAGS) $$(SIM_FLAGS_$(1)) -fno-sanitize=alignment -w -MD -MP -c $$< -o $$@

build/host-sim-$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)gcc $$(SIM_CFLAGS) $$(SIM_FLAGS_$(1)) $$(WARN) -MD -MP -c $$< -o $$@

build/host-sim-$(1)/lwip/src/netif/ppp/polarssl/md5.o: SIM_CFLAGS += $$(RINGIF_MD5_FLAGS)

SIM_NODE_OBJECTS_$(1)  := $$(SIM_NODE_SOURCES:%.c=build/host-sim-$(1)/%.o) \
                          $$(patsubst $(LWIP)/%.c,build/host-sim-$(1)/lwip/%.o,$$(LWIP_SOURCES))
SIM_WORLD_OBJECTS_$(1) := $$(SIM_WORLD_SOURCES:%.c=build/host-sim-$(1)/%.o)
$$(eval $$(call flags_file,build/host-sim-$(1)/flags,gcc $$(SIM_CFLAGS) $$(SIM_FLAGS_$(1)) $$(WARN)))
$$(SIM_NODE_OBJECTS_$(1)) $$(SIM_WORLD_OBJECTS_$(1)): Makefile tests/sim/sim.mk build/host-sim-$(1)/flags

build/host-sim-$(1)/node.o: $$(SIM_NODE_OBJECTS_$(1))
	$$(call say,LD)
	$$(Q)ld -r $$(SIM_WRAP) $$^ -o $$@

build/host-sim-$(1)/node-%.o: build/host-sim-$(1)/node.o
	$$(Q)objcopy --keep-global-symbol=node_ops_$$* --redefine-sym node_ops=node_ops_$$* $$< $$@

build/host-sim-$(1)/soak: $$(SIM_WORLD_OBJECTS_$(1)) $$(SIM_NODES:%=build/host-sim-$(1)/node-%.o)
	$$(call say,LD)
	$$(Q)gcc -no-pie $$(SIM_FLAGS_$(1)) $$^ -o $$@

-include $$(SIM_NODE_OBJECTS_$(1):.o=.d) $$(SIM_WORLD_OBJECTS_$(1):.o=.d)
endef
$(foreach build,fast checked,$(eval $(call sim_rules,$(build))))

SIM_PROGRAMS := build/host-sim-fast/soak build/host-sim-checked/soak
SIM_JOBS := $(or $(JOBS),1)
# A seed that nobody has chosen.
fresh_seed = $(shell od -An -N4 -tu4 /dev/urandom)

.PHONY: soak replay test-sim
# As many seeds as fit in SECONDS, from SEED on, JOBS at a time; a failure prints how to replay it.
soak: build/host-sim-fast/soak
	$(Q)build/host-sim-fast/soak --seconds $(or $(SECONDS),60) --seed $(or $(SEED),$(fresh_seed)) --jobs $(SIM_JOBS)

# One seed, printing what happens; PCAP= gets what is on the wire.
replay: build/host-sim-checked/soak
	$(Q)build/host-sim-checked/soak --replay --seed $(or $(SEED),$(error SEED= has to say which run; a failed make soak tells it)) $(if $(PCAP),--pcap "$(PCAP)")

# The simulation's own tests, the seeds that have found something, and a minute of new seeds, with
# sanitizers.
test-sim: $(SIM_PROGRAMS)
	$(Q)/usr/bin/python3 -m pytest -q -n 2 -p no:cacheprovider tests/sim
	$(Q)build/host-sim-checked/soak --kept tests/sim/seeds.txt --jobs 2
	$(Q)build/host-sim-checked/soak --seconds $(or $(SECONDS),60) --seed $(fresh_seed) --jobs 2
