// SPDX-License-Identifier: MIT
/*
 * accelctl pinout: the header with each pin's function, level, direction, bias
 * and owner, as the kernel tells them. No line is claimed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"
#include "pinout.h"

/* "alt5" is the peripheral's name on that pin. */
static void name_function(struct pin_view *v, const accel_line_info *info,
			  accel_soc soc)
{
	const char *f = info->function, *name = NULL;
	unsigned int alt;

	if (sscanf(f, "alt%u", &alt) == 1 && soc == ACCEL_SOC_BCM2711 &&
	    alt < 6)
		name = v->pin->bcm2711[alt];
	if (sscanf(f, "%*1[aA]%u", &alt) == 1 && soc == ACCEL_SOC_RP1 &&
	    alt < 9 && strncmp(f, "alt", 3))
		name = v->pin->rp1[alt];
	if (!strcmp(f, "gpio_in") || !strcmp(f, "input"))
		name = "in";
	if (!strcmp(f, "gpio_out") || !strcmp(f, "output"))
		name = "out";
	if (!f[0])
		name = info->output ? "out" : "in";
	snprintf(v->function, sizeof(v->function), "%s", name ? name : f);
}

static const char *pull_name(const struct pin_view *v,
			     const accel_line_info *info)
{
	switch (info ? info->pull : ACCEL_PULL_AS_IS) {
	case ACCEL_PULL_UP:
		return "up";
	case ACCEL_PULL_DOWN:
		return "down";
	case ACCEL_PULL_NONE:
		return "none";
	default:
		return v->pin->pull_up ? "(up)" : "(down)";
	}
}

static void view_line(struct pin_view *v, const accel_board *board)
{
	accel_line_info *info = &v->info;
	accel_pin pin = { .gpio = v->pin->gpio };

	snprintf(v->name, sizeof(v->name), "GPIO%d", v->pin->gpio);
	v->color = PIN_FREE;
	v->pull = pull_name(v, NULL);
	pin.offset = (uint32_t)v->pin->gpio;
	snprintf(pin.chip, sizeof(pin.chip), "%s", board->chip);
	if (!board->chip[0] || accel_line_info_get(&pin, info))
		return;
	v->known = true;
	v->level = info->level;
	v->pull = pull_name(v, info);
	name_function(v, info, board->soc);
	snprintf(v->owner, sizeof(v->owner), "%s",
		 info->used && !info->consumer[0] ? "?" : info->consumer);
	if (info->used)
		v->color = PIN_USED;
	else if (strcmp(v->function, "in") && strcmp(v->function, "out"))
		v->color = PIN_FUNCTION;
}

static void view_pin(struct pin_view *v, unsigned int p,
		     const accel_board *board)
{
	memset(v, 0, sizeof(*v));
	v->pin = accel_header_pin_get(p);
	v->level = -1;
	v->pull = "";
	switch (v->pin->kind) {
	case ACCEL_HEADER_GROUND:
		snprintf(v->name, sizeof(v->name), "GND");
		v->color = PIN_GROUND;
		break;
	case ACCEL_HEADER_3V3:
		snprintf(v->name, sizeof(v->name), "3V3");
		v->color = PIN_3V3;
		break;
	case ACCEL_HEADER_5V:
		snprintf(v->name, sizeof(v->name), "5V");
		v->color = PIN_5V;
		break;
	case ACCEL_HEADER_GPIO:
		view_line(v, board);
		break;
	}
}

/* ---- in a terminal -------------------------------------------------------- */

static const char *const colors[] = {
	[PIN_GROUND] = "\033[37;40m", [PIN_3V3] = "\033[30;43m",
	[PIN_5V] = "\033[37;41m",     [PIN_FREE] = "\033[32m",
	[PIN_USED] = "\033[30;46m",   [PIN_FUNCTION] = "\033[30;45m",
};

static const char *level_name(const struct pin_view *v)
{
	return v->level < 0 ? "" : v->level ? "1" : "0";
}

static void print_left(const struct pin_view *v, bool color)
{
	printf("%16.16s %6s %1s %10.10s %s%6s%s ", v->owner, v->pull,
	       level_name(v), v->function, color ? colors[v->color] : "",
	       v->name, color ? "\033[0m" : "");
}

static void print_right(const struct pin_view *v, bool color)
{
	printf(" %s%-6s%s %-10.10s %1s %-6s %-16.16s\n",
	       color ? colors[v->color] : "", v->name, color ? "\033[0m" : "",
	       v->function, level_name(v), v->pull, v->owner);
}

