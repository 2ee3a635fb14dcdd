// SPDX-License-Identifier: MIT
/* The header's table, boards told by their device trees, names of lines. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <accel/accel.h>

#include "tap.h"

static char root[] = "/tmp/accel-pins-XXXXXX";

/* The strings of a device tree end with a NUL each. */
static void board(const char *model, const char *compatible, size_t size)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc", root);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/proc/device-tree", root);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/proc/device-tree/model", root);
	f = fopen(path, "w");
	if (f) {
		fwrite(model, 1, strlen(model) + 1, f);
		fclose(f);
	}
	snprintf(path, sizeof(path), "%s/proc/device-tree/compatible", root);
	f = fopen(path, "w");
	if (f) {
		fwrite(compatible, 1, size, f);
		fclose(f);
	}
}

static const char pi4[] = "raspberrypi,4-model-b\0brcm,bcm2711";
static const char pi5[] = "raspberrypi,5-model-b\0brcm,bcm2712";
static const char other[] = "radxa,rock-5b\0rockchip,rk3588";

static void test_header(void)
{
	int grounds = 0, supplies = 0, lines = 0, ups = 0;
	bool seen[28] = { 0 };
	const accel_header_pin *h;

	for (unsigned int p = 1; p <= ACCEL_HEADER_PINS; p++) {
		h = accel_header_pin_get(p);
		if (h->kind == ACCEL_HEADER_GROUND) {
			grounds++;
		} else if (h->kind != ACCEL_HEADER_GPIO) {
			supplies++;
		} else {
			lines += !seen[h->gpio];
			seen[h->gpio] = true;
			ups += h->pull_up == (h->gpio <= 8);
		}
	}
	CHECK(grounds == 8 && supplies == 4, "8 grounds, 4 supplies");
	CHECK(lines == 28 && ups == 28,
	      "28 lines, each once; 0 to 8 are pulled up");
	CHECK(!accel_header_pin_get(0) && !accel_header_pin_get(41),
	      "there is no pin 0 or 41");
	h = accel_header_pin_get(8);
	CHECK(h->gpio == 14 && !strcmp(h->bcm2711[0], "TXD0") &&
		      !strcmp(h->rp1[4], "TXD0"),
	      "pin 8 is GPIO14, TXD0 on both boards");
}

static void test_boards(void)
{
	accel_board b;

	board("Raspberry Pi 4 Model B Rev 1.4", pi4, sizeof(pi4));
	CHECK(!accel_board_get(&b) && b.soc == ACCEL_SOC_BCM2711 &&
		      !strcmp(b.chip, "pinctrl-bcm2711") &&
		      !strcmp(b.model, "Raspberry Pi 4 Model B Rev 1.4"),
	      "a Pi 4 by its device tree");
	board("Raspberry Pi 5 Model B", pi5, sizeof(pi5));
	CHECK(!accel_board_get(&b) && b.soc == ACCEL_SOC_RP1 &&
		      !strcmp(b.chip, "pinctrl-rp1"),
	      "a Pi 5");
	board("Radxa ROCK 5B", other, sizeof(other));
	CHECK(!accel_board_get(&b) && b.soc == ACCEL_SOC_UNKNOWN && !b.chip[0],
	      "another board is not taken for one of them");
	CHECK(accel_board_get(NULL) == ACCEL_ERR_INVALID, "no place for it");
}

static bool is(const char *name, const char *chip, uint32_t offset, int header)
{
	accel_pin p;

	return !accel_pin_find(name, &p) && !strcmp(p.chip, chip) &&
	       p.offset == offset && p.header == header;
}

static bool refused(const char *name, accel_status st, const char *text)
{
	accel_pin p;

	return accel_pin_find(name, &p) == st &&
	       strstr(accel_last_error(), text);
}

static void test_names(void)
{
	board("Raspberry Pi 4 Model B", pi4, sizeof(pi4));
	CHECK(is("P11", "pinctrl-bcm2711", 17, 11), "P11");
	CHECK(is("GPIO17", "pinctrl-bcm2711", 17, 11), "GPIO17");
	CHECK(is("17", "pinctrl-bcm2711", 17, 11), "17");
	CHECK(is("pinctrl-bcm2711:17", "pinctrl-bcm2711", 17, 11),
	      "pinctrl-bcm2711:17");
	CHECK(is("raspberrypi-exp-gpio:3", "raspberrypi-exp-gpio", 3, 0),
	      "a line of another chip");
	CHECK(refused("P1", ACCEL_ERR_INVALID, "3.3 V"),
	      "a supply pin is no line");
	CHECK(refused("P39", ACCEL_ERR_INVALID, "ground"), "nor is ground");
	CHECK(refused("P41", ACCEL_ERR_NODEV, "1 to 40"), "there is no P41");
	CHECK(refused("GPIO28", ACCEL_ERR_NODEV, "GPIO27"),
	      "GPIO28 is not on the header");
	CHECK(refused("", ACCEL_ERR_INVALID, "without a name"), "no name");
	CHECK(refused("chip:", ACCEL_ERR_INVALID, "CHIP:OFFSET") &&
		      refused(":3", ACCEL_ERR_INVALID, "CHIP:OFFSET") &&
		      refused("chip:-3", ACCEL_ERR_INVALID, "CHIP:OFFSET"),
	      "half a CHIP:OFFSET");
	CHECK(refused("RELAY", ACCEL_ERR_NODEV, "no line is called 'RELAY'"),
	      "a name that nobody has");
	board("Raspberry Pi 5 Model B", pi5, sizeof(pi5));
	CHECK(is("P11", "pinctrl-rp1", 17, 11), "P11 of a Pi 5");
	board("Radxa ROCK 5B", other, sizeof(other));
	CHECK(refused("GPIO17", ACCEL_ERR_NODEV, "Radxa ROCK 5B"),
	      "the header of an unknown board is not guessed");
}

