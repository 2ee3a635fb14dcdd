// SPDX-License-Identifier: MIT
/*
 * test_fuzz_NAME [INPUTS [SEED]]: runs a fuzz target without libFuzzer. Prints
 * TAP.
 * test_fuzz_NAME --seeds DIR: writes its seeds there, for libFuzzer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define ROOM 8192

static uint64_t state;

static uint32_t below(uint32_t n) /* xorshift64* (Vigna 2016) */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 32) % n;
}

static size_t insert(uint8_t *data, size_t size, const void *what, size_t n)
{
	size_t at = below((uint32_t)size + 1);

	if (size + n > ROOM)
		return size;
	memmove(data + at + n, data + at, size - at);
	memcpy(data + at, what, n);
	return size + n;
}

static size_t mutate(uint8_t *data, size_t size)
{
	static const uint8_t edges[] = {
		0, 1, 0x7f, 0x80, 0xff, '"', '\n', ','
	};
	size_t at = size ? below((uint32_t)size) : 0, n, words = 0;
	uint8_t copy[64];

	while (fuzz_words[words])
		words++;
	if (!size)
		return insert(data, size, edges, 1);
	n = 1 + below(size - at < 64 ? (uint32_t)(size - at) : 64);
	switch (below(7)) {
	case 0:
		data[at] ^= (uint8_t)(1 << below(8));
		return size;
	case 1:
		data[at] = edges[below(sizeof(edges))];
		return size;
	case 2: /* a part is lost */
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	case 3: /* or comes twice */
		memcpy(copy, data + at, n);
		return insert(data, size, copy, n);
	case 4:
		return at; /* cut off */
	case 5:
		data[at] = (uint8_t)('0' + below(10));
		return size;
	default:
		n = below((uint32_t)words);
		return insert(data, size, fuzz_words[n], strlen(fuzz_words[n]));
	}
}

static int write_seeds(const char *dir)
{
	char path[4096];
	int i, bad = 0;
	FILE *f;

	for (i = 0; fuzz_seeds[i].data; i++) {
		snprintf(path, sizeof(path), "%s/seed-%d", dir, i);
		f = fopen(path, "w");
		if (!f || fwrite(fuzz_seeds[i].data, 1, fuzz_seeds[i].size,
				 f) != fuzz_seeds[i].size)
			bad = 1;
		if (f && fclose(f))
			bad = 1;
	}
	return bad;
}

int main(int argc, char **argv)
{
	long inputs = argc > 1 ? atol(argv[1]) : 4000, i;
	uint8_t *data, *exact;
	uint32_t seeds = 0, k;
	size_t size;

	if (argc == 3 && !strcmp(argv[1], "--seeds"))
		return write_seeds(argv[2]);
	state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	state |= 1ull << 63; /* it must not be 0 */
	data = malloc(ROOM);
	while (fuzz_seeds[seeds].data)
		seeds++;
	for (i = 0; i < inputs; i++) {
		const struct fuzz_seed *s = &fuzz_seeds[i % seeds];

		memcpy(data, s->data, s->size);
		size = s->size;
		for (k = i < seeds ? 0 : 1 + below(6); k; k--)
			size = mutate(data, size);
		exact = malloc(size ? size
				    : 1); /* the sanitizer sees its end */
		memcpy(exact, data, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	free(data);
	printf("ok 1 - %ld inputs made of %u seeds did no harm\n1..1\n", inputs,
	       seeds);
	return 0;
}
