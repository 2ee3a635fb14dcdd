# SPDX-License-Identifier: MIT
# The one front door. `make help` lists what it does.

VERSION  := 0.1.0
SOMAJOR  := 0
PREFIX   ?= /usr/local
LIBDIR   ?= $(PREFIX)/lib
UDEVDIR  ?= /lib/udev/rules.d
CC       ?= cc
AR       ?= ar
BUILD    ?= build
V        ?= 0
# One folder, one spelling: the dependency files name it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
export BUILD V

Q        := $(if $(filter 0,$(V)),@)
say       = $(if $(filter 0,$(V)),@printf '  %-8s %s\n' '$(1)' '$(2)')

# ---- flags -----------------------------------------------------------------
# SANITIZE=1 builds with AddressSanitizer and UBSan; give it a BUILD of its own.
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wundef -Wvla
SAN_1    := -fsanitize=address,undefined -fno-sanitize-recover=all \
            -fno-omit-frame-pointer
SAN      := $(SAN_$(SANITIZE))
CPPFLAGS += -Iuapi -Ilibaccel/include -D_GNU_SOURCE \
            -DACCEL_VERSION_STRING='"$(VERSION)"'
CFLAGS   += -std=c11 $(OPT) $(WARN) $(SAN) -fPIC -fvisibility=hidden
LDFLAGS  += $(SAN) -Wl,--as-needed
LDLIBS   += -lm -pthread

include $(wildcard compute/module.mk libaccel/module.mk gpio/module.mk)

# A change of flags or compiler rebuilds what it must.
FLAGS    := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS)
keep      = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' >$@.new; \
            cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/.flags: FORCE
	$(call keep,$(FLAGS))
$(BUILD)/.prefix: FORCE
	$(call keep,$(PREFIX) $(LIBDIR) $(LDLIBS) $(VERSION))

# ---- user space --------------------------------------------------------------
HEADERS  := $(wildcard libaccel/include/accel/*.h)
LIB_C    := $(wildcard libaccel/src/*/*.c libaccel/src/*/*/*.c compute/*.c \
                       gpio/*.c gpio/*/*.c)
