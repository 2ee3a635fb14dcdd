// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad input: every field of every struct, one at a time, wrong in a call that
 * is otherwise valid. Each row expects the documented error and that nothing
 * was allocated, requested, driven or counted. The valid call itself is made
 * first, so that a row can only fail by its field. The rows are in
 * invalid_rows.h.
 */
#include "piaccel_test.h"

#include "../kselftest.h"

#define BAD_PTR ((void *)-4096L)

#include "invalid_rows.h"

/* ---- what a refused call may not change ------------------------------------- */

struct world {
	uint64_t buf_used;
	long long refs;		/* of the module */
	int fd;			/* the next free descriptor */
	uint64_t used;		/* the chip's lines in use */
	uint64_t levels;
	uint64_t flags[8];	/* of the lines around the request */
	struct piaccel_line_status line, plain;
};

static void look(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->buf_used = buf_used(t.dev);
	w->refs = module_refs();
	w->fd = dup(t.dev);
	close(w->fd);
	for (unsigned int i = 0; i < t.b.lines && i < 64; i++)
		if (line_used(&t.b, i))
			w->used |= BIT64(i);
	w->levels = board_levels(&t.b, 0, 40);
	for (int i = 0; i < 8; i++)
		w->flags[i] = line_info(&t.b, FIRST + i).flags;
	if (t.line >= 0)
		w->line = line_status(t.line);
	if (t.plain >= 0)
		w->plain = line_status(t.plain);
}

static const char *differs(const struct world *a, const struct world *b)
{
	if (a->buf_used != b->buf_used)
		return "memory was allocated";
	if (a->refs != b->refs)
		return "the module was pinned";
	if (a->fd != b->fd)
		return "a descriptor was taken";
	if (a->used != b->used)
		return "lines were taken or freed";
	if (a->levels != b->levels)
		return "a line was driven";
	if (memcmp(a->flags, b->flags, sizeof(a->flags)))
		return "a line was configured";
	if (memcmp(&a->line, &b->line, sizeof(a->line)))
		return "the request's status changed";
	if (memcmp(&a->plain, &b->plain, sizeof(a->plain)))
		return "the other request's status changed";
	return NULL;
}

