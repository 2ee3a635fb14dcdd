// SPDX-License-Identifier: MIT
/*
 * picture ROOM.csv OUT.svg: the room's course, as room.c printed it, drawn in
 * the terminal and as SVG. Switches are drawn low in the picture, on or off.
 */
#include <stdio.h>
#include <stdlib.h>

#include <accel/plot.h>

#define MAX 4096

int main(int argc, char **argv)
{
	static double at[MAX], t[MAX], sw[3][MAX];
	const char *names[] = { "people", "heater", "fan" };
	accel_series series[4];
	int n = 0;
	FILE *in, *out;

	if (argc != 3 || !(in = fopen(argv[1], "r"))) {
		fprintf(stderr, "usage: picture ROOM.csv OUT.svg\n");
		return 2;
	}
	while (n < MAX && fscanf(in, "%lf,%lf,%*f,%lf,%lf,%lf", &at[n], &t[n],
				 &sw[0][n], &sw[1][n], &sw[2][n]) == 5)
		n++;
	fclose(in);
	series[0] = (accel_series){ "temperature, °C", at, t, n };
	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < n; i++)
			sw[k][i] = 14 - 1.5 * k + sw[k][i];
		series[1 + k] = (accel_series){ names[k], at, sw[k], n };
	}
	out = fopen(argv[2], "w");
	if (!out) {
		perror(argv[2]);
		return 1;
	}
	if (accel_plot_svg(out, series, 4, .title = "The room",
			   .x_label = "minutes", .y_label = "°C",
			   .width = 900, .height = 420) ||
	    fclose(out) ||
	    accel_plot(stdout, series, 4, .x_label = "minutes",
		       .color = accel_terminal_width(stdout) > 0)) {
		fprintf(stderr, "%s\n", accel_last_error());
		return 1;
	}
	return 0;
}
