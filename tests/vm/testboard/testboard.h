/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The outside world of a Raspberry Pi, for tests: control interface of
 * testboard.ko at /dev/testboard.
 *
 * The module is a bank of GPIO lines (54, labelled "pinctrl-bcm2711", unless
 * told otherwise) that never sleeps. Drivers under test see an ordinary GPIO
 * chip; the test drives what is wired to it from here, and reads what the
 * driver did.
 *
 * A pin has these sources. The level seen is their wired AND: 0 if any strong
 * source drives 0, else 1 if any drives 1, else the pull.
 *
 *   strong  the chip, when the line is an output (an open-drain line drives
 *           only 0, an open-source line only 1)
 *   strong  the world: TB_IOC_DRIVE and the players of TB_IOC_PLAY
 *   strong  a wire from another pin: TB_IOC_FOLLOW
 *   weak    an external resistor: TB_IOC_PULL
 *   weaker  the chip's own bias; at reset what the SoC has: up for lines 0-8,
 *           34-36 and 46-53, down for the others. Bias off reads 0.
 *
 * A level change raises the line's edge interrupt in hard-irq context, one
 * interrupt an edge, in the order in which they came. Edges while the
 * interrupt is masked are latched as one, as in a status register. A freed
 * line turns into an input, as on the real chip, unless the module parameter
 * persist is set. Level interrupts are refused.
 *
 * All masks have bit N for line N. All times are CLOCK_MONOTONIC nanoseconds.
 * Unknown bits, lines that the board lacks and padding that is not zero are
 * refused with EINVAL; an unknown command with ENOTTY. A refused call changes
 * nothing. The state belongs to the board and not to the file: it survives
 * close(), and TB_IOC_RESET clears it.
 */
#ifndef TESTBOARD_H
#define TESTBOARD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define TB_ABI		1U
#define TB_MAX_LINES	64U
#define TB_PLAYERS	16U
#define TB_MAX_STEPS	1048576U
/* One hour: the largest delay or width that any field may hold. */
#define TB_MAX_NS	3600000000000ULL

/**
 * struct tb_info - what the board is
 * @abi: TB_ABI
 * @lines: number of lines
 * @players: number of waveform players (TB_PLAYERS)
 * @max_steps: the longest waveform
 * @records: how many records the recorder keeps
 * @present: 1 while the GPIO chip is registered
 * @label: the chip's label
 */
struct tb_info {
	__u32 abi;
	__u32 lines;
	__u32 players;
	__u32 max_steps;
	__u32 records;
	__u32 present;
	char label[32];
};

/**
 * struct tb_drive - drive lines from outside, all at the same instant
 * @lines: the lines that change
 * @values: levels of those that are driven
 * @release: the part of @lines that is let go to its pull
 */
struct tb_drive {
	__u64 lines;
	__u64 values;
	__u64 release;
};

/**
 * struct tb_pull - fit external resistors
 * @lines: the lines that change
 * @up: the part of @lines with a resistor to the supply
 * @down: the part of @lines with a resistor to ground
 *
 * A line in neither has its resistor taken off.
 */
struct tb_pull {
	__u64 lines;
	__u64 up;
	__u64 down;
};

/**
 * struct tb_state - the whole board at one instant
 * @time_ns: that instant
 * @output: lines that are outputs
 * @value: output latch
 * @level: level seen on the pin
 * @open_drain: lines in open-drain mode
 * @open_source: lines in open-source mode
 * @bias_up: lines with the chip's pull-up
 * @bias_down: lines with the chip's pull-down
 * @pull_up: lines with an external pull-up
 * @pull_down: lines with an external pull-down
 * @driven: lines driven by the world
 * @following: lines wired to another one
 * @irq_rising: lines whose interrupt reacts to rising edges
 * @irq_falling: lines whose interrupt reacts to falling edges
 * @irq_masked: lines whose interrupt is masked or not requested
 * @edges_lost: edges dropped because the interrupt queue was full
 * @follow_lost: changes dropped because a delayed wire's queue was full
 */
struct tb_state {
	__u64 time_ns;
	__u64 output;
	__u64 value;
	__u64 level;
	__u64 open_drain;
	__u64 open_source;
	__u64 bias_up;
	__u64 bias_down;
	__u64 pull_up;
	__u64 pull_down;
	__u64 driven;
	__u64 following;
	__u64 irq_rising;
	__u64 irq_falling;
	__u64 irq_masked;
	__u64 edges_lost;
	__u64 follow_lost;
};

/**
 * struct tb_line - counters of one line since the last reset
 * @line: in: which line
 * @pad: zero
 * @rising: rising edges of the level seen
 * @falling: falling edges of the level seen
 * @outputs: changes of the driven output, becoming an output included
 * @edges: edges that the interrupt type selects
 * @irqs: interrupts raised
 * @changed_ns: when the level last changed
 */
struct tb_line {
	__u32 line;
	__u32 pad;
	__u64 rising;
	__u64 falling;
	__u64 outputs;
	__u64 edges;
	__u64 irqs;
	__u64 changed_ns;
};