static int target(int on)
{
	switch (on) {
	case LINE:	return t.line;
	case PLAIN:	return t.plain;
	case STREAM:	return t.stream;
	}
	return t.dev;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool is_stream(unsigned int cmd)
{
	return cmd == PIACCEL_LINE_CAPTURE || cmd == PIACCEL_LINE_PLAYBACK;
}

/* Calls whose result is a descriptor. */
static bool makes_one(unsigned int cmd)
{
	return cmd == PIACCEL_BUF_ALLOC || cmd == PIACCEL_LINE_REQUEST ||
	       is_stream(cmd);
}

/* One refused call and the world before and after. */
static void refuse(const char *name, const char *what, int on, unsigned int cmd,
		   void *arg, int err)
{
	struct world before, after;
	const char *change;
	int ret;

	look(&before);
	ret = xioctl(target(on), cmd, arg);
	look(&after);
	change = differs(&before, &after);
	if (ret != -err)
		ksft_print_msg("%s: %s: %d, expected %d (%s)\n", name, what,
			       ret, -err, strerror(err));
	if (change)
		ksft_print_msg("%s: %s: %s\n", name, what, change);
	if (ret >= 0 && makes_one(cmd))
		close(ret);
	ksft_test_result(ret == -err && !change, "%s refuses %s: %s\n", name,
			 what, strerrorname_np(err));
}

/* The valid call, undone again. */
static bool accepted(const struct call *c)
{
	union arg a = { 0 };
	int ret;

	c->valid(&a);
	ret = xioctl(target(c->on), c->cmd, &a);
	if (ret < 0) {
		ksft_print_msg("%s: the valid call: %s\n", c->name,
			       strerror(-ret));
		return false;
	}
	if (makes_one(c->cmd))
		close(ret);
	return true;
}

/* ---- sizes and pointers ------------------------------------------------------ */

struct sized {
	const char *name;
	unsigned int cmd;
	int on;
	void (*valid)(union arg *a);
	size_t first;	/* size of its first release, if that was another */
};

static const struct sized sized[] = {
	{ "GET_INFO", PIACCEL_GET_INFO, DEV, valid_none, 56 },
	{ "LINE_INFO", PIACCEL_LINE_INFO, DEV, valid_line_info },
	{ "BUF_ALLOC", PIACCEL_BUF_ALLOC, DEV, valid_alloc },
	{ "LINE_REQUEST", PIACCEL_LINE_REQUEST, DEV, valid_request },
	{ "GET", PIACCEL_LINE_GET, LINE, valid_get },
	{ "SET", PIACCEL_LINE_SET, LINE, valid_set },
	{ "RECONFIG", PIACCEL_LINE_RECONFIG, LINE, valid_config },
	{ "KEEPALIVE", PIACCEL_LINE_KEEPALIVE, LINE, valid_keepalive },
	{ "STATUS", PIACCEL_LINE_STATUS, LINE, valid_none },
	{ "REARM", PIACCEL_LINE_REARM, LINE, valid_rearm },
	{ "CAPTURE", PIACCEL_LINE_CAPTURE, LINE, valid_stream },
	{ "PLAYBACK", PIACCEL_LINE_PLAYBACK, LINE, valid_stream },
	{ "STREAM_STATUS", PIACCEL_STREAM_STATUS, STREAM, valid_none },
};

static unsigned int resize(unsigned int cmd, size_t size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

#define LONGER 6000	/* more than a page: a caller from the far future */

/* Tests for each row of sized[]. */
#define SIZE_TESTS 7

static void test_sizes(const struct sized *s)
{
	bool writes = _IOC_DIR(s->cmd) & _IOC_WRITE;
	size_t size = _IOC_SIZE(s->cmd), more[] = { size + 8, LONGER };
	union arg a, ro;
	void *page;
	int ret;

	if (target(s->on) < 0 || (s->cmd == PIACCEL_LINE_REQUEST && t.line < 0)) {
		for (int i = 0; i < SIZE_TESTS; i++)
			ksft_test_result_skip("%s: sizes: absent here\n", s->name);
		return;
	}
	/* the request's own lines are taken: ask for others */
	memset(&a, 0, sizeof(a));
	s->valid(&a);
	if (s->cmd == PIACCEL_LINE_REQUEST)
		for (int i = 0; i < 5; i++)
			a.req.offsets[i] += 16;
	ro = a;

	refuse(s->name, "a struct that is too short", s->on,
	       resize(s->cmd, (s->first ? s->first : size) - 8), &a, EINVAL);
	refuse(s->name, "a struct of no bytes", s->on, resize(s->cmd, 0), &a,
	       EINVAL);
	refuse(s->name, "memory that is not there", s->on, s->cmd, BAD_PTR,
	       EFAULT);

	/* the last byte of the struct on a page that is not there */
	page = mmap(NULL, 2 * t.page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap((char *)page + t.page, t.page);
	memcpy((char *)page + t.page - size + 1, &ro, size - 1);
	refuse(s->name, "memory that ends too early", s->on, s->cmd,
	       (char *)page + t.page - size + 1, EFAULT);
	munmap(page, t.page);

	for (int i = 0; i < 2; i++) {
		union arg b = ro;
		bool ok;

		if (!writes)
			memset(b.bytes, 0xa5, more[i]);
		ret = xioctl(target(s->on), resize(s->cmd, more[i]), &b);
		ok = ret >= 0;
		if (!ok)
			ksft_print_msg("%s with %zu bytes: %s\n", s->name,
				       more[i], strerror(-ret));
		if (ok && !writes) {
			/* what this module does not know is zero */
			for (size_t j = size; j < more[i]; j++)
				ok = ok && !b.bytes[j];
			/* and nothing is written behind it */
		}
		if (ret > 0)
			close(ret);
		ksft_test_result(ok, "%s takes %s\n", s->name, i ?
				 "a struct of several KiB with a zero tail" :
				 "a longer struct with a zero tail");
	}
	if (writes) {
		a.bytes[size + 7] = 1;
		refuse(s->name, "a longer struct with a tail", s->on,
		       resize(s->cmd, size + 8), &a, E2BIG);
	} else {
		ksft_test_result_pass("%s has no input\n", s->name);
	}
}

/* ---- calls on the wrong file --------------------------------------------------- */

struct elsewhere {
	const char *what;
	int on;
	unsigned int cmd;
};

static const struct elsewhere elsewhere[] = {
	{ "GET on the device", DEV, PIACCEL_LINE_GET },
	{ "SET on the device", DEV, PIACCEL_LINE_SET },
	{ "RECONFIG on the device", DEV, PIACCEL_LINE_RECONFIG },
	{ "KEEPALIVE on the device", DEV, PIACCEL_LINE_KEEPALIVE },
	{ "STATUS on the device", DEV, PIACCEL_LINE_STATUS },
	{ "TRIP on the device", DEV, PIACCEL_LINE_TRIP },
	{ "REARM on the device", DEV, PIACCEL_LINE_REARM },
	{ "DISARM on the device", DEV, PIACCEL_LINE_DISARM },
	{ "CAPTURE on the device", DEV, PIACCEL_LINE_CAPTURE },
	{ "PLAYBACK on the device", DEV, PIACCEL_LINE_PLAYBACK },
	{ "STREAM_STOP on the device", DEV, PIACCEL_STREAM_STOP },
	{ "STREAM_STATUS on the device", DEV, PIACCEL_STREAM_STATUS },
	{ "STREAM_FENCE on the device", DEV, PIACCEL_STREAM_FENCE },
	{ "GET_INFO on a line", LINE, PIACCEL_GET_INFO },
	{ "BUF_ALLOC on a line", LINE, PIACCEL_BUF_ALLOC },
	{ "LINE_REQUEST on a line", LINE, PIACCEL_LINE_REQUEST },
	{ "LINE_INFO on a line", LINE, PIACCEL_LINE_INFO },
	{ "STREAM_STOP on a line", LINE, PIACCEL_STREAM_STOP },
	{ "STREAM_STATUS on a line", LINE, PIACCEL_STREAM_STATUS },
	{ "STREAM_FENCE on a line", LINE, PIACCEL_STREAM_FENCE },
	{ "GET_INFO on a stream", STREAM, PIACCEL_GET_INFO },
	{ "BUF_ALLOC on a stream", STREAM, PIACCEL_BUF_ALLOC },
	{ "GET on a stream", STREAM, PIACCEL_LINE_GET },
	{ "TRIP on a stream", STREAM, PIACCEL_LINE_TRIP },
	{ "CAPTURE on a stream", STREAM, PIACCEL_LINE_CAPTURE },
	/* the right number in another direction is another call */
	{ "GET that does not read", LINE,
	  _IOW(PIACCEL_IOC_MAGIC, 0x10, struct piaccel_line_values) },
	{ "STATUS that writes", LINE,
	  _IOWR(PIACCEL_IOC_MAGIC, 0x14, struct piaccel_line_status) },
	{ "SET that reads", LINE,
	  _IOWR(PIACCEL_IOC_MAGIC, 0x11, struct piaccel_line_values) },
	{ "a number between the calls", LINE, _IO(PIACCEL_IOC_MAGIC, 0x1f) },
	{ "a number behind the calls", LINE, _IO(PIACCEL_IOC_MAGIC, 0xff) },
	{ "another driver's call", LINE, _IO('g', 0x15) },
	{ "a number behind a stream's calls", STREAM,
	  _IO(PIACCEL_IOC_MAGIC, 0x2f) },
};

static void test_elsewhere(const struct elsewhere *e)
{
	static union arg a;

	if (target(e->on) < 0) {
		ksft_test_result_skip("%s: absent here\n", e->what);
		return;
	}
	memset(&a, 0, sizeof(a));
	refuse("ioctl()", e->what, e->on, e->cmd, &a, ENOTTY);
}

/* ---- two chips of one label --------------------------------------------------- */

static const char * const twins[] = { "piaccel-one", "piaccel-other" };

static bool make_twins(void)
{
	return !sim_create_as(twins[0], TWINS, 4) &&
	       !sim_create_as(twins[1], TWINS, 4);
}

static void drop_twins(void)
{
	sim_destroy(twins[0]);
	sim_destroy(twins[1]);
}

/* ---- setup -------------------------------------------------------------------- */

static const char *setup(void)
{
	union arg a = { 0 };
	struct piaccel_line_request r;
	const char *why;
	uint64_t features;

	t.line = t.plain = t.buf = t.stream = -1;
	t.page = sysconf(_SC_PAGESIZE);
	t.b.cdev = t.b.outside = -1;
	t.dev = piaccel_open();
	if (t.dev < 0)
		return "cannot open " PIACCEL_DEV;
	features = piaccel_info(t.dev).features;
	t.used = buf_used(t.dev);
	why = board_open(&t.b, TESTBOARD_LABEL);
	if (why)
		why = board_open(&t.b, SIM_LABEL);
	if (why)
		return "neither chip is here";
	board_reset(&t.b);
	t.twins = make_twins();
	if (features & PIACCEL_FEATURE_BUF)
		t.buf = buf_alloc(t.dev, 65536, PIACCEL_BUF_CACHED);
	if (!(features & PIACCEL_FEATURE_FAILSAFE))
		return NULL;
	valid_request(&a);
	/* before its lines are taken, so that only the field can be wrong */
	if (!accepted(&request_call))
		return "the valid request is refused";
	r = outputs(&t.b, FIRST + 24, 2, 0x1);
	t.plain = line_request(t.dev, &r);
	if (!t.b.sleeps && features & PIACCEL_FEATURE_CAPTURE) {
		/* beside what the calls below would play */
		valid_stream(&a);
		a.stream.offset = 4096;
		t.stream = xioctl(t.plain, PIACCEL_LINE_CAPTURE, &a);
	}
	return NULL;
}

/* Requests while the lines are free, the rest while they are ours. */
static bool needs_line(const struct call *c)
{
	return c != &request_call && c != &buf_alloc_call;
}

static const char *absent(const struct row *row)
{
	const struct call *c = row->call;

	if (row->err == ENOTUNIQ && !t.twins)
		return "no gpio-sim";
	if (c != &buf_alloc_call && t.plain < 0)
		return "a module without fail-safe";
	if (is_stream(c->cmd) && (t.buf < 0 || t.stream < 0))
		return "no streams on this chip";
	if ((c == &fence_call || c == &busy_reconfig_call) && t.stream < 0)
		return "no streams on this chip";
	return NULL;
}

static void test_rows(bool with_line)
{
	const struct call *seen = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const struct call *c = row->call;
		const char *why = absent(row);
		union arg a = { 0 };

		if (needs_line(c) != with_line)
			continue;
		if (why) {
			ksft_test_result_skip("%s refuses %s: %s\n", c->name,
					      row->what, why);
			continue;
		}
		/* valid before its first row; the rest stands on that */
		if (c != seen && c->valid && !accepted(c)) {
			ksft_test_result_fail("%s refuses %s\n", c->name,
					      row->what);
			continue;
		}
		seen = c;
		if (c->valid)
			c->valid(&a);
		if (row->change)
			row->change(&a);
		else
			memcpy(a.bytes + row->at, &row->value, row->size);
		refuse(c->name, row->what, c->on, c->cmd, &a, row->err);
	}
}

int main(void)
{
	union arg a = { 0 };
	const char *why;

	ksft_print_header();
	why = setup();
	if (why)
		ksft_exit_skip("%s\n", why);
	ksft_set_plan(ARRAY_SIZE(rows) + ARRAY_SIZE(sized) * SIZE_TESTS +
		      ARRAY_SIZE(elsewhere) + 2);

	test_rows(false);

	valid_request(&a);
	if (t.plain >= 0)
		t.line = line_request(t.dev, &a.req);
	if (t.line < -1)
		ksft_exit_fail_msg("the valid request: %s\n", strerror(-t.line));
	test_rows(true);

	for (size_t i = 0; i < ARRAY_SIZE(sized); i++)
		test_sizes(&sized[i]);
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		test_elsewhere(&elsewhere[i]);

	/* after all that, everything still works and everything is given back */
	if (t.line >= 0)
		ksft_test_result(!line_set(t.line, 0x1, 0x3) &&
				 board_levels(&t.b, FIRST, 2) == 0x1,
				 "the request still drives its lines\n");
	else
		ksft_test_result_skip("no lines here\n");
	if (t.line >= 0)
		ioctl(t.line, PIACCEL_LINE_DISARM);
	close_fd(&t.line);
	close_fd(&t.stream);
	close_fd(&t.plain);
	close_fd(&t.buf);
	drop_twins();
	ksft_test_result(!lines_used(&t.b) && buf_used(t.dev) == t.used,
			 "nothing is left of the refused calls\n");
	ksft_finished();
}