static void test_sensor_pins(void)
{
	accel_pin p[2];
	uint32_t n;

	board("Raspberry Pi 4 Model B", pi4, sizeof(pi4));
	CHECK(!accel_sensor_pins("hcsr04:P16,GPIO24", p, 2, &n) && n == 2 &&
		      p[0].gpio == 23 && p[1].gpio == 24,
	      "the pins that a sensor takes, in its order");
	CHECK(!accel_sensor_pins("hcsr04:P16,GPIO24", NULL, 0, &n) && n == 2,
	      "their number alone");
	CHECK(accel_sensor_pins("dht22:GPIO44", p, 2, &n) == ACCEL_ERR_NODEV &&
		      accel_sensor_pins("cheese:4", p, 2, &n) ==
			      ACCEL_ERR_INVALID,
	      "a pin that is none, and a sensor that is none");
}

static void test_warnings(void)
{
	int warned = 0;
	accel_pin p;

	board("Raspberry Pi 4 Model B", pi4, sizeof(pi4));
	for (int i = 0; i < 28; i++) {
		char name[16];

		snprintf(name, sizeof(name), "GPIO%d", i);
		accel_pin_find(name, &p);
		warned += !!accel_pin_relay_warning(&p) ==
			  (i <= 8 || i == 14 || i == 15);
	}
	CHECK(warned == 28, "relays on 0 to 8, 14 and 15 are warned of");
	accel_pin_find("sim-board:3", &p);
	CHECK(!accel_pin_relay_warning(&p), "but not on other chips");
}

static void test_requests(void)
{
	accel_lines_state st;
	uint64_t bits = 7;

	CHECK(!accel_lines_request_with(NULL) && !accel_lines_request(NULL),
	      "a request without names");
	CHECK(!accel_lines_request("GPIO5,") &&
		      strstr(accel_last_error(), "line 2 has no name"),
	      "an empty name is counted");
	CHECK(!accel_lines_request("GPIO5, P29") &&
		      strstr(accel_last_error(), "the same line"),
	      "the same line by two names");
	CHECK(!accel_lines_request("GPIO5, sim-board:1") &&
		      strstr(accel_last_error(), "lines of one chip"),
	      "lines of two chips");
	CHECK(!accel_lines_request("GPIO5", .consumer = "a\nb") &&
		      strstr(accel_last_error(), "byte 2 is 0x0a"),
	      "a consumer that would make rows");
	CHECK(!accel_lines_request("GPIO5", .consumer = "caf\xc3\xa9") &&
		      strstr(accel_last_error(), "byte 4 is 0xc3"),
	      "nor is it told in UTF-8");
	CHECK(accel_lines_get(NULL, 1, &bits) == ACCEL_ERR_INVALID && !bits,
	      "no lines have no values");
	CHECK(accel_lines_state_get(NULL, &st) == ACCEL_ERR_INVALID &&
		      accel_lines_keepalive(NULL, 0) == ACCEL_ERR_INVALID &&
		      accel_lines_count(NULL) == 0 && !accel_lines_pin(NULL, 0),
	      "nor a state");
	accel_lines_release(NULL);
	CHECK(!strcmp(accel_trip_text(ACCEL_TRIP_DEADLINE),
		      "keep-alive missed") &&
		      !strcmp(accel_trip_text((accel_trip)99), "unknown"),
	      "trips have words");
	CHECK(accel_stream_sample_size(ACCEL_STREAM_BITS, 9) == 2 &&
		      accel_stream_sample_size(ACCEL_STREAM_F32, 9) == 36 &&
		      accel_stream_sample_size(ACCEL_STREAM_U8, 65) == 0,
	      "sizes of samples");
	CHECK(!accel_capture(NULL, 0) && !accel_playback(NULL, 0),
	      "a stream without lines");
}

int main(void)
{
	char rm[64];

	if (!mkdtemp(root))
		return 1;
	setenv("ACCEL_ROOT", root, 1);
	test_header();
	test_boards();
	test_names();
	test_sensor_pins();
	test_warnings();
	test_requests();
	snprintf(rm, sizeof(rm), "rm -rf %s", root);
	if (system(rm))
		return 1;
	return tap_done();
}
