/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PIACCEL_PLAT_H
#define PIACCEL_PLAT_H

int piaccel_plat_init(void);
void piaccel_plat_exit(void);

#endif /* PIACCEL_PLAT_H */
