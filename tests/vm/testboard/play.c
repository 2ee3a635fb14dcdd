// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: what happens by the clock: waveform players and delayed wires.
 *
 * Both run from hard-irq timers, and start from the lock's inside, so that a
 * sensor can answer an edge that the driver under test makes in any context.
 */

#include <linux/ktime.h>
#include <linux/mm.h>

#include "board.h"

/* Steps made before other interrupts get a turn. */
#define TB_PLAY_BUDGET	64

static void tb_look_for_triggers(struct tb_board *b)
{
	unsigned int i;

	b->triggers = 0;
	for (i = 0; i < TB_PLAYERS; i++)
		if (b->deck[i].did.state == TB_PLAYER_ARMED)
			b->triggers |= BIT_ULL(b->deck[i].play.trig_line);
}

/* Lock held. */
static void tb_deck_start(struct tb_deck *d, u64 start)
{
	d->did.state = TB_PLAYER_PLAYING;
	d->did.start_ns = start;
	d->next = 0;
	d->round = 0;
	d->due = start + d->steps[0].delay_ns;
	hrtimer_start(&d->timer, ns_to_ktime(d->due),
		      HRTIMER_MODE_ABS_PINNED_HARD);
}

void tb_play_trigger(struct tb_board *b, unsigned int line, bool up,
		     u64 now, u64 stood)
{
	unsigned int edge = up ? TB_EDGE_RISING : TB_EDGE_FALLING;
	unsigned int i;

	for (i = 0; i < TB_PLAYERS; i++) {
		struct tb_deck *d = &b->deck[i];

		if (d->did.state != TB_PLAYER_ARMED ||
		    d->play.trig_line != line ||
		    !(d->play.trig_edges & edge) ||
		    stood < d->play.trig_min_ns)
			continue;
		d->did.triggers++;
		tb_deck_start(d, now + d->play.start_ns);
	}
	tb_look_for_triggers(b);
}

/* Rounds of this start are over. Lock held. */
static void tb_deck_end(struct tb_board *b, struct tb_deck *d)
{
	const struct tb_play *p = &d->play;

	if (p->trig_edges &&
	    (!p->trig_count || d->did.triggers < p->trig_count))
		d->did.state = TB_PLAYER_ARMED;
	else
		d->did.state = TB_PLAYER_DONE;
	tb_look_for_triggers(b);
}

/* Make the step that is due. Lock held; false when it was the last one. */
static bool tb_deck_step(struct tb_board *b, struct tb_deck *d, u64 now)
{
	const struct tb_step *s = &d->steps[d->next];
	u64 late = now - d->due;
	struct tb_note note;

	d->did.steps++;
	d->did.late_sum_ns += late;
	d->did.late_max_ns = max(d->did.late_max_ns, late);
	if (s->lines) {
		b->pins.ext_en = (b->pins.ext_en | s->lines) & ~s->release;
		b->pins.ext = (b->pins.ext & ~s->lines) | s->values;
		tb_settle(b, &note, false);
	}
	if (++d->next == d->play.nsteps) {
		d->next = 0;
		d->did.rounds++;
		tb_wake(b);
		if (++d->round == d->play.rounds) {
			tb_deck_end(b, d);
			return false;
		}
	}
	if (d->play.flags & TB_PLAY_RELATIVE)
		d->due = now;
	d->due += d->steps[d->next].delay_ns;
	return true;
}

static enum hrtimer_restart tb_deck_timer(struct hrtimer *timer)
{
	struct tb_deck *d = container_of(timer, struct tb_deck, timer);
	struct tb_board *b = &tb_board;
	unsigned int budget = TB_PLAY_BUDGET;
	u64 begin = ktime_get_ns();
	u64 now = begin;

	raw_spin_lock(&b->lock);
	while (d->did.state == TB_PLAYER_PLAYING) {
		bool more;

		if (now < d->due || !budget--) {
			/*
			 * Steps that come faster than this machine can make
			 * them leave it half of the time.
			 */
			u64 next = max(d->due, now + (now - begin));

			hrtimer_set_expires(timer, ns_to_ktime(next));
			raw_spin_unlock(&b->lock);
			return HRTIMER_RESTART;
		}
		more = tb_deck_step(b, d, now);
		raw_spin_unlock(&b->lock);
		tb_irq_deliver(b);
		/* the end may have been followed by a new trigger already */
		if (!more)
			return HRTIMER_NORESTART;
		raw_spin_lock(&b->lock);
		now = ktime_get_ns();
	}
	raw_spin_unlock(&b->lock);
	return HRTIMER_NORESTART;
}

/* ctl held */
void tb_play_stop(struct tb_board *b, unsigned int player)
{
	struct tb_deck *d = &b->deck[player];
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	memset(&d->did, 0, sizeof(d->did));
	d->did.player = player;
	tb_look_for_triggers(b);
	tb_wake(b);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	hrtimer_cancel(&d->timer);
	kvfree(d->steps);
	d->steps = NULL;
}

static int tb_check_steps(struct tb_board *b, const struct tb_play *play,
			  const struct tb_step *s)
{
	u64 total = 0;
	u32 i;

	for (i = 0; i < play->nsteps; i++, s++) {
		if ((s->lines & ~b->valid) || (s->release & ~s->lines) ||
		    (s->values & ~(s->lines & ~s->release)) ||
		    s->delay_ns > TB_MAX_NS)
			return -EINVAL;
		total |= s->delay_ns;
	}
	return play->rounds || total ? 0 : -EINVAL;
}

