# make            build/sluice
# make check      the fast set (under a minute once built)      make test PARTS="unit asan"   everything, or these parts
# make demo       a finished training job on the screen         make unit T=text/test_quote   one unit program
# make drill ROUNDS=1000 SEED=7   submissions under random faults, on a real Slurm
# make torture ONLY=submit:write:once:17   the gateway while a call of it fails
# make fuzz MINUTES=10   make coverage   make bench [T=submit]   make soak   make install PREFIX=/usr/local DESTDIR=
# VARIANT=release|asan|tsan|cov|fault|fuzz|analyze picks the flags; V=1 shows the commands; WERROR=1 as in CI.
VARIANT ?= release
V ?= 0
WORKERS ?= 4
Q := $(if $(filter 1,$(V)),,@)
B := build/$(VARIANT)
CC := $(if $(filter default,$(origin CC)),$(if $(filter fuzz,$(VARIANT)),clang,gcc),$(CC))
CCACHE := $(shell command -v ccache 2>/dev/null)

LIBS := libuv libmicrohttpd libssh2 libcrypto sqlite3 yaml-0.1 jansson libcurl libsodium libzstd libpcre2-8
PKG_CFLAGS := $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(LIBS) 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla \
        -Wwrite-strings -Wpointer-arith -Wundef -Wformat=2 -fno-common -Wno-overlength-strings $(if $(filter 1,$(WERROR)),-Werror)
FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
# -g1: what a trace shows, functions and lines; building is a fifth of the sanitizers' time.
FLAGS_asan := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DSLUICE_FAULTS=1
FLAGS_tsan := -O1 -g1 -fsanitize=thread
FLAGS_cov := -O0 -g1 --coverage -DSLUICE_FAULTS=1
# The test build: CRASH_AT=Kn raises SIGKILL there (src/base/crash.h).
FLAGS_fault := -O1 -g -DSLUICE_FAULTS=1
# By clang: libFuzzer's coverage in every object; tests/fuzz/fuzz_*.c are linked with its main.
FLAGS_fuzz := -O1 -g1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Its leaks are LSan's and valgrind's to find: uthash confuses it.
FLAGS_analyze := -O1 -fanalyzer -Wno-analyzer-malloc-leak
ANALYZER_H = $(if $(filter src/base/err.c,$<),,-include tests/checks/analyzer.h)
LINK_release := -pie -Wl,-z,relro,-z,now,--as-needed
CFLAGS_ALL := -std=c11 -D_GNU_SOURCE -Isrc -I$(B)/gen $(WARN) $(PKG_CFLAGS) $(FLAGS_$(VARIANT)) $(CFLAGS)
LDFLAGS_ALL := $(filter -fsanitize=% --coverage,$(FLAGS_$(VARIANT))) $(LINK_$(VARIANT)) $(LDFLAGS)

