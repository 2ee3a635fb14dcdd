// SPDX-License-Identifier: MIT
/* The context that a command computes in. */
#include "accel.h"

#include <stdio.h>
#include <stdlib.h>

accel_context *open_device(const char *device, uint64_t seed, int threads)
{
	char text[16];

	/* lavapipe reads it as it starts, counts those beside its own, and the
	 * user's wish comes first */
	snprintf(text, sizeof(text), "%d", threads > 1 ? threads : 0);
	if (threads)
		setenv("LP_NUM_THREADS", text, 0);
	return accel_open(device, .seed = seed, .threads = (uint32_t)threads);
}
