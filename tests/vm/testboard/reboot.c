// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: the machine goes down, as far as the driver under test sees it.
 *
 * The chain of reboot notifiers is not for modules, but who is in it sees who
 * comes after: drivers that are loaded later and want to be as early.
 */

#include <linux/kallsyms.h>
#include <linux/reboot.h>

#include "board.h"

#define TB_REBOOT_DRIVER "[piaccel]"

static int tb_reboot_event(struct notifier_block *nb, unsigned long action,
			   void *data)
{
	return NOTIFY_DONE;
}

static struct notifier_block tb_reboot_nb = {
	.notifier_call = tb_reboot_event,
	.priority = INT_MAX,
};

static bool tb_reboot_is_driver(struct notifier_block *nb)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, (unsigned long)nb->notifier_call);
	return strstr(name, TB_REBOOT_DRIVER);
}

/* Nobody comes or goes meanwhile: the test sees to that. */
int tb_reboot(void)
{
	struct notifier_block *nb;

	for (nb = rcu_dereference_raw(tb_reboot_nb.next); nb;
	     nb = rcu_dereference_raw(nb->next)) {
		if (!tb_reboot_is_driver(nb))
			continue;
		nb->notifier_call(nb, SYS_RESTART, NULL);
		return 0;
	}
	return -ENOENT;
}

int tb_reboot_init(void)
{
	return register_reboot_notifier(&tb_reboot_nb);
}

void tb_reboot_exit(void)
{
	unregister_reboot_notifier(&tb_reboot_nb);
}