SRC := $(filter-out src/main.c,$(shell find src -name '*.c' 2>/dev/null | LC_ALL=C sort))
OBJ := $(SRC:src/%.c=$(B)/obj/%.o)
GEN_OBJ := $(B)/gen/templates.o $(B)/gen/web.o
# NO_WEB=1 leaves the page out; so does a machine without npm.
NO_WEB ?= $(if $(shell command -v npm 2>/dev/null),,1)
WEB_SRC := $(if $(NO_WEB),,$(shell find web/src web/*.json web/*.mjs web/.npmrc -type f 2>/dev/null | LC_ALL=C sort))
WEB_DONE := $(if $(NO_WEB),build/web.none,build/web.done)
UNIT_SRC := $(shell find tests/unit -name 'test_*.c' 2>/dev/null | LC_ALL=C sort)
UNITS := $(UNIT_SRC:tests/unit/%.c=$(B)/test/unit/%)
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/test/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(patsubst tests/bench/%.c,$(B)/test/bench/%,$(wildcard tests/bench/bench_$(or $(T),*).c))
BENCH_TOOLS := $(B)/test/bench/fill_jobs
BENCH_PY := $(wildcard tests/bench/bench_$(or $(T),*).py)
SUPPORT_OBJ := $(patsubst tests/%.c,$(B)/test/%.o,$(wildcard tests/support/*.c))
TIDY := $(patsubst src/%.c,build/tidy/%.ok,$(SRC) src/main.c)

.PHONY: all units unit fuzzers benches objects tidy check test demo fuzz drill torture coverage bench soak format install clean FORCE web-types web-check test-page bench-page screenshots
.SECONDARY:
.DELETE_ON_ERROR:
all: $(if $(filter release,$(VARIANT)),build/sluice,$(B)/sluice)
units: $(UNITS)
fuzzers: $(FUZZERS)
benches: $(BENCHES) $(BENCH_TOOLS)
objects: $(OBJ) $(GEN_OBJ) $(B)/obj/main.o
tidy: $(TIDY)

build/sluice: build/release/sluice
	$(Q)ln -sf release/sluice $@

$(B)/sluice: $(B)/obj/main.o $(B)/libsluice.a
	@$(if $(filter 0,$(V)),echo "  LD    $@")
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS) -lpthread

$(B)/libsluice.a: $(OBJ) $(GEN_OBJ) $(B)/objects
	$(Q)rm -f $@ && ar rcs $@ $(OBJ) $(GEN_OBJ)

# Written when they change: the flags, so that all is built again; the objects, so that a removed source leaves.
$(B)/flags $(B)/objects: FORCE
	$(Q)mkdir -p $(@D) && echo '$($(@F)_are)' | cmp -s - $@ || echo '$($(@F)_are)' >$@
flags_are = $(filter-out -Werror,$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL))
objects_are = $(OBJ) $(GEN_OBJ)

$(B)/obj/%.o: src/%.c $(B)/flags
	@$(if $(filter 0,$(V)),echo "  CC    $<")
	$(Q)mkdir -p $(@D) && $(CCACHE) $(CC) $(CFLAGS_ALL) $(if $(filter analyze,$(VARIANT)),$(ANALYZER_H)) -MMD -MP -c -o $@ $<

$(B)/gen/templates.c: scripts/embed-text $(wildcard templates/*.sh)
	$(Q)mkdir -p $(@D) && scripts/embed-text templates/slurm.sh templates/process.sh >$@.tmp && mv $@.tmp $@

# The page: installed by the lockfile, built by web/build.mjs into build/web, embedded as a C table. The lock keeps
# two makes of this tree (variants side by side) from building it at once.
web/node_modules/.package-lock.json: web/package.json web/package-lock.json web/.npmrc
	@$(if $(filter 0,$(V)),echo "  NPM   web")
	$(Q)mkdir -p build && flock build/web.lock sh -c 'cd web && npm ci --ignore-scripts --silent --prefer-offline' && touch $@

build/web.done: $(WEB_SRC) $(if $(NO_WEB),,web/node_modules/.package-lock.json)
	@$(if $(filter 0,$(V)),echo "  WEB   build/web")
	$(Q)mkdir -p build && flock build/web.lock node web/build.mjs build/web && touch $@

build/web.none:
	$(Q)mkdir -p build && touch $@

$(B)/gen/web.c: scripts/embed-assets $(WEB_DONE)
	$(Q)mkdir -p $(@D) && scripts/embed-assets $(if $(NO_WEB),,build/web) >$@.tmp && mv $@.tmp $@

$(B)/gen/%.o: $(B)/gen/%.c $(B)/flags
	@$(if $(filter 0,$(V)),echo "  CC    $<")
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/test/%.o: tests/%.c $(B)/flags
	@$(if $(filter 0,$(V)),echo "  CC    $<")
	$(Q)mkdir -p $(@D) && $(CCACHE) $(CC) $(CFLAGS_ALL) -Itests -iquote $(<D) -MMD -MP -c -o $@ $<

$(B)/test/unit/%: $(B)/test/unit/%.o $(SUPPORT_OBJ) $(B)/libsluice.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(PKG_LIBS) -lpthread

$(B)/test/bench/%: $(B)/test/bench/%.o $(SUPPORT_OBJ) $(B)/libsluice.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(PKG_LIBS) -lpthread

# The same entry twice: with libFuzzer's main (VARIANT=fuzz), or with one that replays the files it is given.
$(B)/test/fuzz/%: $(B)/test/fuzz/%.o $(B)/test/support/store_help.o $(if $(filter fuzz,$(VARIANT)),,$(B)/test/fuzz/replay.o) $(B)/libsluice.a
	$(Q)$(CC) $(LDFLAGS_ALL) $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer) -o $@ $^ $(PKG_LIBS) -lpthread

build/tidy/%.ok: src/%.c .clang-tidy tests/checks/analyzer.h $(wildcard src/*.h src/*/*.h src/*/*/*.h)
	@$(if $(filter 0,$(V)),echo "  TIDY  $<")
	$(Q)mkdir -p $(@D) && clang-tidy --quiet $< -- -std=c11 -D_GNU_SOURCE -Isrc $(ANALYZER_H) $(PKG_CFLAGS) 2>/dev/null && touch $@

# Preloaded by the tests of tests/torture: makes the n-th call of a kind fail.
build/fault_inject.so: tests/torture/fault_inject.c tests/torture/fault_stack.h
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -g -fPIC -shared $(filter-out -Wpedantic,$(WARN)) -o $@ $<

# What the page's types are generated from, and the types.
$(B)/openapi.json: tests/tools/openapi_dump.c $(B)/libsluice.a
	$(Q)$(CC) $(CFLAGS_ALL) -o $(B)/openapi_dump $< $(LDFLAGS_ALL) $(B)/libsluice.a $(PKG_LIBS) -lpthread
	$(Q)$(B)/openapi_dump >$@.tmp && mv $@.tmp $@

web-types: $(B)/openapi.json web/node_modules/.package-lock.json
	$(Q)cd web && node_modules/.bin/openapi-typescript ../$< --default-non-nullable false -o src/lib/schema.d.ts --silent

# The page: types and pure functions; in Chromium against a gateway; pictures of every page (ONLY="jobs keys").
web-check: web/node_modules/.package-lock.json
	$(Q)cd web && node_modules/.bin/tsc -p . && node test/run.mjs

test-page: build/sluice build/release/test/bench/fill_jobs
	$(Q)node tests/e2e/run.mjs tests/e2e/*.test.mjs

bench-page: build/sluice build/release/test/bench/fill_jobs
	$(Q)node tests/e2e/bench.mjs

screenshots: build/sluice
	$(Q)node tests/e2e/screenshots.mjs $(ONLY)

unit: $(B)/test/unit/$(T:%.c=%)
	$(Q)$<

demo: all
	$(Q)scripts/run-demo

check: all
	$(Q)scripts/run-tests --fast $(PARTS)

test: all
	$(Q)scripts/run-tests $(PARTS)

fuzz:
	$(Q)FUZZ_SECONDS=$$(( $(or $(MINUTES),10) * 60 )) scripts/run-tests fuzz

# As many rounds of random faults as you like; SEED repeats them. CUTS=1: the link cut at every 64th byte instead.
drill: all
	$(Q)$(if $(CUTS),CUTS=1) $(if $(ROUNDS),ROUNDS=$(ROUNDS)) $(if $(SEED),SEED=$(SEED)) /usr/bin/python3 -B -m pytest -n $(WORKERS) tests/integration/test_rounds.py

# Every call of every kind fails in every scenario, one at a time (days). WAYS=1: the first call by each way to it (stack;
# hours). ONLY=SCENARIO[:KIND[:MODE:N]], or POINTS=N drawn by SEED of each kind.
torture: build/fault_inject.so
	$(Q)$(MAKE) -s VARIANT=asan all && SLUICE_BIN=$(CURDIR)/build/asan/sluice $(if $(POINTS),POINTS=$(POINTS),TORTURE=$(if $(WAYS),ways,all)) \
	  $(if $(ONLY),ONLY=$(ONLY)) $(if $(SEED),SEED=$(SEED)) /usr/bin/python3 -B -m pytest -n $(WORKERS) tests/torture/test_torture.py

coverage:
	$(Q)scripts/coverage $(PARTS)

# The figures and their goals in one table; T=submit for one.
bench: all benches
	$(Q)scripts/setup bench
	$(Q)scripts/run-benches $(BENCHES) $(BENCH_PY)

# So many jobs through submission, polls and their end: memory, descriptors and the write-ahead log must not grow.
soak: all
	$(Q)JOBS=$(or $(JOBS),10000) scripts/run-benches tests/bench/bench_soak.py

format:
	$(Q)find src tests -name '*.[ch]' -print0 | xargs -0 clang-format -i

PREFIX ?= /usr/local
install: build/sluice
	install -D -m 755 build/sluice $(DESTDIR)$(PREFIX)/bin/sluice
	install -D -m 644 docs/man/sluice.1 $(DESTDIR)$(PREFIX)/share/man/man1/sluice.1
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/local/bin|$(PREFIX)/bin|' config/sluice.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/sluice.service

clean:
	$(Q)rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
