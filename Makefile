# make            build/sluice
# make check      the fast set (under a minute once built)      make test   everything
# make demo       a finished training job on the screen         make unit T=text/test_quote   one unit program
# VARIANT=release|asan|tsan|cov|fault picks the flags; V=1 shows the commands; WERROR=1 as in CI.
VARIANT ?= release
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
B := build/$(VARIANT)
CC ?= gcc
CCACHE := $(shell command -v ccache 2>/dev/null)

LIBS := libuv libmicrohttpd libssh2 sqlite3 yaml-0.1 jansson libcurl libsodium libpcre2-8
PKG_CFLAGS := $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(LIBS) 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla \
        -Wwrite-strings -Wpointer-arith -Wundef -Wformat=2 -fno-common -Wno-overlength-strings $(if $(filter 1,$(WERROR)),-Werror)
FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
FLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DSLUICE_FAULTS=1
FLAGS_tsan := -O1 -g -fsanitize=thread
FLAGS_cov := -O0 -g --coverage -DSLUICE_FAULTS=1
# The test build: CRASH_AT=Kn raises SIGKILL there (src/base/crash.h).
FLAGS_fault := -O1 -g -DSLUICE_FAULTS=1
LINK_release := -pie -Wl,-z,relro,-z,now,--as-needed
CFLAGS_ALL := -std=c11 -D_GNU_SOURCE -Isrc -I$(B)/gen $(WARN) $(PKG_CFLAGS) $(FLAGS_$(VARIANT)) $(CFLAGS)
LDFLAGS_ALL := $(filter -fsanitize=% --coverage,$(FLAGS_$(VARIANT))) $(LINK_$(VARIANT)) $(LDFLAGS)

SRC := $(filter-out src/main.c,$(shell find src -name '*.c' 2>/dev/null | LC_ALL=C sort))
OBJ := $(SRC:src/%.c=$(B)/obj/%.o)
GEN_OBJ := $(B)/gen/templates.o
UNIT_SRC := $(shell find tests/unit -name 'test_*.c' 2>/dev/null | LC_ALL=C sort)
UNITS := $(UNIT_SRC:tests/unit/%.c=$(B)/test/unit/%)
SUPPORT_SRC := $(wildcard tests/support/*.c)
SUPPORT_OBJ := $(SUPPORT_SRC:tests/support/%.c=$(B)/test/support/%.o)

.PHONY: all units unit check test demo format clean
all: build/sluice
units: $(UNITS)

build/sluice: $(B)/sluice
	$(Q)mkdir -p build && ln -sf $(VARIANT)/sluice $@

$(B)/sluice: $(B)/obj/main.o $(B)/libsluice.a
	@$(if $(filter 0,$(V)),echo "  LD    $@")
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS) -lpthread

$(B)/libsluice.a: $(OBJ) $(GEN_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: src/%.c
	@$(if $(filter 0,$(V)),echo "  CC    $<")
	$(Q)mkdir -p $(@D) && $(CCACHE) $(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/gen/templates.c: scripts/embed-text $(wildcard templates/*.sh)
	$(Q)mkdir -p $(@D) && scripts/embed-text templates/slurm.sh templates/process.sh >$@.tmp && mv $@.tmp $@

$(B)/gen/%.o: $(B)/gen/%.c
	@$(if $(filter 0,$(V)),echo "  CC    $<")
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-overlength-strings -MMD -MP -c -o $@ $<

$(B)/test/support/%.o: tests/support/%.c
	$(Q)mkdir -p $(@D) && $(CCACHE) $(CC) $(CFLAGS_ALL) -Itests -MMD -MP -c -o $@ $<

$(B)/test/unit/%: tests/unit/%.c $(B)/libsluice.a $(SUPPORT_OBJ)
	@$(if $(filter 0,$(V)),echo "  TEST  $<")
	$(Q)mkdir -p $(@D) && $(CCACHE) $(CC) $(CFLAGS_ALL) -Itests -I$(<D) -MMD -MP -MT $@ -MF $@.d -c -o $@.o $< && \
	  $(CC) $(LDFLAGS_ALL) -o $@ $@.o $(SUPPORT_OBJ) $(B)/libsluice.a -lcmocka $(PKG_LIBS) -lpthread

unit: $(B)/test/unit/$(T:%.c=%)
	$(Q)$<

format:
	$(Q)find src tests -name '*.[ch]' -print0 | xargs -0 clang-format -i

clean:
	$(Q)rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
