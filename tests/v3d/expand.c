// SPDX-License-Identifier: MIT
/*
 * expand FOLDER: writes the SPIR-V that the library would give a driver for
 * every variant, a line "shader constant...", on its input. The files are named
 * after a hash of their contents; prints a line HASH <tab> variant.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/compute.h"
#include "compute/shaders.h"
#include "compute/specialize.h"

static uint64_t fnv1a(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static const struct compute_shader *find(const char *name)
{
	for (uint32_t i = 0; i < COMPUTE_SHADERS; i++)
		if (!strcmp(compute_shader_table[i].name, name))
			return &compute_shader_table[i];
	return NULL;
}

static int expand(const char *folder, const char *variant)
{
	char text[1024], path[4096], *word, *rest = NULL;
	uint32_t spec[COMPUTE_MAX_SPEC], n_spec = 0, *code;
	const struct compute_shader *sh;
	uint64_t hash;
	size_t words;
	FILE *f;

	snprintf(text, sizeof(text), "%s", variant);
	word = strtok_r(text, " ", &rest);
	sh = word ? find(word) : NULL;
	if (!sh || !sh->code) {
		fprintf(stderr, "no shader: '%s'\n", variant);
		return 1;
	}
	while ((word = strtok_r(NULL, " ", &rest)) && n_spec < COMPUTE_MAX_SPEC)
		spec[n_spec++] = (uint32_t)strtoul(word, NULL, 10);
	words = sh->size / 4;
	code = compute_specialize(sh->code, &words, spec, n_spec);
	if (!code) {
		fprintf(stderr, "cannot specialize '%s'\n", variant);
		return 1;
	}
	hash = fnv1a(code, words * 4);
	snprintf(path, sizeof(path), "%s/%016" PRIx64 ".spv", folder, hash);
	f = fopen(path, "wb");
	if (!f || fwrite(code, 4, words, f) != words || fclose(f)) {
		perror(path);
		exit(2);
	}
	free(code);
	printf("%016" PRIx64 "\t%s\n", hash, variant);
	return 0;
}

int main(int argc, char **argv)
{
	char line[1024];
	int bad = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: expand FOLDER <VARIANTS\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		bad |= expand(argv[1], line);
	}
	return bad;
}
