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

$(eval $(call flags_file,build/fuzz/flags,clang $(FUZZ_CFLAGS) $(WARN)))
$(FUZZ_OBJECTS): Makefile tests/fuzz/fuzz.mk build/fuzz/flags
-include $(FUZZ_OBJECTS:.o=.d)

# What it finds is kept in build/fuzz/corpus, for the next time; SEED= repeats its choices.
.PHONY: fuzz
fuzz: build/fuzz/fast_path
	@mkdir -p build/fuzz/corpus
	$(Q)build/fuzz/fast_path -max_total_time=$(FUZZ_SECONDS) $(if $(SEED),-seed=$(SEED)) -artifact_prefix=build/fuzz/ \
	  -max_len=200 -print_final_stats=1 build/fuzz/corpus >build/fuzz/log 2>&1; status=$$?; \
	  grep -E '^(stat::number|SUMMARY|the fast|Test unit|Done|artifact|.*ERROR)' build/fuzz/log; exit $$status
