// SPDX-License-Identifier: MIT
/* Keeps a process that has outputs out of core dumps. */
#include "core.h"

#include <sys/resource.h>

void no_core_dump(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_CORE, &l))
		return;
	/* a pipe in core_pattern ignores every limit but this (core(5)) */
	l.rlim_cur = l.rlim_max < 1 ? l.rlim_max : 1;
	setrlimit(RLIMIT_CORE, &l);
}
