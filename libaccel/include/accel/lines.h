/* SPDX-License-Identifier: MIT */
/*
 * GPIO lines by the names that people use, with safe values that the kernel
 * drives when their owner dies.
 *
 *	accel_lines *relay = accel_lines_request("GPIO23", .outputs = 1,
 *						 .safe = 1, .keepalive_ns = 1e9);
 *	accel_lines_set(relay, 1, 1);
 *
 * A line's name is any of
 *
 *	P16		pin of the 40-pin header
 *	GPIO23, 23	BCM number
 *	RELAY_1		name that the device tree gave the line
 *	CHIP:23		the GPIO chip, and offset on it: the chip's label,
 *			gpiochipN, or the path of its firmware node
 *
 * Bit i of every mask is the i-th name of a request. Values are logical:
 * active-low is taken into account. Times are CLOCK_MONOTONIC nanoseconds.
 * This is no substitute for a hardware interlock where people can be harmed.
 */
#ifndef ACCEL_LINES_H
#define ACCEL_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- boards and pins ------------------------------------------------------ */

#define ACCEL_LINES_MAX 64 /* lines in one request */
#define ACCEL_CHIP_SIZE 64 /* a chip's label, with its NUL */
#define ACCEL_LINE_NAME_SIZE 32 /* a line's or consumer's name, with its NUL */
#define ACCEL_HEADER_PINS 40

/* The pin controller behind the header; it decides what pins can do. */
typedef enum accel_soc {
	ACCEL_SOC_UNKNOWN,
	ACCEL_SOC_BCM2711, /* Raspberry Pi 4, 400 and Compute Module 4 */
	ACCEL_SOC_RP1, /* Raspberry Pi 5, 500 and Compute Module 5 */
} accel_soc;

typedef struct accel_board {
	char model[96]; /* "Raspberry Pi 4 Model B"; "" without device tree */
	accel_soc soc;
	char chip[ACCEL_CHIP_SIZE]; /* label of the header's chip, or "" */
} accel_board;

/*
 * Tells the board by its device tree, or, where there is none, by the label of
 * a GPIO chip. An unknown board is no error: soc and chip say so.
 *
 * ACCEL_ROOT in the environment is put before /proc, /sys and /dev/gpiochip*,
 * so that tests can bring a tree of their own. Any thread.
 */
ACCEL_API accel_status accel_board_get(accel_board *board);

typedef enum accel_header_kind {
	ACCEL_HEADER_GPIO,
	ACCEL_HEADER_GROUND,
	ACCEL_HEADER_3V3,
	ACCEL_HEADER_5V,
} accel_header_kind;

/* One pin of the 40-pin header. */
typedef struct accel_header_pin {
	uint8_t pin; /* 1 to 40 */
	accel_header_kind kind;
	int8_t gpio; /* BCM number, -1 for supply and ground */
	bool pull_up; /* at reset; the other lines are pulled down */
	/* Functions, NULL where there is none: BCM2711's ALT0 to ALT5, RP1's
	 * a0 to a8. */
	const char *bcm2711[6];
	const char *rp1[9];
	const char *note; /* what it is used for by default, or NULL */
} accel_header_pin;

/* The pin of the header, NULL unless 1 <= pin <= 40. Static. */
ACCEL_API const accel_header_pin *accel_header_pin_get(unsigned int pin);

/* Where a line is. */
typedef struct accel_pin {
	char chip[ACCEL_CHIP_SIZE]; /* label; gpiochipN where others have it */
	uint32_t offset;
	int gpio; /* BCM number when it is on the header, else -1 */
	int header; /* pin of the header, else 0 */
	char name[ACCEL_LINE_NAME_SIZE]; /* "GPIO23", or as it was asked for */
} accel_pin;

/*
 * Finds a line by its name.
 *
 * ERR_INVALID: no name at all, a supply pin, two lines of that name, a label that
 * several chips have (the text names them). ERR_NODEV:
 * no such line, or a header's name on a board that is not known to have one;
 * the text says what there is. Any thread.
 */
ACCEL_API accel_status accel_pin_find(const char *name, accel_pin *pin);

/* Why a relay should not hang on this pin, or NULL. Static. */
ACCEL_API const char *accel_pin_relay_warning(const accel_pin *pin);

typedef enum accel_pull {
	ACCEL_PULL_AS_IS, /* left as it is, or unknown */
	ACCEL_PULL_NONE,
	ACCEL_PULL_UP,
	ACCEL_PULL_DOWN,
} accel_pull;

typedef enum accel_trip {
	ACCEL_TRIP_NONE,
	ACCEL_TRIP_DEADLINE, /* no keep-alive in time */
	ACCEL_TRIP_CLOSE, /* the owner ended without disarming */
	ACCEL_TRIP_INTERLOCK, /* an interlock left its level */
	ACCEL_TRIP_USER, /* accel_lines_trip() */
	ACCEL_TRIP_PANIC,
	ACCEL_TRIP_REBOOT,
	ACCEL_TRIP_CHIP, /* the chip's driver went */
	ACCEL_TRIP_SUSPEND, /* the machine was about to sleep */
} accel_trip;