LIB_O    := $(LIB_C:%.c=$(BUILD)/obj/%.o) $(LIB_GEN_O)
# One folder under tools/, one program; common/ is in each.
TOOLS    := $(filter-out common,$(patsubst tools/%/,%,$(wildcard tools/*/)))
UNIT     := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
SOREAL   := libaccel.so.$(VERSION)
SONAME   := libaccel.so.$(SOMAJOR)

.PHONY: all
all: lib tools ## Build the library and the tools into build/ (default)

.PHONY: lib tools
lib: $(BUILD)/libaccel.so $(BUILD)/libaccel.a $(BUILD)/accel.pc
tools: $(TOOLS:%=$(BUILD)/%)

$(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libaccel.a: $(LIB_O)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_O)

$(BUILD)/$(SOREAL): $(LIB_O) libaccel/libaccel.map $(BUILD)/.flags
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(LDFLAGS) -Wl,-soname,$(SONAME) \
		-Wl,--version-script=libaccel/libaccel.map -Wl,-z,defs \
		-Wl,-z,nodelete \
		-o $@ $(LIB_O) $(LDLIBS)

$(BUILD)/libaccel.so: $(BUILD)/$(SOREAL)
	$(Q)ln -sf $(SOREAL) $(BUILD)/$(SONAME) && ln -sf $(SONAME) $@

$(BUILD)/accel.pc: libaccel/accel.pc.in $(BUILD)/.prefix
	$(call say,GEN,$@)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS@|$(LDLIBS)|' $< >$@

# Public headers only. Those in STATIC_TOOLS start without the engine's libraries.
STATIC_TOOLS := accelctl
tool_o    = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tools/common/*.c tools/$(1)/*.c))
define tool_rule
TOOL_O += $(call tool_o,$(1))
$(BUILD)/$(1): $(call tool_o,$(1)) \
               $(BUILD)/libaccel.$(if $(filter $(1),$(STATIC_TOOLS)),a,so)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS) -Wl,-rpath,'$$$$ORIGIN:$$$$ORIGIN/../lib' -o $$@ \
		$$(filter %.o %.a %.so,$$^) $$(TOOL_LIBS) $$(LDLIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

# Unit tests see the library's inside: they link the archive.
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libaccel.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libaccel.a $(LDLIBS)
.PRECIOUS: $(BUILD)/obj/%.o

# What other programs wrote is compared with what is read here.
$(BUILD)/exchange/%: $(BUILD)/obj/tests/exchange/%.o $(BUILD)/libaccel.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libaccel.a $(LDLIBS)

# A Vulkan driver for test_lost.
$(BUILD)/unit/lost_icd.so: tests/unit/lost_icd.c $(BUILD)/.flags
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -shared -o $@ $< -ldl

# Fuzz targets: for every check with the same mutations; make fuzz explores.
FUZZ     := $(patsubst tests/fuzz/%_fuzz.c,%,$(filter-out %/ioctl_fuzz.c,$(wildcard tests/fuzz/*_fuzz.c)))
UNIT     += $(FUZZ:%=test_fuzz_%)
$(BUILD)/unit/test_fuzz_%: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(BUILD)/obj/tests/fuzz/mutate.o \
                           $(BUILD)/libaccel.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libaccel.a $(LDLIBS)
# What is fuzzed, and what that needs: a model is all of the library.
FUZZ_C   := $(filter libaccel/src/base/% libaccel/src/data/% gpio/rules/% \
                     libaccel/src/format/safetensors% %/dtype.c,$(LIB_C))
FUZZ_C_model := $(LIB_C) $(LIB_GEN_O)
$(BUILD)/fuzz/%: tests/fuzz/%_fuzz.c $(BUILD)/unit/test_fuzz_% $(LIB_C) $(HEADERS)
	$(call say,CC,$@)
	$(Q)mkdir -p $@.corpus && $(BUILD)/unit/test_fuzz_$* --seeds $@.corpus
	$(Q)clang $(CPPFLAGS) -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -o $@ $< \
		$(or $(FUZZ_C_$*),$(FUZZ_C)) $(LDLIBS)

.PHONY: unit-programs exchange-programs
unit-programs: $(UNIT:%=$(BUILD)/unit/%) $(BUILD)/unit/lost_icd.so
exchange-programs: $(patsubst tests/exchange/%.c,$(BUILD)/exchange/%,$(wildcard tests/exchange/*.c))

-include $(LIB_O:.o=.d) $(TOOL_O:.o=.d) $(UNIT:%=$(BUILD)/obj/tests/unit/%.d) \
         $(wildcard $(BUILD)/obj/tests/fuzz/*.d $(BUILD)/obj/tests/exchange/*.d)

# ---- the module --------------------------------------------------------------
# KDIR: the running kernel's headers, else the test kernel's from the cache.
ARCH_M   ?= $(shell dpkg --print-architecture 2>/dev/null || echo amd64)
KDIR     ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
                        $(shell scripts/kernel.sh headers $(ARCH_M)))
.PHONY: module
module: ## Build piaccel.ko (KDIR= the running kernel's headers, else the test kernel's)
	$(Q)scripts/module.sh "$(KDIR)" $(BUILD)/module
	$(Q)ln -sf module/piaccel.ko $(BUILD)/piaccel.ko

# ---- kselftests ---------------------------------------------------------------
# Built against the kernel's own harness; the folder also drops into a kernel.
KTEST    := $(patsubst tests/kselftest/%.c,%,$(wildcard tests/kselftest/*_test.c))
KSFT     ?= $(shell scripts/kernel.sh files)/tools/testing/selftests

# The harness comes from the kernel: its own warnings are not ours.
$(BUILD)/kselftest/%: tests/kselftest/%.c $(wildcard tests/kselftest/*.h) \
                      $(wildcard tests/vm/testboard/*.h) \
                      uapi/linux/piaccel.h $(BUILD)/.ksft
	$(call say,CC,$<)
	$(Q)$(CC) -O2 -g -Wall -Wextra -Wno-missing-field-initializers \
		-Wno-unused-parameter -Wno-sign-compare -Wno-clobbered -D_GNU_SOURCE= -Iuapi \
		-I$(BUILD)/ksft/here -isystem $(BUILD)/ksft -o $@ $< $(SAN) -lpthread

$(BUILD)/.ksft: tests/kselftest/Makefile
	$(Q)mkdir -p $(BUILD)/kselftest $(BUILD)/ksft/here
	$(Q)cp $(KSFT)/kselftest_harness.h $(KSFT)/kselftest.h $(BUILD)/ksft/
	$(Q)touch $@

# The fuzzer is one of them where it runs.
$(BUILD)/kselftest/fuzz_test: tests/fuzz/ioctl_fuzz.c \
                              $(wildcard tests/kselftest/*.h) \
                              uapi/linux/piaccel.h $(BUILD)/.ksft
	$(call say,CC,$<)
	$(Q)$(CC) -O2 -g -Wall -Wextra -D_GNU_SOURCE= -Iuapi \
		-I$(BUILD)/ksft/here -isystem $(BUILD)/ksft -o $@ $< $(SAN) -lpthread

# The outside of the simulated board, for shell scripts.
$(BUILD)/tbctl: tests/vm/testboard/tbctl.c $(wildcard tests/vm/testboard/*.h)
	$(call say,CC,$<)
	$(Q)$(CC) -O2 -g -Wall -Wextra -D_GNU_SOURCE= -o $@ $<

# Looks into a controller's history, for shell scripts.
$(BUILD)/history: tests/vm/guest/history.c
	$(call say,CC,$<)
	$(Q)$(CC) -O2 -g -Wall -Wextra -o $@ $< -lsqlite3

# The programs of docs/uapi.md run in the test machine, too.
$(BUILD)/docs/.built: docs/uapi.md scripts/docs-examples.sh uapi/linux/piaccel.h
	$(Q)CC='$(CC)' scripts/docs-examples.sh && touch $@

.PHONY: kselftest-programs
kselftest-programs: $(KTEST:%=$(BUILD)/kselftest/%) \
                    $(BUILD)/kselftest/fuzz_test $(BUILD)/tbctl $(BUILD)/history \
                    $(BUILD)/docs/.built

.PHONY: overlays
overlays: ## Build the device tree overlays into build/dts/
	$(Q)scripts/overlays.sh "$(KDIR)" $(BUILD)/dts

# ---- tests -------------------------------------------------------------------
.PHONY: deps
deps: ## Install the Debian packages that are missing (check and demo do it themselves)
	$(Q)scripts/deps.sh

.PHONY: check
check: deps ## Run every test: unit tests, and the module in a virtual machine
	$(Q)tests/run.sh check

.PHONY: demo
demo: deps ## Run the main job, in an emulated room or on real pins (CONFIG=control.yaml)
	$(Q)tests/run.sh demo

.PHONY: vm
vm: deps ## A shell in the test machine with the module loaded
	$(Q)make --no-print-directory all $(BUILD)/tbctl && tests/vm/vm.sh shell

.PHONY: bench
bench: ## Measure (never part of a test); figures go to docs/performance.md by hand
	$(Q)tests/run.sh bench

.PHONY: bench-driver
bench-driver: deps ## Measure the module against the kernel's own interfaces, in simulated time
	$(Q)tests/bench/driver.sh

.PHONY: bench-control
bench-control: deps all ## Measure the controller from edge to relay, in simulated time
	$(Q)make --no-print-directory $(BUILD)/tbctl && tests/bench/control.sh

.PHONY: lint
lint: deps ## checkpatch, sparse, W=1, shellcheck, clang-format, licences, headers
	$(Q)tests/run.sh lint

.PHONY: check-kernels
check-kernels: deps ## Other kernels: arm64, an emulated Pi 4, the newest in Debian unstable, PREEMPT_RT
	$(Q)tests/run.sh check-kernels

.PHONY: check-debug
check-debug: deps ## The module under KASAN, lockdep, kmemleak and fault injection
	$(Q)tests/run.sh check-debug

.PHONY: check-races
check-races: deps ## The same on four CPUs, for races (an hour; not part of CI)
	$(Q)tests/run.sh check-races

.PHONY: check-exchange
check-exchange: deps ## What Python does, beside what is done here: 10,000 random tables (SEED=), PyTorch's steps
	$(Q)tests/run.sh check-exchange

FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: $(FUZZ:%=$(BUILD)/fuzz/%) ## Let libFuzzer look for bad input (clang; FUZZ_SECONDS= each)
	$(Q)for f in $^; do $$f -max_total_time=$(FUZZ_SECONDS) -max_len=8192 $$f.corpus || exit 1; done

.PHONY: check-v3d
check-v3d: deps ## Every shader through the Raspberry Pi's own compiler; other Vulkan drivers
	$(Q)tests/run.sh check-v3d

.PHONY: summary
summary: ## Sum up the results of the suites that ran
	$(Q)scripts/summary.sh

# ---- install -----------------------------------------------------------------
.PHONY: install
install: all ## Install library, headers, tools and udev rule (DESTDIR, PREFIX)
	$(Q)scripts/install.sh install

.PHONY: uninstall
uninstall: ## Remove what install put there
	$(Q)scripts/install.sh uninstall

export VERSION SOMAJOR PREFIX LIBDIR UDEVDIR DESTDIR TOOLS

.PHONY: clean
clean: ## Remove build/ (downloads stay in the cache)
	$(Q)rm -rf $(BUILD)

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

.PHONY: FORCE
FORCE:
