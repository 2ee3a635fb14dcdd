/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * piaccel: compute buffers and GPIO lines through one character device.
 *
 * Rules of this interface
 *
 * Every object is a file descriptor and lives as long as it. Calls that make
 * one return it as the ioctl's result, always with O_CLOEXEC. Every field has
 * a fixed size and structs are padded to 64 bits by hand, so 32-bit programs
 * work on 64-bit kernels. Padding and unknown flags must be zero (-EINVAL); an
 * unknown ioctl, or one for another kind of file, is -ENOTTY. Times are
 * CLOCK_MONOTONIC nanoseconds; deadlines and starts are absolute.
 *
 * A struct may grow at its end: the kernel takes the size a caller was built
 * with, reads the missing tail as zero, and refuses a longer one (-E2BIG)
 * unless its tail is zero. A size below the first released one is -EINVAL. A
 * pointer that cannot be read or written is -EFAULT. A refused call has
 * changed nothing: nothing allocated, requested or driven.
 *
 * A user, known by its real uid, may have only so much of what all share:
 * module parameters buf_limit_uid_mb, queue_limit_uid_kb and held_limit_uid,
 * with the defaults that modinfo shows. A call that would pass them is -EDQUOT,
 * except with CAP_SYS_RESOURCE. What a user has is given back with the last
 * descriptor, whoever holds that by then.
 *
 * Lines of a request are known by their index: bit i of every mask stands for
 * the line at offsets[i]. All values are logical: active-low is already taken
 * into account. Once the GPIO chip is gone, calls on its lines are -ENODEV.
 *
 * This is no substitute for a hardware interlock where people can be harmed.
 */
#ifndef _LINUX_PIACCEL_H
#define _LINUX_PIACCEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows by one when an existing meaning changes; additions set a feature. */
#define PIACCEL_ABI 2

/*
 * ABI 2 refuses what 1 took: a consumer that is not printable ASCII, HOLD with
 * an output that has no safe value, ADOPT of lines that are another uid's or
 * against what the device tree says, and a label that several chips have. All
 * else is as it was: a program that was built for ABI 1 goes on working.
 */

