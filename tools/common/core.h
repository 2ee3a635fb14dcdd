/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_COMMON_CORE_H
#define TOOLS_COMMON_CORE_H

/*
 * No core dump of this process: outputs fall to their safe values when its last
 * descriptor is closed, which comes after the dump.
 */
void no_core_dump(void);

#endif /* TOOLS_COMMON_CORE_H */
