// SPDX-License-Identifier: MIT
/* Counts forks, so that a child knows what is its parent's. */
#include "fork.h"

#include <pthread.h>

_Atomic uint32_t fork_era_now;

static void in_child(void)
{
	atomic_fetch_add(&fork_era_now, 1);
}

static void watch(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

void fork_watch(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, watch);
}