/* Whom a line_info's uid is of when nobody requested the line. */
#define ACCEL_UID_NONE UINT32_MAX

/* What the kernel says of a line, without claiming it. */
typedef struct accel_line_info {
	char chip[ACCEL_CHIP_SIZE]; /* as in accel_pin */
	uint32_t offset;
	char name[ACCEL_LINE_NAME_SIZE]; /* the device tree's, or "" */
	char consumer[ACCEL_LINE_NAME_SIZE]; /* who has it, or "" */
	bool used, output, active_low, open_drain, open_source;
	bool rising, falling; /* edges that its owner waits for */
	accel_pull pull;
	int level; /* of the pin itself: 0, 1; -1 unknown */
	char function[24]; /* "gpio", "alt5", "input"; "" unknown (debugfs) */

	/* of a line that somebody has by the module; 0 or false of others */
	bool module; /* somebody has it so, or the module itself holds it */
	bool interlock; /* it trips the request when it leaves its level */
	bool armed, tripped; /* the request; neither: disarmed */
	int safe; /* logical value that a trip drives: 0, 1; -1 none */
	bool owed; /* that value does not stand yet */
	bool hold; /* it is held when its owner ends */
	bool held; /* its owner has ended, or never was: the module has it */
	bool node; /* the device tree names it */
	accel_trip trip; /* cause of the request's last trip */
	uint64_t trips; /* so far */
	uint64_t keepalive_ns, deadline_ns; /* of the request; 0: none */
	uint32_t pid; /* the process that requested it; 0: none, or ended */
	uint32_t uid; /* its user, ended or not; ACCEL_UID_NONE: none */
} accel_line_info;

/*
 * Asks the kernel about one line, or about every line of every chip. The level
 * of a line that somebody has, and who that is, come from the module; all other
 * levels and the functions from debugfs, which only root can read: -1 and ""
 * without it. On a chip that sleeps the level takes a transfer on its bus.
 *
 * accel_line_list: `list` receives up to `max`, `count` how many there are.
 * ERR_NODEV: no such chip. ERR_PERM: its /dev/gpiochip may not be opened.
 */
ACCEL_API accel_status accel_line_info_get(const accel_pin *pin,
					   accel_line_info *info);
ACCEL_API accel_status accel_line_list(accel_line_info *list, uint32_t max,
				       uint32_t *count);

/* ---- requests ------------------------------------------------------------- */

typedef struct accel_lines accel_lines;

/* How lines behave; every mask counts the names of the request. */
typedef struct accel_lines_config {
	const char *names; /* separated by commas: "GPIO23, P11" */
	const char *consumer; /* shown as their user, printable ASCII, up to 31
			       * characters; NULL: the library's */
	uint64_t outputs; /* driven by us; the others are inputs */
	uint64_t initial; /* what outputs are driven to first */
	uint64_t active_low; /* logical 1 is the low level */
	uint64_t pull_up, pull_down, pull_none; /* in none: left as it is */
	uint64_t open_drain, open_source;
	uint64_t rising, falling; /* inputs whose edges are wanted */
	uint64_t debounced; /* inputs that must stand still first ... */
	uint32_t debounce_us; /* ... for so long, up to 1000000 */
	uint32_t event_buffer; /* edges to queue; 0: 16 a line */
	uint64_t safe, safe_values; /* outputs that a trip drives, and how */
	/* inputs that trip the outputs when they differ from these values */
	uint64_t interlocks, interlock_values;
	uint64_t keepalive_ns; /* longest time between keep-alives; 0: none */
	bool hold; /* after the end the kernel keeps them, at safe_values */
	bool adopt; /* take over lines that are held; nothing changes on them */
	bool no_suspend; /* the machine does not sleep while they are armed */
} accel_lines_config;

/*
 * Takes lines of one chip, for exclusive use.
 *
 * Returns NULL on failure. ERR_NODEV: no module, chip or line; with .adopt:
 * nobody holds them. ERR_PERM: they are held for another user, the device tree
 * says otherwise, or the user has as many held lines or queued edges as the module
 * allows. ERR_BUSY: the text says who has which line. ERR_TRIPPED: the machine is
 * going down.
 * ERR_INVALID, ERR_RANGE: a mask or time that makes no sense. ERR_NOSYS: the
 * chip cannot do it. Any thread; a request may be used by several threads.
 */
#define accel_lines_request(...)                                               \
	accel_lines_request_with(&(accel_lines_config){ .names = __VA_ARGS__ })
ACCEL_API accel_lines *
accel_lines_request_with(const accel_lines_config *config);

