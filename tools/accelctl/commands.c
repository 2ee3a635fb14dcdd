// SPDX-License-Identifier: MIT
/*
 * accelctl: pins, sensors, buffers and the state of the kernel module, from a
 * shell. docs/accelctl.1 is its manual.
 */
#include "accelctl.h"

const char program[] = "accelctl";

const struct command commands[] = {
	{ "info", cmd_info, "what the module is and can do" },
	{ "pinout", cmd_pinout, "the 40-pin header and who has which pin" },
	{ "get", cmd_get, "read lines" },
	{ "set", cmd_set, "drive lines; they stay so" },
	{ "toggle", cmd_toggle, "turn lines over" },
	{ "release", cmd_release, "give up lines that set keeps" },
	{ "pulse", cmd_pulse, "drive a line for a moment" },
	{ "watch", cmd_watch, "edges with their times" },
	{ "capture", cmd_capture, "sample lines: to a file, or live" },
	{ "play", cmd_play, "drive lines from a file, on time" },
	{ "relay", cmd_relay, "an output with safe state and deadline" },
	{ "sensor", cmd_sensor, "list, read and watch sensors" },
	{ "buf", cmd_buf, "allocate, fill, verify and measure a buffer" },
	{ "status", cmd_status, "module, buffers, and lines in use" },
	{ "doctor", cmd_doctor, "what works here, what does not, what to do" },
	{ NULL, NULL, NULL },
};

const char commands_note[] =
	"A line is P11 (pin of the header), GPIO17 or 17 (BCM number), a name "
	"of "
	"the\ndevice tree, or CHIP:OFFSET. accelctl COMMAND --help tells more, "
	"and so does\nman accelctl.\n";
