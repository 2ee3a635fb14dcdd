# SPDX-License-Identifier: MIT
# What libaccel needs beside the C library: pkg-config's name, Debian's package.
LIB_NEEDS := openblas:libopenblas-dev jansson:libjansson-dev zlib:zlib1g-dev \
             yaml-0.1:libyaml-dev sqlite3:libsqlite3-dev libdrm:libdrm-dev
LIB_PC    := $(foreach n,$(LIB_NEEDS),$(firstword $(subst :, ,$(n))))
LIB_GONE  := $(if $(shell command -v pkg-config),,pkg-config) \
             $(foreach n,$(LIB_NEEDS),$(if $(shell pkg-config --exists \
               $(firstword $(subst :, ,$(n))) 2>/dev/null && echo y),,$(lastword $(subst :, ,$(n)))))
ifneq ($(strip $(LIB_GONE)),)
# The other goals install what is missing first, or do not need it.
ifneq ($(if $(MAKECMDGOALS),$(filter all lib tools unit-programs install,$(MAKECMDGOALS)),all),)
$(error Missing: apt install $(strip $(LIB_GONE)), or run make deps)
endif
endif
CPPFLAGS += $(shell pkg-config --cflags $(LIB_PC) 2>/dev/null)
LDLIBS   += $(shell pkg-config --libs $(LIB_PC) 2>/dev/null)

# Loops over blocks of numbers: vectorized, and none looks at errno or traps.
$(BUILD)/obj/libaccel/src/backend/cpu/program.o \
$(BUILD)/obj/libaccel/src/backend/cpu/move.o \
$(BUILD)/obj/libaccel/src/backend/cpu/pool.o \
$(BUILD)/obj/libaccel/src/backend/cpu/reduce.o \
$(BUILD)/obj/libaccel/src/backend/cpu/resize.o \
$(BUILD)/obj/libaccel/src/backend/cpu/scan.o \
$(BUILD)/obj/libaccel/src/data/samples.o: \
	CFLAGS += -O3 -fno-math-errno -fno-trapping-math