#ifdef __cplusplus
#define PIACCEL_ASSERT_SIZE(type, size) \
	static_assert(sizeof(type) == (size), #type)
#else
#define PIACCEL_ASSERT_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), #type)
#endif

#define PIACCEL_LINES_MAX	64	/* lines in one request */
#define PIACCEL_NAME_SIZE	64	/* a chip's label, with its NUL */
#define PIACCEL_CONSUMER_SIZE	32	/* a consumer's name, with its NUL */
#define PIACCEL_EVENTS_MAX	16384	/* edges a request can queue */

/* Bounds of times; outside them: -ERANGE. */
#define PIACCEL_KEEPALIVE_MIN_NS	100000ULL	/* 100 us */
#define PIACCEL_KEEPALIVE_MAX_NS	3600000000000ULL /* 1 hour */
#define PIACCEL_DEBOUNCE_MAX_US		1000000U	/* 1 s */
#define PIACCEL_PERIOD_MAX_NS		60000000000ULL	/* 1 minute */
#define PIACCEL_START_MAX_NS		3600000000000ULL /* from now: 1 hour */
#define PIACCEL_FENCE_MAX_NS		10000000000ULL	/* from now: 10 s */

/* Features, in struct piaccel_info. */
#define PIACCEL_FEATURE_BUF		0x1ULL	/* BUF_ALLOC */
#define PIACCEL_FEATURE_LINE		0x2ULL	/* LINE_REQUEST */
#define PIACCEL_FEATURE_EDGE		0x4ULL	/* edges by read() */
#define PIACCEL_FEATURE_DEBOUNCE	0x8ULL	/* debounce */
#define PIACCEL_FEATURE_CAPTURE		0x10ULL	/* CAPTURE */
#define PIACCEL_FEATURE_PLAYBACK	0x20ULL	/* PLAYBACK */
#define PIACCEL_FEATURE_FAILSAFE	0x40ULL	/* safe values, trips */
#define PIACCEL_FEATURE_HOLD		0x80ULL	/* HOLD and ADOPT */
#define PIACCEL_FEATURE_FENCE		0x100ULL	/* STREAM_FENCE */
#define PIACCEL_FEATURE_LINE_INFO	0x200ULL	/* LINE_INFO, poll() */

/**
 * struct piaccel_info - what this module is and can do
 * @abi: PIACCEL_ABI of the module; 1 to who asks with the struct of ABI 1, the
 *	first 56 bytes
 * @page_size: bytes of a page; buffer sizes are rounded up to it
 * @features: PIACCEL_FEATURE_* bits, one for each part that is present
 * @buf_limit: bytes that all buffers together may take (module parameter
 *	buf_limit_mb; a quarter of the memory)
 * @buf_used: bytes they take now
 * @lines_max: PIACCEL_LINES_MAX of the module
 * @events_max: PIACCEL_EVENTS_MAX of the module
 * @stream_floor_ns: no stream has a shorter period (module parameter); a
 *	request's own floor, which its read cost may raise, is in its status
 * @timer_ns: resolution of the timers; periods below it make no sense
 * @uid_buf_limit: bytes that the caller's real uid may have in buffers
 * @uid_buf_used: bytes it has in them now
 * @uid_queue_limit: bytes it may have in queues of events and records
 * @uid_queue_used: bytes it has in them now
 * @uid_held_limit: lines it may have held, or to be held at close
 * @uid_held_used: lines it has so now
 *
 * poll() on /dev/piaccel says POLLPRI when a request has come, gone, changed or
 * tripped, or safe values that it owed have been driven, since the last GET_INFO
 * on this open file, or since it was opened: then LINE_INFO tells something new.
 * Values that are set, KEEPALIVEs and edges are no changes, nor is what others
 * than this module do with lines.
 */
struct piaccel_info {
	__u32 abi;
	__u32 page_size;
	__aligned_u64 features;
	__aligned_u64 buf_limit;
	__aligned_u64 buf_used;
	__u32 lines_max;
	__u32 events_max;
	__aligned_u64 stream_floor_ns;
	__aligned_u64 timer_ns;
	__aligned_u64 uid_buf_limit;
	__aligned_u64 uid_buf_used;
	__aligned_u64 uid_queue_limit;
	__aligned_u64 uid_queue_used;
	__aligned_u64 uid_held_limit;
	__aligned_u64 uid_held_used;
};

PIACCEL_ASSERT_SIZE(struct piaccel_info, 104);

/* ---- buffers ------------------------------------------------------------- */

/* Cached by the CPU; without it the CPU's mapping is write-combined. */
#define PIACCEL_BUF_CACHED	0x1U
/*
 * One physical range, from the DMA API. Where the page allocator has none, and
 * the kernel has a CMA area, it comes from there: then no memory cgroup is
 * charged for it (the kernel charges nobody for CMA and exports no way to), and
 * only buf_limit bounds it.
 */
#define PIACCEL_BUF_CONTIGUOUS	0x2U

/**
 * struct piaccel_buf_alloc - a zeroed DMA-BUF
 * @size: bytes, rounded up to whole pages. Zero: -EINVAL.
 * @flags: PIACCEL_BUF_*. Unknown: -EINVAL.
 * @pad: zero, else -EINVAL
 *
 * Returns the DMA-BUF's file descriptor: mmap() it shared, bracket CPU access
 * with DMA_BUF_IOCTL_SYNC, import it anywhere. lseek(SEEK_END) tells its size.
 * -EDQUOT: all buffers together would pass &piaccel_info.buf_limit (a size
 * whose rounding overflows is -EDQUOT too), or those of the caller's uid
 * buf_limit_uid_mb; -ENOMEM: no memory, or the memory cgroup's limit; -EINTR: a
 * fatal signal came first.
 */
struct piaccel_buf_alloc {
	__aligned_u64 size;
	__u32 flags;
	__u32 pad;
};

PIACCEL_ASSERT_SIZE(struct piaccel_buf_alloc, 16);

/* ---- lines --------------------------------------------------------------- */

/**
 * struct piaccel_line_config - how the lines of a request behave
 * @output_mask: lines driven by us; the others are inputs
 * @values: what outputs are driven to first. Outside @output_mask: -EINVAL.
 * @active_low_mask: lines whose logical 1 is the low level
 * @pull_up_mask: lines with a pull-up
 * @pull_down_mask: lines with a pull-down
 * @pull_none_mask: lines with bias switched off. A line in two of the pull
 *	masks: -EINVAL; in none of them: left as it is. A chip that cannot:
 *	-EOPNOTSUPP.
 * @open_drain_mask: outputs that drive low only
 * @open_source_mask: outputs that drive high only. A line in both, or outside
 *	@output_mask: -EINVAL.
 * @rising_mask: inputs whose change to logical 1 is an event
 * @falling_mask: inputs whose change to logical 0 is an event. Outside the
 *	inputs: -EINVAL. A line without an interrupt: -EOPNOTSUPP.
 * @debounce_mask: inputs that must stand still for @debounce_us before their
 *	change is an event. Outside the inputs: -EINVAL. Done by the chip where
 *	it can, else by a timer. GET reads the line as it is.
 * @debounce_us: microseconds; non-zero exactly when @debounce_mask is, else
 *	-EINVAL; above PIACCEL_DEBOUNCE_MAX_US: -ERANGE
 * @pad: zero, else -EINVAL
 * @reserved: zero, else -EINVAL
 *
 * A bit beyond the request's lines is -EINVAL in every mask.
 */
struct piaccel_line_config {
	__aligned_u64 output_mask;
	__aligned_u64 values;
	__aligned_u64 active_low_mask;
	__aligned_u64 pull_up_mask;
	__aligned_u64 pull_down_mask;
	__aligned_u64 pull_none_mask;
	__aligned_u64 open_drain_mask;
	__aligned_u64 open_source_mask;
	__aligned_u64 rising_mask;
	__aligned_u64 falling_mask;
	__aligned_u64 debounce_mask;
	__u32 debounce_us;
	__u32 pad;
	__aligned_u64 reserved[3];
};

PIACCEL_ASSERT_SIZE(struct piaccel_line_config, 120);

/*
 * After close, keep the lines and their safe values. Every output needs one:
 * nobody would be there to switch it off.
 */
#define PIACCEL_LINE_HOLD	0x1U
/*
 * Take over lines that are kept; nothing changes on them until SET. Lines that
 * HOLD kept belong to the real uid that requested them; lines that the device
 * tree names, to whoever may open the device.
 */
#define PIACCEL_LINE_ADOPT	0x2U
/*
 * The machine does not suspend or hibernate while the request is armed: -EBUSY
 * for who asks it to. Without it the request trips before. Needs safe_mask.
 */
#define PIACCEL_LINE_NO_SUSPEND	0x4U

/**
 * struct piaccel_line_request - exclusive use of lines of one GPIO chip
 * @chip: the chip, NUL-terminated: its label ("pinctrl-bcm2711"); or, if no
 *	chip has that label, its name ("gpiochip1"), or the path of its firmware
 *	node ("/soc/i2c@7e804000/gpio@20"). Empty or not terminated: -EINVAL; no
 *	such chip: -ENODEV; several chips with that label or node: -ENOTUNIQ.
 * @consumer: name to show as the lines' user; empty means "piaccel". Not
 *	terminated, or with anything but printable ASCII: -EINVAL.
 * @num_lines: lines in @offsets, 1 to PIACCEL_LINES_MAX, else -EINVAL
 * @flags: PIACCEL_LINE_*. Unknown: -EINVAL. HOLD with an output that is not in
 *	@safe_mask: -EINVAL; with more lines than the uid may have held: -EDQUOT.
 *	NO_SUSPEND without @safe_mask: -EINVAL.
 * @offsets: the lines' numbers on the chip. Beyond the chip, or twice the
 *	same, or non-zero behind @num_lines: -EINVAL. In use: -EBUSY.
 * @event_buffer: edges to queue, rounded up to a power of two; 0 means 16 for
 *	each line. Above PIACCEL_EVENTS_MAX: -EINVAL; its bytes beyond what the
 *	uid may have in queues: -EDQUOT.
 * @pad: zero, else -EINVAL
 * @config: how the lines behave
 * @safe_mask: outputs that a trip drives to @safe_values. Outside the outputs:
 *	-EINVAL. Zero means a request without fail-safe. Without @keepalive_ns they
 *	are driven when the last descriptor is closed, which is no fail-safe: a
 *	process that crashes closes after its core dump, which may take seconds on
 *	a slow pipe, and a descriptor in a socket that holds itself outlives it.
 * @safe_values: their values. Outside @safe_mask: -EINVAL.
 * @interlock_mask: inputs that must stand at @interlock_values, else the
 *	request trips. Outside the inputs, debounced, or without @safe_mask:
 *	-EINVAL. A line without an interrupt: -EOPNOTSUPP.
 * @interlock_values: their required values. Outside @interlock_mask: -EINVAL.
 * @keepalive_ns: longest time from the request, and from each KEEPALIVE, to
 *	the next KEEPALIVE; 0 means no deadline. Without @safe_mask: -EINVAL.
 *	Outside PIACCEL_KEEPALIVE_MIN_NS..MAX_NS: -ERANGE.
 * @reserved: zero, else -EINVAL
 *
 * Returns the line file descriptor. Inputs are set up before outputs, and the
 * outputs' directions before their values: where a line cannot be an output
 * none has been driven to another level. If an
 * interlock is open already, the request succeeds, is tripped, and outputs with
 * a safe value are driven to it, never to @config.values.
 *
 * When the descriptor's last copy is closed without HOLD, the lines go back to
 * the chip's driver, after their safe values if that was a trip. On Raspberry
 * Pi OS they stay as they are then driven (persist_gpio_outputs=1). Many other
 * drivers turn a line that is given back into an input: a relay that must keep
 * its safe value after its owner needs HOLD. Lines whose chip does not take the safe
 * values are not given back before it does: they are in use (-EBUSY), and their
 * owner may adopt them, until then. The kernel's log says so.
 *
 * With PIACCEL_LINE_ADOPT the chip, the offsets in their order, and config's
 * output, active-low, pull and drive masks must equal those of the held
 * request (the masks: -EINVAL; no held request with that chip and those
 * offsets: -ENOENT); config.values is not driven. Lines that another uid
 * requested: -EPERM, except with CAP_SYS_ADMIN. The held lines stay held if the
 * request fails.
 * If their safe values do not stand yet the request is tripped, and owes them:
 * it has them as its own if it names no safe_mask; with a safe_mask that lacks
 * one of them, or has another value: -EBUSY.
 *
 * Lines that the device tree names go back to be held at close, as if HOLD had
 * been given, without counting for the uid. The tree's safe states and
 * interlocks are those of every request that adopts them, beside its own. A
 * request that contradicts them, by another safe value or interlock value, or
 * by a debounced interlock: -EPERM. The interlocks guard the relays of their
 * own chip.
 *
 * -ESHUTDOWN for a request with outputs while the system reboots, halts or
 * powers off: from the reboot notifier on nothing new is driven (so are SET,
 * PLAYBACK, REARM and a RECONFIG that makes outputs).
 *
 * Also -EPERM or others from the chip's driver when it refuses a line.
 */
struct piaccel_line_request {
	char chip[PIACCEL_NAME_SIZE];
	char consumer[PIACCEL_CONSUMER_SIZE];
	__u32 num_lines;
	__u32 flags;
	__u32 offsets[PIACCEL_LINES_MAX];
	__u32 event_buffer;
	__u32 pad;
	struct piaccel_line_config config;
	__aligned_u64 safe_mask;
	__aligned_u64 safe_values;
	__aligned_u64 interlock_mask;
	__aligned_u64 interlock_values;
	__aligned_u64 keepalive_ns;
	__aligned_u64 reserved[3];
};

PIACCEL_ASSERT_SIZE(struct piaccel_line_request, 552);

/**
 * struct piaccel_line_values - values of lines, for GET and SET
 * @bits: a bit for each line, 0 outside @mask. SET: a bit outside @mask is
 *	-EINVAL. GET: ignored on input.
 * @mask: the lines meant. Zero, or beyond the request's lines: -EINVAL.
 *	SET of an input: -EPERM.
 *
 * SET: -ESHUTDOWN while tripped, or while the system ends; -EBUSY while a
 * playback drives the request.
 * SET reads the interlocks first, and trips if one is open.
 * All lines of a SET change in one call to the chip where the chip can.
 */
struct piaccel_line_values {
	__aligned_u64 bits;
	__aligned_u64 mask;
};

PIACCEL_ASSERT_SIZE(struct piaccel_line_values, 16);

/**
 * struct piaccel_keepalive - the owner is alive
 * @deadline_ns: when the next KEEPALIVE must have come, CLOCK_MONOTONIC; 0
 *	means now + keepalive_ns. In the past or further away than keepalive_ns
 *	from now: -ERANGE.
 *
 * -EINVAL: the request has no keepalive_ns or is disarmed. -ESHUTDOWN: it is
 * tripped; a KEEPALIVE that comes late trips even if the timer has not yet.
 * Nothing else feeds the deadline. The interlocks are read again on the way.
 */
struct piaccel_keepalive {
	__aligned_u64 deadline_ns;
};

PIACCEL_ASSERT_SIZE(struct piaccel_keepalive, 8);

/**
 * struct piaccel_rearm - leave the tripped or disarmed state
 * @trip_seq: the request's present trip_seq, proof that the caller has seen
 *	the last trip. Another: -ESTALE.
 *
 * -EBUSY: an interlock is open. Outputs stay as they are until SET; the
 * deadline, if there is one, starts anew when the request was tripped or
 * disarmed and is left alone otherwise. -EINVAL: no safe_mask.
 */
struct piaccel_rearm {
	__aligned_u64 trip_seq;
};

PIACCEL_ASSERT_SIZE(struct piaccel_rearm, 8);

/**
 * enum piaccel_trip_cause - why a request tripped
 * @PIACCEL_TRIP_NONE: it never did
 * @PIACCEL_TRIP_DEADLINE: no KEEPALIVE in time
 * @PIACCEL_TRIP_CLOSE: the last file descriptor went without DISARM
 * @PIACCEL_TRIP_INTERLOCK: an interlock input left its level
 * @PIACCEL_TRIP_USER: the TRIP call
 * @PIACCEL_TRIP_PANIC: the kernel panicked
 * @PIACCEL_TRIP_REBOOT: the system reboots, halts or powers off
 * @PIACCEL_TRIP_SUSPEND: the machine is about to sleep; the request was armed
 * @PIACCEL_TRIP_CHIP: the chip's driver is being unbound; or it has removed the
 *	chip without that, and no safe value could be driven (no STATUS_SAFE)
 */
enum piaccel_trip_cause {
	PIACCEL_TRIP_NONE = 0,
	PIACCEL_TRIP_DEADLINE = 1,
	PIACCEL_TRIP_CLOSE = 2,
	PIACCEL_TRIP_INTERLOCK = 3,
	PIACCEL_TRIP_USER = 4,
	PIACCEL_TRIP_PANIC = 5,
	PIACCEL_TRIP_REBOOT = 6,
	PIACCEL_TRIP_CHIP = 7,
	PIACCEL_TRIP_SUSPEND = 8,
};

#define PIACCEL_STATUS_FAILSAFE	0x1U	/* the request has a safe_mask */
#define PIACCEL_STATUS_ARMED	0x2U	/* not disarmed, not tripped */
#define PIACCEL_STATUS_TRIPPED	0x4U	/* latched until REARM */
#define PIACCEL_STATUS_SAFE	0x8U	/* tripped and driven */
#define PIACCEL_STATUS_OPEN	0x10U	/* an interlock is open now */
#define PIACCEL_STATUS_SLEEPS	0x20U	/* the chip can sleep, or see DEFERS */
#define PIACCEL_STATUS_GONE	0x40U	/* the chip is gone */
#define PIACCEL_STATUS_ADOPTED	0x80U	/* taken over from HOLD */
#define PIACCEL_STATUS_CAPTURE	0x100U	/* a capture runs */
#define PIACCEL_STATUS_PLAYBACK	0x200U	/* a playback runs */
/*
 * A thread at SCHED_FIFO priority drives the outputs, a little after the cause of
 * a trip: the chip can sleep; or the kernel is PREEMPT_RT and the chip's driver
 * is not known to take raw spinlocks only, and the request is treated as if the
 * chip could sleep (with STATUS_SLEEPS); or an output is open-drain or
 * open-source, and the driver's direction_input(), which lets go of it, is not
 * known to be atomic (without: its inputs are read at once, but there is no
 * PLAYBACK). Module parameter atomic_drivers names drivers that are.
 */
#define PIACCEL_STATUS_DEFERS	0x400U

/**
 * struct piaccel_line_status - state of a request
 * @flags: PIACCEL_STATUS_*
 * @trip_cause: enum piaccel_trip_cause of the last trip
 * @trip_seq: trips so far; what REARM wants
 * @trip_ns: when the cause of the last trip was noticed: the interrupt's time
 *	for an interlock, the deadline itself for a missed one
 * @safe_ns: when all safe values had been driven; 0 while that is under way: a
 *	chip that does not take them is given them again until it does, or REARM. On
 *	a chip whose writes are posted (RP1, behind PCIe) it is the time of issue.
 * @interlock_open: interlock inputs that do not stand at their level now
 * @deadline_ns: when the next KEEPALIVE is due; 0 when none is
 * @keepalives: KEEPALIVEs accepted so far
 * @values: what the outputs were last driven to by us
 * @events_lost: edges dropped so far because the queue was full
 * @events_queued: edges waiting for read()
 * @num_lines: lines of the request
 * @read_cost_ns: measured time to read all lines at once; 0 on a chip that
 *	sleeps
 * @period_floor_ns: shortest period of a stream on this request; 0 on a chip
 *	that sleeps, which has no streams
 *
 * STATUS works on a tripped request and on one whose chip is gone.
 */
struct piaccel_line_status {
	__u32 flags;
	__u32 trip_cause;
	__aligned_u64 trip_seq;
	__aligned_u64 trip_ns;
	__aligned_u64 safe_ns;
	__aligned_u64 interlock_open;
	__aligned_u64 deadline_ns;
	__aligned_u64 keepalives;
	__aligned_u64 values;
	__aligned_u64 events_lost;
	__u32 events_queued;
	__u32 num_lines;
	__aligned_u64 read_cost_ns;
	__aligned_u64 period_floor_ns;
};

PIACCEL_ASSERT_SIZE(struct piaccel_line_status, 96);

#define PIACCEL_EDGE_RISING	1	/* to logical 1 */
#define PIACCEL_EDGE_FALLING	2	/* to logical 0 */

/* The level could not be read in the interrupt: the chip sleeps. */
#define PIACCEL_EVENT_LATE_LEVEL	0x1U
/* The line was debounced: the event came debounce_us after its time. */
#define PIACCEL_EVENT_DEBOUNCED		0x2U

/**
 * struct piaccel_event - one edge, by read() on the line file descriptor
 * @time_ns: CLOCK_MONOTONIC in the hard interrupt; for a line debounced by
 *	the timer, of the last change before it stood still
 * @seq: counts the request's events, lost ones too; the first is 1
 * @line_seq: counts the line's events, lost ones too; the first is 1
 * @lost: events of the request dropped right before this one
 * @line: index of the line in the request
 * @edge: PIACCEL_EDGE_*
 * @level: logical level of the line as read in the interrupt
 * @flags: PIACCEL_EVENT_*
 *
 * read() returns whole events, as many as there are and fit; a buffer smaller
 * than one is -EINVAL. A full queue drops its oldest event. A request without
 * edges: -EINVAL. Nothing there: it waits, or -EAGAIN with O_NONBLOCK. Chip
 * gone: what is queued, then -ENODEV. poll(): POLLIN when there are events,
 * POLLPRI while tripped, POLLERR | POLLHUP when the chip is gone.
 */
struct piaccel_event {
	__aligned_u64 time_ns;
	__u32 seq;
	__u32 line_seq;
	__u32 lost;
	__u8 line;
	__u8 edge;
	__u8 level;
	__u8 flags;
};

PIACCEL_ASSERT_SIZE(struct piaccel_event, 24);

/* ---- who has which line -------------------------------------------------- */

#define PIACCEL_INFO_USED	0x1U	/* somebody has the line */
#define PIACCEL_INFO_PIACCEL	0x2U	/* by LINE_REQUEST, or held by the module */
#define PIACCEL_INFO_OUTPUT	0x4U	/* it is an output */
#define PIACCEL_INFO_ACTIVE_LOW	0x8U	/* logical 1 is the low level */
#define PIACCEL_INFO_LEVEL	0x10U	/* its level is known */
#define PIACCEL_INFO_HIGH	0x20U	/* its logical value is 1 */
/* Of lines with PIACCEL_INFO_PIACCEL only: */
#define PIACCEL_INFO_SAFE	0x40U	/* it is in safe_mask */
#define PIACCEL_INFO_SAFE_HIGH	0x80U	/* its safe value is 1 */
#define PIACCEL_INFO_INTERLOCK	0x100U	/* it is in interlock_mask */
#define PIACCEL_INFO_ARMED	0x200U	/* not disarmed, not tripped */
#define PIACCEL_INFO_TRIPPED	0x400U	/* latched until REARM */
#define PIACCEL_INFO_OWED	0x800U	/* its safe value is still owed */
#define PIACCEL_INFO_HOLD	0x1000U	/* it is to be held at close */
#define PIACCEL_INFO_HELD	0x2000U	/* closed, and the module has it */
#define PIACCEL_INFO_KEPT	0x4000U	/* held only until what is owed stands */
#define PIACCEL_INFO_NODE	0x8000U	/* the device tree names it */
#define PIACCEL_INFO_WORKER	0x10000U /* a thread drives it: STATUS_DEFERS */

#define PIACCEL_UID_NONE	0xffffffffU

/**
 * struct piaccel_line_info - who has a line of a chip, and how it stands
 * @chip: in: the chip, as in struct piaccel_line_request. Empty or not
 *	terminated: -EINVAL; no such chip: -ENODEV; several: -ENOTUNIQ.
 * @offset: in: the line's number on the chip. Beyond it: -EINVAL.
 * @flags: out: PIACCEL_INFO_*. 0: nobody has it.
 * @changes: out: how often something has changed for poll() on /dev/piaccel,
 *	from before the line was looked at
 * @consumer: out: name of who has it; a user other than this module may have
 *	told the kernel none. What is not printable ASCII is '?'.
 * @pid: out: the process that requested it, in the caller's pid namespace; 0
 *	if it has ended, is in no such namespace, or if nobody requested it here.
 *	Its descriptor may be another process's by now.
 * @uid: out: that process's real uid, ended or not, in the caller's user
 *	namespace; PIACCEL_UID_NONE if nobody requested it here
 * @index: out: its number in the request
 * @trip_cause: out: enum piaccel_trip_cause of the request's last trip
 * @trip_seq: out: trips of the request so far
 * @keepalive_ns: out: the request's; 0: it has no deadline
 * @deadline_ns: out: when its next KEEPALIVE is due; 0 when none is
 * @reserved: zero, in and out
 *
 * What is out is zero on input, else -EINVAL. Whoever may open /dev/piaccel may
 * ask; nothing is requested and nothing changes. Level and direction are told
 * only of a line that somebody has: a chip may have no power otherwise. On a
 * chip that sleeps the call waits until it has told them; what it does not tell
 * is missing (no PIACCEL_INFO_LEVEL). -ENOMEM.
 */
struct piaccel_line_info {
	char chip[PIACCEL_NAME_SIZE];
	__u32 offset;
	__u32 flags;
	__aligned_u64 changes;
	char consumer[PIACCEL_CONSUMER_SIZE];
	__u32 pid;
	__u32 uid;
	__u32 index;
	__u32 trip_cause;
	__aligned_u64 trip_seq;
	__aligned_u64 keepalive_ns;
	__aligned_u64 deadline_ns;
	__aligned_u64 reserved[4];
};

PIACCEL_ASSERT_SIZE(struct piaccel_line_info, 184);

/* ---- streams ------------------------------------------------------------- */

/**
 * enum piaccel_format - what a sample looks like in the buffer
 * @PIACCEL_FORMAT_BITS: the n lines as bits of one little-endian integer of 1,
 *	2, 4 or 8 bytes, the smallest that holds them; bit 0 is the lowest line
 *	of the mask
 * @PIACCEL_FORMAT_U8: one byte a line, 0 or 1. Playback: not 0 is 1.
 * @PIACCEL_FORMAT_F32: one float a line, 0.0f or 1.0f, in the CPU's byte
 *	order. Playback: greater than 0.5f is 1, everything else (NaN too) is 0.
 */
enum piaccel_format {
	PIACCEL_FORMAT_BITS = 0,
	PIACCEL_FORMAT_U8 = 1,
	PIACCEL_FORMAT_F32 = 2,
};

/* Start again at the first block after the last; without it: run once. */
#define PIACCEL_STREAM_RING	0x1U

/**
 * struct piaccel_stream_request - timed samples between lines and a DMA-BUF
 * @mask: the lines, lowest first in a sample. Zero or beyond the request's
 *	lines: -EINVAL. Playback to an input: -EPERM.
 * @offset: first byte in the buffer. Not a multiple of the size of an element
 *	(the integer, the byte, the float): -EINVAL.
 * @size: bytes; a multiple of a block's, not zero, inside the buffer with
 *	@offset, else -EINVAL
 * @period_ns: time from sample to sample. Below the request's
 *	period_floor_ns or above PIACCEL_PERIOD_MAX_NS: -ERANGE.
 * @start_ns: time of the first sample, CLOCK_MONOTONIC; 0 means one period
 *	from now. In the past: -ETIME; beyond PIACCEL_START_MAX_NS from now:
 *	-ERANGE.
 * @dmabuf_fd: the buffer, ours or any exporter's that supports vmap. Not a
 *	file: -EBADF; no DMA-BUF: -EINVAL; cannot be vmapped: -EOPNOTSUPP;
 *	CAPTURE to one that was opened read-only: -EACCES.
 * @format: enum piaccel_format. Unknown: -EINVAL.
 * @block_samples: samples for which one record is published, not zero, else
 *	-EINVAL. A block shorter than PIACCEL_BLOCK_MIN_NS: -ERANGE.
 * @flags: PIACCEL_STREAM_*. Unknown: -EINVAL.
 * @reserved: zero, else -EINVAL
 *
 * CAPTURE and PLAYBACK return the stream file descriptor; the stream runs at
 * once. A request has at most one of each: -EBUSY. All running streams
 * together may take the time of one CPU: -ENOSPC. What counts is a sample's
 * cost, to read or drive the lines, to store or load its bytes, and to run the
 * timer, times the samples a second; but never more than half a CPU for one
 * stream, so two always fit. One that has ended takes nothing, open or not.
 * Records beyond what the uid may have in queues: -EDQUOT. With STATUS_SLEEPS,
 * and PLAYBACK with STATUS_DEFERS: -EOPNOTSUPP. PLAYBACK of a tripped request:
 * -ESHUTDOWN; a trip ends a playback before it drives the safe values. Closing
 * the stream, or the line file descriptor, ends it; a playback leaves its last
 * values standing.
 *
 * Sample i belongs to the time start + i * period, always. If the CPU came too
 * late for one or more samples, capture fills them with the value of the next
 * reading, playback skips them, and they count as overruns.
 *
 * Playback in a ring reads a block's bytes while it plays: keep a block that
 * is to be played unchanged from one block before its turn.
 *
 * While a capture runs its bytes are the CPU's: a device may read the blocks
 * whose records have been read, and what it writes there is lost or spoils a
 * sample. DMA_BUF_IOCTL_SYNC, and devices that come and go, leave them alone,
 * so a finished block may be bracketed at any time; but on a buffer of another
 * exporter that is that exporter's affair: read blocks there without, or after
 * the end.
 */
struct piaccel_stream_request {
	__aligned_u64 mask;
	__aligned_u64 offset;
	__aligned_u64 size;
	__aligned_u64 period_ns;
	__aligned_u64 start_ns;
	__s32 dmabuf_fd;
	__u32 format;
	__u32 block_samples;
	__u32 flags;
	__aligned_u64 reserved[2];
};

PIACCEL_ASSERT_SIZE(struct piaccel_stream_request, 72);

#define PIACCEL_BLOCK_MIN_NS	100000ULL	/* 100 us */

#define PIACCEL_BLOCK_LAST	0x1U	/* no record comes after it */
#define PIACCEL_BLOCK_STOPPED	0x2U	/* ended by STREAM_STOP */
#define PIACCEL_BLOCK_TRIPPED	0x4U	/* ended by a trip */
#define PIACCEL_BLOCK_GONE	0x8U	/* ended: chip or request gone */

/**
 * struct piaccel_block - one block of a stream, by read() on its descriptor
 * @seq: number of the block, the first is 0; its place in the buffer is
 *	@offset
 * @offset: first byte of the block in the buffer
 * @first_ns: when its first sample was taken or driven, CLOCK_MONOTONIC
 * @last_ns: when its last was
 * @max_late_ns: longest time from a sample's due time to its real one
 * @samples: samples in it: block_samples, or fewer in the last of a stream
 *	that was ended early
 * @overruns: samples among them that were not taken or driven in their period
 * @lost: records dropped right before this one: its reader was more than the
 *	whole buffer behind
 * @flags: PIACCEL_BLOCK_*
 *
 * read() returns whole records, as many as there are and fit; a buffer smaller
 * than one is -EINVAL. None there: it waits, or -EAGAIN with O_NONBLOCK; after
 * the last one: 0. A record is there only after the block's bytes are visible
 * to every device the buffer is attached to. A stream that is ended between
 * two blocks publishes one more record with samples = 0. poll(): POLLIN when
 * there are records or the end is reached, with POLLHUP at the end.
 */
struct piaccel_block {
	__aligned_u64 seq;
	__aligned_u64 offset;
	__aligned_u64 first_ns;
	__aligned_u64 last_ns;
	__aligned_u64 max_late_ns;
	__u32 samples;
	__u32 overruns;
	__u32 lost;
	__u32 flags;
};

PIACCEL_ASSERT_SIZE(struct piaccel_block, 56);

/**
 * enum piaccel_stream_state - where a stream stands
 * @PIACCEL_STREAM_WAITING: its first sample is not due yet
 * @PIACCEL_STREAM_RUNNING: samples are being taken or driven
 * @PIACCEL_STREAM_DONE: one-shot, complete
 * @PIACCEL_STREAM_ENDED: ended early: stop, trip, close or chip gone
 */
enum piaccel_stream_state {
	PIACCEL_STREAM_WAITING = 0,
	PIACCEL_STREAM_RUNNING = 1,
	PIACCEL_STREAM_DONE = 2,
	PIACCEL_STREAM_ENDED = 3,
};

#define PIACCEL_LATE_BUCKETS 32

/**
 * struct piaccel_stream_status - what a stream has done so far
 * @state: enum piaccel_stream_state
 * @flags: PIACCEL_BLOCK_STOPPED, _TRIPPED or _GONE when it ended early
 * @start_ns: due time of sample 0
 * @samples: samples so far, overruns included
 * @overruns: samples not taken or driven in their period
 * @blocks: blocks completed
 * @blocks_lost: records dropped because nobody read them
 * @max_late_ns: longest lateness so far
 * @sample_size: bytes of a sample
 * @pad: zero
 * @late: how often the timer was [i, i+1) microseconds late; the last counts
 *	all above. Wraps.
 */
struct piaccel_stream_status {
	__u32 state;
	__u32 flags;
	__aligned_u64 start_ns;
	__aligned_u64 samples;
	__aligned_u64 overruns;
	__aligned_u64 blocks;
	__aligned_u64 blocks_lost;
	__aligned_u64 max_late_ns;
	__u32 sample_size;
	__u32 pad;
	__u32 late[PIACCEL_LATE_BUCKETS];
};

PIACCEL_ASSERT_SIZE(struct piaccel_stream_status, 192);

/* ---- the calls ----------------------------------------------------------- */

#define PIACCEL_IOC_MAGIC 0xB7

/* On /dev/piaccel. BUF_ALLOC and LINE_REQUEST return a file descriptor. */
#define PIACCEL_GET_INFO \
	_IOR(PIACCEL_IOC_MAGIC, 0x00, struct piaccel_info)
#define PIACCEL_BUF_ALLOC \
	_IOW(PIACCEL_IOC_MAGIC, 0x01, struct piaccel_buf_alloc)
#define PIACCEL_LINE_REQUEST \
	_IOW(PIACCEL_IOC_MAGIC, 0x02, struct piaccel_line_request)

/* Who has a line of a chip: see struct piaccel_line_info. */
#define PIACCEL_LINE_INFO \
	_IOWR(PIACCEL_IOC_MAGIC, 0x03, struct piaccel_line_info)

/* On a line file descriptor. CAPTURE and PLAYBACK return one. */
#define PIACCEL_LINE_GET \
	_IOWR(PIACCEL_IOC_MAGIC, 0x10, struct piaccel_line_values)
#define PIACCEL_LINE_SET \
	_IOW(PIACCEL_IOC_MAGIC, 0x11, struct piaccel_line_values)
/*
 * A new config. Lines that become outputs take config.values, lines that are
 * outputs already keep theirs. -ESHUTDOWN while tripped; -EBUSY while a stream
 * runs; -EPERM if a line of safe_mask would no longer be an output, one of
 * interlock_mask no longer an undebounced input, or either would change its
 * active-low, or an interlock its pull, or if lines with HOLD got an output
 * without a safe value; -EOPNOTSUPP if open_drain_mask or open_source_mask say
 * something else of an output than they did in the request. Queued edges stay queued.
 */
#define PIACCEL_LINE_RECONFIG \
	_IOW(PIACCEL_IOC_MAGIC, 0x12, struct piaccel_line_config)
#define PIACCEL_LINE_KEEPALIVE \
	_IOW(PIACCEL_IOC_MAGIC, 0x13, struct piaccel_keepalive)
#define PIACCEL_LINE_STATUS \
	_IOR(PIACCEL_IOC_MAGIC, 0x14, struct piaccel_line_status)
/* Trip now. 0 also when tripped already; -EINVAL without safe_mask. */
#define PIACCEL_LINE_TRIP \
	_IO(PIACCEL_IOC_MAGIC, 0x15)
#define PIACCEL_LINE_REARM \
	_IOW(PIACCEL_IOC_MAGIC, 0x16, struct piaccel_rearm)
/*
 * A deliberate end: the deadline is off and close is no trip. Interlocks stay
 * in force and a trip stays latched. With HOLD the safe values are driven at
 * close all the same. -EINVAL without safe_mask.
 */
#define PIACCEL_LINE_DISARM \
	_IO(PIACCEL_IOC_MAGIC, 0x17)
#define PIACCEL_LINE_CAPTURE \
	_IOW(PIACCEL_IOC_MAGIC, 0x18, struct piaccel_stream_request)
#define PIACCEL_LINE_PLAYBACK \
	_IOW(PIACCEL_IOC_MAGIC, 0x19, struct piaccel_stream_request)

/* On a stream file descriptor. */
/* End it; returns when no further sample is taken. 0 also when it has ended. */
#define PIACCEL_STREAM_STOP \
	_IO(PIACCEL_IOC_MAGIC, 0x20)
#define PIACCEL_STREAM_STATUS \
	_IOR(PIACCEL_IOC_MAGIC, 0x21, struct piaccel_stream_status)
/*
 * Returns a sync_file that signals when a one-shot stream is complete, or with
 * an error (-ECANCELED) when it ended early. The same fence stands in the
 * buffer's reservation from this call on, as a write of a capture or a read of
 * a playback: poll() of the buffer, DMA_BUF_IOCTL_SYNC and devices with implicit
 * synchronisation wait for the end, too. -EINVAL for a ring; -ERANGE when the
 * end is further away than PIACCEL_FENCE_MAX_NS: a fence must signal in bounded
 * time; -ENOMEM.
 */
#define PIACCEL_STREAM_FENCE \
	_IO(PIACCEL_IOC_MAGIC, 0x22)

#endif /* _LINUX_PIACCEL_H */
