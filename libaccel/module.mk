# SPDX-License-Identifier: MIT
# What libaccel needs beside the C library.
OPENBLAS_LIBS := $(shell pkg-config --libs openblas 2>/dev/null)
OPENBLAS_CFLAGS := $(shell pkg-config --cflags openblas 2>/dev/null)
ifeq ($(OPENBLAS_LIBS),)
ifeq ($(filter deps clean help module lint summary,$(MAKECMDGOALS)),)
$(error OpenBLAS is missing: apt install libopenblas-dev, or run make deps)
endif
endif
CPPFLAGS += $(OPENBLAS_CFLAGS)
LDLIBS   += $(OPENBLAS_LIBS)
