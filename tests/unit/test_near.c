// SPDX-License-Identifier: MIT
/* The nearest word: what is meant by a slip, and nothing by another word. */
#include <accel/accel.h>

#include <string.h>

#include "tap.h"

static const char *const words[] = { "--device", "--epochs", "--data", NULL,
				     "--label",  "--out",    "°C" };

static const char *nearest(const char *word)
{
	return accel_nearest(word, words, sizeof(words) / sizeof(words[0]));
}

int main(void)
{
	static const char *const slips[][2] = {
		{ "--epoch", "--epochs" },  { "--epcohs", "--epochs" },
		{ "--EPOCHS", "--epochs" }, { "--devices", "--device" },
		{ "--lable", "--label" },   { "--outt", "--out" },
		{ "--label", "--label" },
	};
	char longer[200];

	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		const char *found = nearest(slips[i][0]);

		CHECK(found && !strcmp(found, slips[i][1]), "%s means %s",
		      slips[i][0], slips[i][1]);
	}
	CHECK(!nearest("--optimizer"), "another word means none of them");
	CHECK(!nearest(""), "nor does no word");
	CHECK(!accel_nearest(NULL, words, 1) && !accel_nearest("a", NULL, 0),
	      "no word, no list: nothing is near");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	CHECK(!nearest(longer), "a word of 199 letters is far from all");
	return tap_done();
}
