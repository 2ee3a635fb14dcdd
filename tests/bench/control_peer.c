// SPDX-License-Identifier: MIT
/*
 * control_peer CHIP IN OUT: the rule "OUT follows IN" as one would write it by
 * hand on libgpiod: wait for an edge, read it, drive the output. What accel run
 * is measured by. libgpiod 1 (Debian 12) and 2 (Debian 13) share hardly a name;
 * LIBGPIOD_2 chooses.
 */
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef LIBGPIOD_2

static struct gpiod_line_request *request(struct gpiod_chip *chip,
					  unsigned int line,
					  struct gpiod_line_settings *settings)
{
	struct gpiod_request_config *who = gpiod_request_config_new();
	struct gpiod_line_config *lines = gpiod_line_config_new();
	struct gpiod_line_request *r = NULL;

	if (who && lines && settings &&
	    !gpiod_line_config_add_line_settings(lines, &line, 1, settings)) {
		gpiod_request_config_set_consumer(who, "peer");
		r = gpiod_chip_request_lines(chip, who, lines);
	}
	gpiod_request_config_free(who);
	gpiod_line_config_free(lines);
	gpiod_line_settings_free(settings);
	return r;
}

static int follow(const char *path, unsigned int from, unsigned int to)
{
	struct gpiod_edge_event_buffer *buffer = gpiod_edge_event_buffer_new(1);
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpiod_line_settings *s = gpiod_line_settings_new();
	struct gpiod_line_request *in, *out;

	if (!buffer || !chip || !s)
		return 1;
	gpiod_line_settings_set_direction(s, GPIOD_LINE_DIRECTION_INPUT);
	gpiod_line_settings_set_edge_detection(s, GPIOD_LINE_EDGE_BOTH);
	in = request(chip, from, s);
	s = gpiod_line_settings_new();
	if (!in || !s)
		return 1;
	gpiod_line_settings_set_direction(s, GPIOD_LINE_DIRECTION_OUTPUT);
	out = request(chip, to, s);
	while (out && gpiod_line_request_read_edge_events(in, buffer, 1) == 1) {
		struct gpiod_edge_event *e =
			gpiod_edge_event_buffer_get_event(buffer, 0);
		bool rising = gpiod_edge_event_get_event_type(e) ==
			      GPIOD_EDGE_EVENT_RISING_EDGE;

		if (gpiod_line_request_set_value(
			    out, to,
			    rising ? GPIOD_LINE_VALUE_ACTIVE
				   : GPIOD_LINE_VALUE_INACTIVE))
			break;
	}
	return 1;
}

#else

static int follow(const char *path, unsigned int from, unsigned int to)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpiod_line *in, *out;
	struct gpiod_line_event e;

	in = chip ? gpiod_chip_get_line(chip, from) : NULL;
	out = chip ? gpiod_chip_get_line(chip, to) : NULL;
	if (!in || !out || gpiod_line_request_both_edges_events(in, "peer") ||
	    gpiod_line_request_output(out, "peer", 0))
		return 1;
	while (!gpiod_line_event_read(in, &e))
		if (gpiod_line_set_value(
			    out, e.event_type == GPIOD_LINE_EVENT_RISING_EDGE))
			break;
	return 1;
}

#endif

int main(int argc, char **argv)
{
	int bad;

	if (argc != 4)
		return 2;
	bad = follow(argv[1], (unsigned int)atoi(argv[2]),
		     (unsigned int)atoi(argv[3]));
	perror("peer");
	return bad;
}
