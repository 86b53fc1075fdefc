# Fuzzers, by clang's libFuzzer: tests/fuzz/*.c.

FUZZ_SECONDS := $(or $(SECONDS),60)
FUZZ_OWN     := driver/fast_path.c tests/unit/two_paths.c tests/fuzz/fast_path.c $(filter-out tests/unit/%,$(filter driver/% port/% tests/host/%,$(HOST_OWN)))
FUZZ_OBJECTS := $(patsubst %.c,build/fuzz/%.o,$(sort $(FUZZ_OWN))) $(patsubst $(LWIP)/%.c,build/fuzz/lwip/%.o,$(LWIP_SOURCES))
FUZZ_CFLAGS  := $(HOST_CFLAGS) -fsanitize=fuzzer-no-link

build/fuzz/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)clang $(FUZZ_CFLAGS) -fno-sanitize=alignment -w -MD -MP -c $< -o $@

build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)clang $(FUZZ_CFLAGS) $(WARN) -MD -MP -c $< -o $@

build/fuzz/lwip/src/netif/ppp/polarssl/md5.o: FUZZ_CFLAGS += $(RINGIF_MD5_FLAGS)

build/fuzz/fast_path: $(FUZZ_OBJECTS)
	$(call say,LD)
	$(Q)clang -no-pie -fsanitize=address,undefined,fuzzer -Wl,--wrap=ethernet_input $^ -lcmocka -o $@

# The whole stack, with the demo's services. lwIP's memory is replaced, so that ASan sees each object's ends.
STACK_FUZZ_OWN     := $(wildcard tests/fuzz/stack*.c) $(addprefix app/,chargen.c connections.c control_page.c services.c) \
                      $(filter-out tests/unit/%,$(filter driver/% port/% tests/host/%,$(HOST_OWN)))
STACK_FUZZ_OBJECTS := $(patsubst %.c,build/fuzz/%.o,$(sort $(STACK_FUZZ_OWN))) \
                      $(patsubst $(LWIP)/%.c,build/fuzz/lwip/%.o,$(LWIP_SOURCES) $(HTTPD_SOURCES))
STACK_FUZZ_WRAP    := $(addprefix -Xlinker --wrap=,mem_malloc mem_calloc mem_trim mem_free memp_malloc memp_free \
                      memp_malloc_pool memp_free_pool)

build/fuzz/stack: $(STACK_FUZZ_OBJECTS)
	$(call say,LD)
	$(Q)clang -no-pie -fsanitize=address,undefined,fuzzer $(STACK_FUZZ_WRAP) $^ -lcmocka -o $@

$(eval $(call flags_file,build/fuzz/flags,clang $(FUZZ_CFLAGS) $(WARN)))
$(sort $(FUZZ_OBJECTS) $(STACK_FUZZ_OBJECTS)): Makefile tests/fuzz/fuzz.mk build/fuzz/flags
-include $(FUZZ_OBJECTS:.o=.d) $(STACK_FUZZ_OBJECTS:.o=.d)

# FUZZER=stack is the whole stack, in place of the fast path. What it finds is kept in build/fuzz/corpus, or
# build/fuzz/corpus-stack, for the next time; SEED= repeats its choices. With RUNS= it makes that many, from nothing.
FUZZERS := fast_path stack
FUZZER  ?= fast_path
ifeq ($(filter $(FUZZER),$(FUZZERS)),)
$(error FUZZER=$(FUZZER): no such fuzzer; valid: $(FUZZERS))
endif
FUZZ_CORPUS            := build/fuzz/corpus$(if $(filter-out fast_path,$(FUZZER)),-$(FUZZER))
FUZZ_OPTIONS_fast_path := -max_len=200
FUZZ_OPTIONS_stack     := -max_len=500 -len_control=0 -timeout=20

.PHONY: fuzz
fuzz: build/fuzz/$(FUZZER)
	@mkdir -p $(FUZZ_CORPUS)
	$(Q)build/fuzz/$(FUZZER) -max_total_time=$(FUZZ_SECONDS) $(if $(SEED),-seed=$(SEED)) $(if $(RUNS),-runs=$(RUNS)) \
	  -artifact_prefix=build/fuzz/ $(FUZZ_OPTIONS_$(FUZZER)) -print_final_stats=1 $(if $(RUNS),,$(FUZZ_CORPUS)) >build/fuzz/log 2>&1; \
	  status=$$?; \
	  grep -E '^(stat::number|SUMMARY|the (fast|stack)|.*E lwip|Test unit|Done|artifact|.*ERROR)' build/fuzz/log; exit $$status
