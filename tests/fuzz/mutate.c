// SPDX-License-Identifier: MIT
/* mutate [INPUTS [SEED]]: runs a fuzz target without libFuzzer. Prints TAP. */
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

int main(int argc, char **argv)
{
	long inputs = argc > 1 ? atol(argv[1]) : 4000, i;
	uint8_t *data = malloc(ROOM), *exact;
	uint32_t seeds = 0, k;
	size_t size;

	state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	state |= 1ull << 63; /* it must not be 0 */
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