#define TB_FOLLOW_INVERT	1U
#define TB_FOLLOW_OFF		2U

/**
 * struct tb_follow - wire one pin to another
 * @line: the line that follows
 * @source: the line whose level it takes
 * @flags: TB_FOLLOW_INVERT, or TB_FOLLOW_OFF to cut the wire (then @source
 *	and @delay_ns are zero)
 * @pad: zero
 * @delay_ns: how much later; up to 32 changes may be under way
 *
 * ELOOP when @source already depends on @line.
 */
struct tb_follow {
	__u32 line;
	__u32 source;
	__u32 flags;
	__u32 pad;
	__u64 delay_ns;
};

/**
 * struct tb_step - one step of a waveform
 * @lines: the lines that change (none: a pause)
 * @values: levels of those that are driven
 * @release: the part of @lines that is let go to its pull
 * @delay_ns: time since the step before, or since the start
 */
struct tb_step {
	__u64 lines;
	__u64 values;
	__u64 release;
	__u64 delay_ns;
};

#define TB_EDGE_RISING		1U
#define TB_EDGE_FALLING		2U

/* Delays count from when the step before was really made: spacing is kept
 * and lateness adds up. Without it a late player catches up.
 */
#define TB_PLAY_RELATIVE	1U

/**
 * struct tb_play - load a player and start it, or arm it
 * @player: which one, 0 to TB_PLAYERS - 1; what it did before is stopped
 * @flags: TB_PLAY_RELATIVE
 * @steps: address of an array of struct tb_step
 * @nsteps: its length, 1 to TB_MAX_STEPS
 * @rounds: how often to play it on end; 0 is for ever, and then the delays
 *	must not all be zero
 * @start_ns: no trigger: absolute start time, 0 or past is now.
 *	trigger: the start's delay after the edge
 * @trig_line: the line whose edge starts the rounds
 * @trig_edges: TB_EDGE_*; zero for no trigger (then the other trig_ fields
 *	are zero)
 * @trig_min_ns: how long the level before the edge must have stood
 * @trig_count: how many edges to answer; 0 is for ever
 * @pad: zero
 *
 * Only an edge that the chip's side makes is a trigger, be it by a value, a
 * direction, a drive mode or a bias. While the rounds play it is not looked
 * for.
 */
struct tb_play {
	__u32 player;
	__u32 flags;
	__u64 steps;
	__u32 nsteps;
	__u32 rounds;
	__u64 start_ns;
	__u32 trig_line;
	__u32 trig_edges;
	__u64 trig_min_ns;
	__u32 trig_count;
	__u32 pad;
};

enum tb_player_state {
	TB_PLAYER_IDLE,
	TB_PLAYER_ARMED,
	TB_PLAYER_PLAYING,
	TB_PLAYER_DONE,
};

/**
 * struct tb_player - what a player did since it was loaded
 * @player: in: which one
 * @state: enum tb_player_state
 * @steps: steps made
 * @rounds: rounds ended
 * @triggers: edges answered
 * @start_ns: due time of the current or last start
 * @late_sum_ns: lateness summed over the steps
 * @late_max_ns: the latest step
 */
struct tb_player {
	__u32 player;
	__u32 state;
	__u64 steps;
	__u64 rounds;
	__u64 triggers;
	__u64 start_ns;
	__u64 late_sum_ns;
	__u64 late_max_ns;
};

/**
 * struct tb_wait - wait for a player
 * @player: which one
 * @pad: zero
 * @rounds: until so many rounds have ended since it was loaded; 0: until it
 *	is done. A player that is done or idle never keeps one waiting.
 * @timeout_ns: ETIMEDOUT after that long; 0 to TB_MAX_NS
 */
struct tb_wait {
	__u32 player;
	__u32 pad;
	__u64 rounds;
	__u64 timeout_ns;
};

enum tb_kind {
	/* value: the level that the chip drives now */
	TB_KIND_OUTPUT,
	/* value: 1 for an output, 0 for an input */
	TB_KIND_DIRECTION,
	/* value: the level seen */
	TB_KIND_LEVEL,
};

#define TB_REC_OUTPUT		1U
#define TB_REC_DIRECTION	2U
#define TB_REC_LEVEL		4U
#define TB_KINDS		7U

/**
 * struct tb_record - what read() returns: one change
 * @time_ns: when; changes made at once have the same time
 * @seq: number of the record since the module was loaded
 * @line: which line
 * @kind: enum tb_kind
 * @value: see there
 * @level: level seen on the pin after the change
 * @pad: zero
 */
struct tb_record {
	__u64 time_ns;
	__u64 seq;
	__u8 line;
	__u8 kind;
	__u8 value;
	__u8 level;
	__u32 pad;
};

/**
 * struct tb_recorder - choose what is recorded, and forget what was
 * @lines: the lines to record
 * @kinds: mask of TB_REC_*, which is 1 << TB_KIND_*
 * @pad: zero
 *
 * At reset: all lines, outputs and directions.
 */