/*
 * Gives them back. A request with safe values that was not disarmed trips
 * first, as it does when the process dies. NULL is allowed.
 */
ACCEL_API void accel_lines_release(accel_lines *lines);

ACCEL_API uint32_t accel_lines_count(const accel_lines *lines);

/* Where the i-th line is; NULL beyond the last. Owned by the request. */
ACCEL_API const accel_pin *accel_lines_pin(const accel_lines *lines,
					   uint32_t i);

/* For poll(): POLLIN when there are edges, POLLPRI while tripped, POLLHUP when
 * the chip is gone. Owned by the request. */
ACCEL_API int accel_lines_fd(const accel_lines *lines);

/*
 * Reads or drives the lines of `mask`, all at once where the chip can.
 *
 * ERR_TRIPPED: set, while tripped. ERR_PERM: set of an input. ERR_BUSY: a
 * playback drives them. ERR_LOST: the chip is gone.
 */
ACCEL_API accel_status accel_lines_get(const accel_lines *lines, uint64_t mask,
				       uint64_t *bits);
ACCEL_API accel_status accel_lines_set(accel_lines *lines, uint64_t mask,
				       uint64_t bits);

/*
 * Another direction, bias, edges, debouncing for the same lines. Outputs that
 * stay outputs keep their value. Counts: outputs, initial, active_low, pulls,
 * drive, edges, debouncing. ERR_PERM: it would undo a safe value or interlock.
 */
ACCEL_API accel_status
accel_lines_reconfigure(accel_lines *lines, const accel_lines_config *config);

/* "deadline missed", ... Static. */
ACCEL_API const char *accel_trip_text(accel_trip trip);

typedef struct accel_lines_state {
	bool failsafe, armed, tripped, safe; /* safe: tripped and driven */
	bool interlock_open, sleeps, gone, adopted, captures, plays;
	accel_trip trip; /* cause of the last one */
	uint64_t trip_seq; /* trips so far: what rearming wants */
	uint64_t trip_ns, safe_ns; /* its time; when all was safe, or 0 */
	uint64_t interlocks_open; /* mask */
	uint64_t deadline_ns; /* of the next keep-alive, or 0 */
	uint64_t keepalives, values, events_lost, events_queued;
	uint64_t read_cost_ns; /* to read all lines at once */
	uint64_t period_floor_ns; /* shortest period of a stream, 0: none */
} accel_lines_state;

/* Works on a tripped request and on one whose chip is gone. */
ACCEL_API accel_status accel_lines_state_get(const accel_lines *lines,
					     accel_lines_state *state);

/*
 * The owner is alive; nothing else feeds the deadline.
 *
 * @deadline_ns: when the next one is due, or 0: keepalive_ns from now.
 *
 * ERR_TRIPPED: too late, or tripped before. ERR_INVALID: there is no deadline.
 * ERR_RANGE: in the past, or further away than keepalive_ns.
 */
ACCEL_API accel_status accel_lines_keepalive(accel_lines *lines,
					     uint64_t deadline_ns);

/* Drives the safe values now and keeps them. ERR_INVALID: there are none. */
ACCEL_API accel_status accel_lines_trip(accel_lines *lines);

/*
 * Leaves the tripped or disarmed state. Outputs stay as they are until set.
 *
 * @trip_seq: from the state: proof that the last trip was seen.
 *
 * ERR_INVALID: another trip has come since. ERR_BUSY: an interlock is open.
 */
ACCEL_API accel_status accel_lines_rearm(accel_lines *lines, uint64_t trip_seq);

/* A deliberate end is near: no deadline any more, and release is no trip. */
ACCEL_API accel_status accel_lines_disarm(accel_lines *lines);

/* ---- edges ---------------------------------------------------------------- */

typedef struct accel_edge {
	uint64_t time_ns; /* taken in the interrupt */
	uint32_t seq; /* of the request, the first is 1 */
	uint32_t lost; /* edges dropped right before this one */
	uint8_t line; /* index in the request */
	uint8_t level; /* 1: rising, 0: falling; logical */
	bool debounced;
	bool late; /* the chip sleeps: the level was read later */
} accel_edge;

/*
 * Reads edges, as many as there are.
 *
 * @timeout_ns: how long to wait for the first; 0 not at all, UINT64_MAX for
 *   ever.
 * @count: receives how many; 0 only with ERR_TIMEOUT.
 *
 * ERR_TIMEOUT: none came, also when a signal came first. ERR_TRIPPED: none is
 * there and the request is tripped. ERR_LOST: the chip is gone.
 */
ACCEL_API accel_status accel_lines_read(accel_lines *lines, accel_edge *edges,
					uint32_t max, uint64_t timeout_ns,
					uint32_t *count);

/* CLOCK_MONOTONIC, now. */
ACCEL_API uint64_t accel_now_ns(void);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_LINES_H */