/* The module's own lines again, each with what does not fit beside its pin. */
static void print_owners(const struct pin_view *view)
{
	for (int i = 0; i < ACCEL_HEADER_PINS; i++) {
		if (!view[i].info.module)
			continue;
		printf("%s: ", view[i].name);
		owner_words(stdout, &view[i].info);
		putchar('\n');
	}
}

static void print_words(const accel_board *board, const struct pin_view *view,
			bool color)
{
	bool functions = false, known = false;

	printf("%s%s%s\n", board->model[0] ? board->model : "40-pin header",
	       board->chip[0] ? ", chip " : "; the board is not known here",
	       board->chip);
	printf("%16s %6s %1s %10s %6s pin pin %-6s %-10s %1s %-6s %s\n",
	       "owner", "pull", "", "function", "", "", "function", "", "pull",
	       "owner");
	for (int i = 0; i < ACCEL_HEADER_PINS; i += 2) {
		print_left(&view[i], color);
		printf("%3d %-3d", i + 1, i + 2);
		print_right(&view[i + 1], color);
		functions = functions || view[i].info.function[0] ||
			    view[i + 1].info.function[0];
		known = known || view[i].known || view[i + 1].known;
	}
	if (!known)
		puts("Pulls are those at reset; the kernel could not be asked "
		     "about the lines.");
	else if (!functions)
		puts("Levels of free pins and what peripherals do with them "
		     "are for root: sudo accelctl pinout");
	puts("A pull in brackets is the one at reset.");
	print_owners(view);
}

static void print_json(const accel_board *board, const struct pin_view *view)
{
	printf("{" JSON_SCHEMA ",\"board\":");
	json_text(stdout, board->model);
	printf(",\"chip\":");
	json_text(stdout, board->chip);
	printf(",\"pins\":[");
	for (int i = 0; i < ACCEL_HEADER_PINS; i++) {
		const struct pin_view *v = &view[i];

		printf("%s{\"pin\":%d,\"name\":\"%s\"", i ? ",\n " : "", i + 1,
		       v->name);
		if (v->pin->kind == ACCEL_HEADER_GPIO) {
			printf(",\"gpio\":%d,\"pull\":\"%s\",\"owner\":",
			       v->pin->gpio, v->pull);
			json_text(stdout, v->owner);
			printf(",\"direction\":%s,\"function\":",
			       !v->known        ? "null"
			       : v->info.output ? "\"out\""
						: "\"in\"");
			json_text(stdout, v->function);
			printf(",\"level\":%s",
			       v->level < 0 ? "null" : level_name(v));
			if (v->known)
				owner_json(stdout, &v->info);
		}
		putchar('}');
	}
	puts("]}");
}

static int write_svg(const char *path, const accel_board *board,
		     const struct pin_view *view)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;

	if (f)
		pinout_svg(f, board, view);
	if (!f || ferror(f) || (f != stdout && fclose(f))) {
		fprintf(stderr, "accelctl: %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int cmd_pinout(int argc, char **argv)
{
	static const struct usage usage = {
		"pinout [--svg FILE] [--color] [--json]",
		"The 40-pin header with each pin's function, level, bias and "
		"owner, and how the\nfail-safe of the module's lines stands. "
		"Nothing is claimed or changed.\n--svg writes a picture (- is "
		"standard output).\n",
		0, 0
	};
	struct pin_view view[ACCEL_HEADER_PINS];
	bool json = false, color = false;
	const char *svg = NULL;
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL },
		{ "--color", OPTION_FLAG, &color, NULL },
		{ "--svg", OPTION_TEXT, &svg, NULL },
		OPTIONS_END
	};
	struct words words;
	accel_board board;
	accel_status st;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	st = accel_board_get(&board);
	if (st)
		return fail(st);
	for (unsigned int p = 0; p < ACCEL_HEADER_PINS; p++)
		view_pin(&view[p], p + 1, &board);
	/* pin 3 is a line; nothing is wrong with a board that has none */
	if (board.chip[0] && !view[2].known)
		fprintf(stderr, "accelctl: who has which pin is unknown: %s\n",
			accel_last_error());
	if (svg)
		return write_svg(svg, &board, view);
	if (json)
		print_json(&board, view);
	else
		print_words(&board, view, color || isatty(STDOUT_FILENO));
	return EXIT_DONE;
}
