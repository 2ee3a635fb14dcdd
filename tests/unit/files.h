/* SPDX-License-Identifier: MIT */
/* A directory of a test's own, and files in it. */
#ifndef TESTS_UNIT_FILES_H
#define TESTS_UNIT_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char files_dir[] = "/tmp/accel-test-XXXXXX";

__attribute__((unused)) static void files_begin(void)
{
	if (!mkdtemp(files_dir)) {
		perror(files_dir);
		exit(1);
	}
}

/* Removes the directory; returns how many files were in it. */
__attribute__((unused)) static int files_end(void)
{
	DIR *d = opendir(files_dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && !unlinkat(dirfd(d), e->d_name, 0))
			n++;
	if (d)
		closedir(d);
	rmdir(files_dir);
	return n;
}

/* The path of a file there; valid until the 8th call from now. */
__attribute__((unused)) static const char *file_path(const char *name)
{
	static char ring[8][256];
	static int next;
	char *path = ring[next++ % 8];

	snprintf(path, sizeof(ring[0]), "%s/%s", files_dir, name);
	return path;
}

__attribute__((unused)) static const char *
file_write(const char *name, const void *data, size_t size)
{
	const char *path = file_path(name);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
	return path;
}

__attribute__((unused)) static const char *file_text(const char *name,
						     const char *text)
{
	return file_write(name, text, strlen(text));
}

#endif /* TESTS_UNIT_FILES_H */
