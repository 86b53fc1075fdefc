# Line and branch coverage of driver/ and port/ by the host tests (docs/reliability.md): the programs of
# unit.mk once more, with the measured code built without optimisation and sanitizers, so that a branch is one
# of the source.

# What no host test runs, and why; docs/reliability.md says which tests run it on a board.
# Assembly, or the processor's own registers:
CV_EXCLUDED := port/arch/cortex_m/cpu.c port/arch/cortex_m/fault.c port/arch/cortex_m/stack_guard.c port/arch/cortex_m/startup.c
CV_EXCLUDED += port/arch/cortex_a/cpu.c port/arch/cortex_a/fault.c port/arch/cortex_a/mmu.c port/arch/cortex_a/startup.c
# A call to the hypervisor, which does not return:
CV_EXCLUDED += port/dev/psci_reset.c
# The stack that it paints and measures is the linker script's:
CV_EXCLUDED += port/stack.c
# A list of devices and addresses, and a vector for each of its interrupts:
CV_EXCLUDED += $(wildcard port/boards/*/board.c)

# Whether a log line is on: the two branches of each are log.c's, which test_log.c tests.
CV_BRANCHES_EXCLUDED := ^\s*log_(error|warning|info|debug)\(

CV_LINES_MIN    := 95
CV_BRANCHES_MIN := 90

CV := build/host-coverage
CV_CFLAGS   := -std=gnu11 -O1 -g -fno-pie $(HOST_INCLUDE) $(LWIP_INCLUDE)
CV_MEASURED := $(filter driver/% port/%,$(HOST_OWN) $(HOST_PORT))

CV_OBJECTS     := $(HOST_OWN:%.c=$(CV)/%.o)
CV_PORT        := $(HOST_PORT:%.c=$(CV)/%.o)
CV_CONFORMANCE := $(CONFORMANCE_OWN:%.c=$(CV)/%.o) $(filter-out $(CONFORMANCE_LACKS:%.c=$(CV)/%.o),$(CV_OBJECTS))
CV_UNIT_PROGRAMS        := $(UNIT_TESTS:tests/unit/%.c=$(CV)/%)
CV_CONFORMANCE_PROGRAMS := $(CONFORMANCE_TESTS:tests/conformance/%.c=$(CV)/%)
CV_PROGRAMS := $(CV_UNIT_PROGRAMS) $(CV_CONFORMANCE_PROGRAMS)
CV_TESTS    := $(UNIT_TESTS:%.c=$(CV)/%.o) $(CONFORMANCE_TESTS:%.c=$(CV)/%.o)

$(CV_MEASURED:%.c=$(CV)/%.o): CV_CFLAGS += -O0 --coverage
$(CV)/tests/conformance/test_conformance.o: CV_CFLAGS += -DDRIVERS='"$(DRIVERS)"'
$(foreach file,$(HOST_PORT),$(eval $(CV)/$(file:.c=.o): CV_CFLAGS += $(call port_flags,$(file))))

$(CV)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)gcc $(CV_CFLAGS) $(WARN) -MD -MP -c $< -o $@

# Last, so that only what a program needs is linked from the archive.
$(CV)/port.a: $(CV_PORT)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

$(PORT_PROGRAMS:tests/unit/%.c=$(CV)/%): $(CV)/port.a

$(CV_UNIT_PROGRAMS): $(CV)/%: $(CV)/tests/unit/%.o $(CV_OBJECTS) $(IX)/lwip.a
	$(call say,LD)
	$(Q)gcc -no-pie --coverage $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(HOST_LDFLAGS) -o $@
$(CV)/test_fast_path: HOST_LDFLAGS := -Wl,--wrap=ethernet_input
$(addprefix $(CV)/,$(UNIT_TESTS_OF_OTHER_LWIP)): HOST_LDFLAGS := -Wl,-z,muldefs

$(CV_CONFORMANCE_PROGRAMS): $(CV)/%: $(CV)/tests/conformance/%.o $(CV_CONFORMANCE) $(IX)/lwip.a
	$(call say,LD)
	$(Q)gcc -no-pie --coverage $^ -lcmocka -o $@

$(eval $(call flags_file,$(CV)/flags,gcc $(CV_CFLAGS) $(WARN) $(DRIVERS)))
$(CV_OBJECTS) $(CV_PORT) $(CV_CONFORMANCE) $(CV_TESTS): Makefile tests/unit/unit.mk tests/unit/coverage.mk $(CV)/flags
-include $(CV_OBJECTS:.o=.d) $(CV_PORT:.o=.d) $(CV_CONFORMANCE:.o=.d) $(CV_TESTS:.o=.d)

# Each source is either measured or excluded.
CV_SOURCES := $(shell find driver port -name '*.c')
CV_ODD = $(filter-out $(CV_MEASURED) $(CV_EXCLUDED),$(CV_SOURCES)) $(filter-out $(CV_SOURCES),$(CV_EXCLUDED)) $(filter $(CV_MEASURED),$(CV_EXCLUDED))

# gcovr itself reports what is too little; build/coverage/index.html shows each line.
CV_REPORT := gcovr --root . --filter driver/ --filter port/ --exclude-throw-branches \
             --exclude-branches-by-pattern '$(CV_BRANCHES_EXCLUDED)' --html-details build/coverage/index.html \
             --csv build/coverage/files.csv --print-summary \
             --fail-under-line $(CV_LINES_MIN) --fail-under-branch $(CV_BRANCHES_MIN) $(CV)
CV_TABLE  := awk -F, 'NR == 1 { printf "%-33s %6s %7s %9s\n", "file", "lines", "", "branches" } \
                      NR > 1 { printf "%-33s %6d %5.1f %%", $$1, $$2, 100 * $$4 } \
                      NR > 1 && $$5 > 0 { printf " %9d %5.1f %%", $$5, 100 * $$7 } NR > 1 { print "" }'

# Counts of the last run, and leftovers of sources that are gone.
CV_STALE = $(filter-out $(CV_MEASURED:%.c=$(CV)/%.gcno),$(shell find $(CV) -name '*.gc??'))

build/coverage/summary: $(CV_PROGRAMS)
	$(Q)rm -f $(CV_STALE)
	$(Q)for program in $(CV_PROGRAMS); do $$program >$$program.log 2>&1 || { cat $$program.log; exit 1; }; done
	$(Q)mkdir -p $(@D) && rm -f $@
	$(Q)$(CV_REPORT) >$@.new || { $(CV_TABLE) build/coverage/files.csv; cat $@.new; \
	  echo "coverage: less than $(CV_LINES_MIN) % of the lines or $(CV_BRANCHES_MIN) % of the branches: see build/coverage/index.html" >&2; exit 1; }
	$(Q)mv $@.new $@

# Shows the summary even if it is up to date.
.PHONY: coverage
coverage: build/coverage/summary
	$(Q)$(if $(strip $(CV_ODD)),echo "coverage: not either measured or excluded: $(strip $(CV_ODD))" >&2; exit 1)
	$(Q)$(CV_TABLE) build/coverage/files.csv && cat build/coverage/summary
