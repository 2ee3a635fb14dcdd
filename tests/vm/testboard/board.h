/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * testboard: what its files share.
 *
 * board.c  the pins and the GPIO chip
 * irq.c    edges to interrupts
 * play.c   waveform players and delayed wires
 * rec.c    recorder and console lines
 * ctl.c    /dev/testboard
 * node.c   a node of the device tree
 * reboot.c the end of the machine
 * bank.c   further chips, behind a slow bus
 */
#ifndef TESTBOARD_BOARD_H
#define TESTBOARD_BOARD_H

#include <linux/bits.h>
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/irqdomain.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "testboard.h"

/* Kernel differences. Kbuild looks into the headers for what they have. */

/* 6.17, "gpio: treewide: rename GPIO line value setter callbacks": the
 * setters return int.
 */
#if defined(TB_SET_RETURNS_INT) || defined(TB_HAVE_SET_RV)
#define TB_SET_CAN_FAIL		true
#define tb_set_ret		int
#define TB_SET(x)		(x)
#else
#define TB_SET_CAN_FAIL		false
#define tb_set_ret		void
#define TB_SET(x)		((void)(x))
#endif

/* 6.15, "gpiolib: introduce gpio_chip setters that return values" */
#ifdef TB_HAVE_SET_RV
#define tb_setter		set_rv
#define tb_setter_multiple	set_multiple_rv
#else
#define tb_setter		set
#define tb_setter_multiple	set_multiple
#endif

/* 6.13, "hrtimers: Introduce hrtimer_setup() to replace hrtimer_init()" */
#ifndef TB_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#define TB_IRQ_QUEUE		8192	/* power of two */
#define TB_FOLLOW_QUEUE		32	/* power of two */

#define for_each_line(n, mask) \
	for (u64 left_ = (mask); left_ && ((n) = __ffs64(left_), 1); \
	     left_ &= left_ - 1)

/* What stands on each pin, a bit a line. */
struct tb_pins {
	u64 out_en, out, open_drain, open_source;
	u64 bias_up, bias_down;
	u64 res_up, res_down;
	u64 ext_en, ext;
	u64 fol_en, fol;
};

struct tb_counts {
	u64 rising, falling, outputs, edges, irqs, changed_ns;
};

/* A pin wired to another one. */
struct tb_wire {
	struct hrtimer timer;
	unsigned int source;
	bool invert;
	u64 delay_ns;
	/* changes under way, oldest at tail */
	unsigned int head, tail;
	u64 due[TB_FOLLOW_QUEUE];
	bool value[TB_FOLLOW_QUEUE];
};

struct tb_deck {
	struct hrtimer timer;
	struct tb_step *steps;
	struct tb_play play;
	struct tb_player did;
	unsigned int next;	/* step */
	u32 round;		/* of the current start */
	u64 due;		/* time of the next step */
};

/* What one change did to the outputs, for the console. */
struct tb_note {
	u64 time_ns;
	u64 set, value, freed;
};

struct tb_board {
	struct gpio_chip gc;
	struct platform_device *pdev;
	const char **names;
	const char *label;
	unsigned int lines;
	u64 valid;

	/* serializes control calls; protects deck.steps and present */
	struct mutex ctl;
	bool present;

	struct fwnode_handle *fwnode;
	struct irq_domain *domain;
	/* a line's way to its interrupt number */
	struct mutex map;
	unsigned int next_irq;
	struct irq_work irq_work;
	/* while the chip is deleted early: its device, and the notice of it */
	struct device *gdev;
	struct notifier_block nb;
	/* former numbers of lines, 0: none; and: others have got them */
	unsigned int given[TB_MAX_LINES];
	bool strangers;

	struct irq_work wake_work;
	wait_queue_head_t wait;

	/* protects all below */
	raw_spinlock_t lock;
	struct tb_pins pins;
	u64 level;
	u64 seen_en, seen_out;	/* outputs as last recorded */
	u64 held;		/* lines that a consumer has requested */
	u64 deaf;		/* lines that do not answer */
	struct tb_counts count[TB_MAX_LINES];

	u64 rising, falling, masked, latched;
	u8 *irq_queue;
	unsigned int irq_head, irq_tail;
	bool irq_busy;		/* someone empties the queue */
	u64 edges_lost;

	u64 sources;		/* lines that another one follows */
	struct tb_wire wire[TB_MAX_LINES];
	u64 follow_lost;

	u64 triggers;		/* lines that an armed player looks at */
	struct tb_deck deck[TB_PLAYERS];

	struct tb_record *rec;
	unsigned int rec_size;	/* power of two */
	u64 rec_head, rec_start;
	u64 rec_lines;
	u32 rec_kinds;
};

extern struct tb_board tb_board;

/* board.c; settle: the caller holds the lock and changed tb_board.pins */
void tb_settle(struct tb_board *b, struct tb_note *note, bool by_chip);
void tb_reset(struct tb_board *b);
int tb_chip_add(struct tb_board *b);
void tb_chip_del(struct tb_board *b, bool early);

/* irq.c */
int tb_irq_init(struct tb_board *b);
void tb_irq_exit(struct tb_board *b);
void tb_irq_dispose(struct tb_board *b);
void tb_irq_give_away(struct tb_board *b);
void tb_irq_take_back(struct tb_board *b);
int tb_to_irq(struct gpio_chip *gc, unsigned int line);
void tb_irq_edge(struct tb_board *b, unsigned int line);
void tb_irq_deliver(struct tb_board *b);
bool tb_irq_waiting(struct tb_board *b);

/* play.c */
void tb_play_init(struct tb_board *b);
void tb_play_exit(struct tb_board *b);
int tb_play_load(struct tb_board *b, const struct tb_play *play);
void tb_play_stop(struct tb_board *b, unsigned int player);
void tb_play_trigger(struct tb_board *b, unsigned int line, bool up,
		     u64 now, u64 stood);
int tb_wire_set(struct tb_board *b, const struct tb_follow *f);
void tb_wire_cut(struct tb_board *b, unsigned int line);
void tb_wire_source(struct tb_board *b, unsigned int line, bool up, u64 now);

/* rec.c; record: the caller holds the lock */
int tb_rec_init(struct tb_board *b);
void tb_rec_exit(struct tb_board *b);
void tb_rec_setup(struct tb_board *b, u64 lines, u32 kinds);
void tb_record(struct tb_board *b, u64 now, unsigned int line,
	       enum tb_kind kind, bool value);
void tb_wake(struct tb_board *b);
void tb_console(const struct tb_note *note);
ssize_t tb_rec_read(struct tb_board *b, u64 *pos, u64 *lost,
		    struct tb_record __user *buf, size_t n);
u64 tb_rec_waiting(struct tb_board *b, u64 *pos, u64 *lost);

/* ctl.c */
int tb_node_set(struct tb_board *b, const struct tb_node *node);
void tb_node_remove(void);

/* bank.c; set: under tb_board.ctl */
int tb_banks_set(unsigned int n);
void tb_banks_stall(bool stall);
int tb_bank_state(struct tb_bank *state);

/* reboot.c */
int tb_reboot(void);
int tb_reboot_init(void);
void tb_reboot_exit(void);

int tb_ctl_init(void);
void tb_ctl_exit(void);

#endif /* TESTBOARD_BOARD_H */