/* ctl held */
int tb_play_load(struct tb_board *b, const struct tb_play *play)
{
	struct tb_deck *d = &b->deck[play->player];
	struct tb_step *steps;
	unsigned long flags;
	int err;

	steps = vmemdup_user(u64_to_user_ptr(play->steps),
			     array_size(play->nsteps, sizeof(*steps)));
	if (IS_ERR(steps))
		return PTR_ERR(steps);
	err = tb_check_steps(b, play, steps);
	if (err) {
		kvfree(steps);
		return err;
	}
	tb_play_stop(b, play->player);

	raw_spin_lock_irqsave(&b->lock, flags);
	d->steps = steps;
	d->play = *play;
	if (play->trig_edges) {
		d->did.state = TB_PLAYER_ARMED;
		tb_look_for_triggers(b);
	} else {
		tb_deck_start(d, max(play->start_ns, ktime_get_ns()));
	}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return 0;
}

/* The source of wires changed. Lock held. */
void tb_wire_source(struct tb_board *b, unsigned int line, bool up, u64 now)
{
	unsigned int n;

	for_each_line(n, b->pins.fol_en) {
		struct tb_wire *w = &b->wire[n];
		bool value = up ^ w->invert;
		bool idle = w->head == w->tail;
		unsigned int slot = w->head % TB_FOLLOW_QUEUE;

		if (w->source != line)
			continue;
		if (!w->delay_ns) {
			b->pins.fol &= ~BIT_ULL(n);
			b->pins.fol |= (u64)value << n;
			continue;
		}
		if (w->head - w->tail == TB_FOLLOW_QUEUE) {
			b->follow_lost++;
			continue;
		}
		w->value[slot] = value;
		w->due[slot] = now + w->delay_ns;
		w->head++;
		if (idle)
			hrtimer_start(&w->timer, ns_to_ktime(w->due[slot]),
				      HRTIMER_MODE_ABS_PINNED_HARD);
	}
}

static enum hrtimer_restart tb_wire_timer(struct hrtimer *timer)
{
	struct tb_wire *w = container_of(timer, struct tb_wire, timer);
	struct tb_board *b = &tb_board;
	unsigned int n = w - b->wire;
	struct tb_note note;

	raw_spin_lock(&b->lock);
	while (w->head != w->tail) {
		unsigned int slot = w->tail % TB_FOLLOW_QUEUE;

		if (ktime_get_ns() < w->due[slot]) {
			hrtimer_set_expires(timer, ns_to_ktime(w->due[slot]));
			raw_spin_unlock(&b->lock);
			return HRTIMER_RESTART;
		}
		b->pins.fol &= ~BIT_ULL(n);
		b->pins.fol |= (u64)w->value[slot] << n;
		tb_settle(b, &note, false);
		w->tail++;
		/* when it was the last one, the next change starts the timer */
		if (w->head == w->tail)
			break;
		raw_spin_unlock(&b->lock);
		tb_irq_deliver(b);
		raw_spin_lock(&b->lock);
	}
	raw_spin_unlock(&b->lock);
	tb_irq_deliver(b);
	return HRTIMER_NORESTART;
}

/* ctl held */
void tb_wire_cut(struct tb_board *b, unsigned int line)
{
	struct tb_wire *w = &b->wire[line];
	struct tb_note note;
	unsigned long flags;
	unsigned int n;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->pins.fol_en &= ~BIT_ULL(line);
	w->tail = w->head;
	b->sources = 0;
	for_each_line(n, b->pins.fol_en)
		b->sources |= BIT_ULL(b->wire[n].source);
	tb_settle(b, &note, false);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	irq_work_queue(&b->irq_work);
	hrtimer_cancel(&w->timer);
}

/* ctl held */
int tb_wire_set(struct tb_board *b, const struct tb_follow *f)
{
	struct tb_wire *w = &b->wire[f->line];
	struct tb_note note;
	unsigned long flags;
	unsigned int n;
	bool up;

	/* only ctl's holder changes wires: they can be read without the lock */
	for (n = f->source; n != f->line; n = b->wire[n].source)
		if (!(b->pins.fol_en & BIT_ULL(n)))
			break;
	if (n == f->line)
		return -ELOOP;
	tb_wire_cut(b, f->line);

	raw_spin_lock_irqsave(&b->lock, flags);
	w->source = f->source;
	w->invert = f->flags & TB_FOLLOW_INVERT;
	w->delay_ns = f->delay_ns;
	b->sources |= BIT_ULL(f->source);
	up = !!(b->level & BIT_ULL(f->source)) ^ w->invert;
	b->pins.fol_en |= BIT_ULL(f->line);
	b->pins.fol &= ~BIT_ULL(f->line);
	b->pins.fol |= (u64)up << f->line;
	tb_settle(b, &note, false);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	irq_work_queue(&b->irq_work);
	return 0;
}

void tb_play_init(struct tb_board *b)
{
	unsigned int i;

	for (i = 0; i < TB_PLAYERS; i++)
		hrtimer_setup(&b->deck[i].timer, tb_deck_timer,
			      CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
	for (i = 0; i < TB_MAX_LINES; i++)
		hrtimer_setup(&b->wire[i].timer, tb_wire_timer,
			      CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
}

void tb_play_exit(struct tb_board *b)
{
	unsigned int i;

	for (i = 0; i < TB_PLAYERS; i++)
		tb_play_stop(b, i);
	for (i = 0; i < TB_MAX_LINES; i++)
		tb_wire_cut(b, i);
}
