/* SPDX-License-Identifier: MIT */
/* A process whose memory is not dumped: an owner of outputs must end at once. */
#ifndef TOOLS_COMMON_CORE_H
#define TOOLS_COMMON_CORE_H

/*
 * No core dump of this process: outputs fall to their safe values when its last
 * descriptor is closed, which comes after the dump.
 */
void no_core_dump(void);

#endif /* TOOLS_COMMON_CORE_H */