struct tb_recorder {
	__u64 lines;
	__u32 kinds;
	__u32 pad;
};

/**
 * struct tb_rec_status - the recorder as this file sees it
 * @waiting: records that read() would return
 * @lost: records overwritten before this file read them
 */
struct tb_rec_status {
	__u64 waiting;
	__u64 lost;
};

/**
 * struct tb_node - a node of relays and inputs, as a device tree has it
 * @relays: its relays
 * @safe: the part of @relays whose safe state is 1
 * @locks: its interlocks
 * @inputs: its other inputs
 * @low: the part of all these that is active low
 * @other: label of another chip whose line 0 is the last relay, safe 0; empty
 *	for none. That chip need not be there.
 *
 * Without any line there is none.
 */
struct tb_node {
	__u64 relays;
	__u64 safe;
	__u64 locks;
	__u64 inputs;
	__u64 low;
	char other[32];
};

#define TB_IOC_MAGIC		0xb7
#define TB_IOC_INFO		_IOR(TB_IOC_MAGIC, 0, struct tb_info)
/* Stop the players, cut the wires, take the resistors off, let go of what the
 * world drives, put the bias back, turn lines that no one has requested into
 * inputs, clear counters and recorder. Stays: what requested lines drive,
 * their interrupts, and the chip's presence.
 */
#define TB_IOC_RESET		_IO(TB_IOC_MAGIC, 1)
#define TB_IOC_DRIVE		_IOW(TB_IOC_MAGIC, 2, struct tb_drive)
#define TB_IOC_PULL		_IOW(TB_IOC_MAGIC, 3, struct tb_pull)
#define TB_IOC_STATE		_IOR(TB_IOC_MAGIC, 4, struct tb_state)
#define TB_IOC_LINE		_IOWR(TB_IOC_MAGIC, 5, struct tb_line)
#define TB_IOC_FOLLOW		_IOW(TB_IOC_MAGIC, 6, struct tb_follow)
#define TB_IOC_PLAY		_IOW(TB_IOC_MAGIC, 7, struct tb_play)
#define TB_IOC_STOP		_IOW(TB_IOC_MAGIC, 8, __u32)
#define TB_IOC_PLAYER		_IOWR(TB_IOC_MAGIC, 9, struct tb_player)
#define TB_IOC_WAIT		_IOW(TB_IOC_MAGIC, 10, struct tb_wait)
#define TB_IOC_RECORDER		_IOW(TB_IOC_MAGIC, 11, struct tb_recorder)
#define TB_IOC_REC_STATUS	_IOR(TB_IOC_MAGIC, 12, struct tb_rec_status)
/*
 * Take the GPIO chip away under its users, or bring it back; pins keep their
 * state. Deleting a chip that is not there: ENODEV.
 */
#define TB_CHIP_UNBOUND		0U	/* its driver is unbound */
#define TB_CHIP_THERE		1U
#define TB_CHIP_DELETED		2U	/* its driver stays bound */
/* The same; its interrupts go before its users hear of it, and their numbers
 * are others' at once.
 */
#define TB_CHIP_DELETED_EARLY	3U
#define TB_IOC_CHIP		_IOW(TB_IOC_MAGIC, 13, __u32)
/*
 * Outputs in this mask do not take values any more, nor lines in it another
 * direction, as on a port expander that does not answer, until RESET or another
 * mask. EOPNOTSUPP: no chip of this
 * kernel can say so.
 */
#define TB_IOC_DEAF		_IOW(TB_IOC_MAGIC, 14, __u64)
/* The device of this node comes, after the one there was has gone. */
#define TB_IOC_NODE		_IOW(TB_IOC_MAGIC, 15, struct tb_node)
/*
 * The reboot notifier of the driver under test is called, as at a reboot, which
 * never comes: the driver is of no use then until it is loaded anew. ENOENT:
 * there is none of its name that came after the board.
 */
#define TB_IOC_REBOOT		_IO(TB_IOC_MAGIC, 16)

/*
 * Banks: further chips, labelled testboard-bank0 and so on, that sleep. Their
 * lines are inputs that read 0, and outputs. BANKS says how many there are; they
 * come anew with each call. While they are stalled who drives a line of one
 * waits, until STALL 0, BANKS or RESET.
 */
#define TB_BANKS_MAX		8U
#define TB_BANK_LINES		8U
#define TB_BANK_LABEL		"testboard-bank"

struct tb_bank {
	__u32 bank;	/* in */
	__u32 waiting;	/* calls that wait in it */
	__u32 output;	/* lines that are outputs */
	__u32 value;	/* what these drive */
};

#define TB_IOC_BANKS		_IOW(TB_IOC_MAGIC, 17, __u32)
#define TB_IOC_BANK_STALL	_IOW(TB_IOC_MAGIC, 18, __u32)
#define TB_IOC_BANK		_IOWR(TB_IOC_MAGIC, 19, struct tb_bank)

#endif /* TESTBOARD_H */
