# All interleavings of main loop, interrupts and devices, up to a bound (docs/reliability.md).

IX := build/host-interleave
# Code under test, and the models of its devices: the compiler reports their accesses to memory
# (tests/interleave/instrument.c).
IX_INSTRUMENTED := $(wildcard driver/*.c driver/nic/*.c) $(filter-out $(CONFORMANCE_LACKS),$(wildcard driver/device/*.c)) app/main.c \
                   $(wildcard tests/conformance/fake_*.c tests/conformance/mac_*.c tests/conformance/textbook_*.c) \
                   tests/interleave/application.c
IX_PLAIN   := port/log.c $(wildcard port/lwip/*.c) tests/conformance/rig.c tests/conformance/rig_device.c \
              tests/conformance/frame.c tests/conformance/virtio_net_tests.c \
              $(filter-out %/application.c,$(wildcard tests/interleave/*.c))
IX_CFLAGS  := -std=gnu11 -O2 -g -fno-omit-frame-pointer -fno-pie -Itests/interleave $(HOST_INCLUDE) $(LWIP_INCLUDE)
IX_WRAPPED := sim_device_read sim_device_write memcpy memset sys_check_timeouts sys_timeouts_sleeptime sys_timeouts_get_next_timeout watchdog_start
IX_OBJECTS := $(IX_INSTRUMENTED:%.c=$(IX)/%.o) $(IX_PLAIN:%.c=$(IX)/%.o)
IX_LWIP    := $(patsubst $(LWIP)/%.c,$(IX)/lwip/%.o,$(LWIP_SOURCES))

$(IX)/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(IX_CFLAGS) -w -MD -MP -c $< -o $@

$(IX)/lwip/src/netif/ppp/polarssl/md5.o: IX_CFLAGS += $(RINGIF_MD5_FLAGS)

$(IX_INSTRUMENTED:%.c=$(IX)/%.o): IX_CFLAGS += -fsanitize=thread
$(IX)/app/main.o: IX_CFLAGS += -Dmain=firmware_main

$(IX)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(IX_CFLAGS) $(WARN) -MD -MP -c $< -o $@

$(IX)/lwip.a: $(IX_LWIP)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

build/interleave: $(IX_OBJECTS) $(IX)/lwip.a
	$(call say,LD)
	$(Q)gcc -no-pie $(IX_WRAPPED:%=-Wl,--wrap=%) $^ -o $@

$(eval $(call flags_file,$(IX)/flags,gcc $(IX_CFLAGS) $(WARN)))
$(IX_OBJECTS) $(IX_LWIP): Makefile tests/unit/unit.mk tests/interleave/interleave.mk $(IX)/flags
-include $(IX_OBJECTS:.o=.d) $(IX_LWIP:.o=.d)

IX_PROGRAMS := build/interleave build/interleave-threads

.PHONY: test-interleave interleave interleave-threads
test-interleave: interleave interleave-reduction interleave-threads interleave-defects

interleave: build/interleave
	$(Q)build/interleave $(if $(DEPTH),--depth $(DEPTH)) $(addprefix --only ,$(ONLY)) $(if $(SCHEDULE),--schedule $(SCHEDULE))

# Checks that the schedules left out are the same as those that are run.
.PHONY: interleave-reduction
interleave-reduction: build/interleave
	$(Q)build/interleave --whole 1 --only "textbook receive"
	$(Q)build/interleave --whole 1 --only "textbook low power"
	$(Q)build/interleave --whole 1 --only "textbook queue in"
	$(Q)build/interleave --whole 1 --only msf2_emac --only send

# A thread as the device, under the thread sanitizer. Only the code under test is instrumented,
# without its volatile accesses.
IT := build/host-threads
IT_INSTRUMENTED := $(wildcard driver/*.c driver/nic/*.c) tests/conformance/textbook_driver.c
IT_PLAIN   := $(filter-out $(CONFORMANCE_LACKS),$(wildcard driver/device/*.c)) port/log.c $(wildcard port/lwip/*.c) \
              $(wildcard tests/conformance/fake_*.c tests/conformance/mac_*.c) tests/conformance/textbook_fake.c \
              tests/conformance/rig.c tests/conformance/rig_device.c tests/conformance/frame.c \
              tests/conformance/virtio_net_tests.c $(wildcard tests/interleave/threads/*.c)
IT_CFLAGS  := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-pie -Itests/interleave/threads -Itests/interleave \
              $(HOST_INCLUDE) $(LWIP_INCLUDE)
IT_SANITIZE := -fsanitize=thread --param=tsan-distinguish-volatile=1
IT_OBJECTS := $(IT_INSTRUMENTED:%.c=$(IT)/%.o) $(IT_PLAIN:%.c=$(IT)/%.o)

$(IT_INSTRUMENTED:%.c=$(IT)/%.o): IT_CFLAGS += $(IT_SANITIZE)

$(IT)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(IT_CFLAGS) $(WARN) -Wno-tsan -MD -MP -c $< -o $@

build/interleave-threads: $(IT_OBJECTS) $(IX)/lwip.a
	$(call say,LD)
	$(Q)gcc -no-pie -fsanitize=thread $^ -o $@

$(eval $(call flags_file,$(IT)/flags,gcc $(IT_CFLAGS) $(IT_SANITIZE) $(WARN)))
$(IT_OBJECTS): Makefile tests/unit/unit.mk tests/interleave/interleave.mk $(IT)/flags
-include $(IT_OBJECTS:.o=.d)

interleave-threads: build/interleave-threads
	$(Q)build/interleave-threads $(FRAMES)

# Known defects, each of which has to be found.
.PHONY: interleave-defects
interleave-defects: build/interleave build/interleave-threads
	$(Q)tests/interleave/defects explorer "gcc $(IX_CFLAGS) -fsanitize=thread" "gcc -no-pie $(IX_WRAPPED:%=-Wl,--wrap=%)" $(IX_OBJECTS) $(IX)/lwip.a
	$(Q)tests/interleave/defects threads "gcc $(IT_CFLAGS) $(IT_SANITIZE)" "gcc -no-pie -fsanitize=thread" $(IT_OBJECTS) $(IX)/lwip.a
