# SPDX-License-Identifier: MIT
# What libaccel needs beside the C library.
OPENBLAS_LIBS := $(shell pkg-config --libs openblas 2>/dev/null)
OPENBLAS_CFLAGS := $(shell pkg-config --cflags openblas 2>/dev/null)
ifeq ($(OPENBLAS_LIBS),)
# The other goals install what is missing first, or do not need it.
ifneq ($(if $(MAKECMDGOALS),$(filter all lib tools unit-programs install,$(MAKECMDGOALS)),all),)
$(error OpenBLAS is missing: apt install libopenblas-dev, or run make deps)
endif
endif
CPPFLAGS += $(OPENBLAS_CFLAGS)
LDLIBS   += $(OPENBLAS_LIBS)
