// SPDX-License-Identifier: MIT
/* Files of the kernel, under another root where a test says so. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libaccel/src/base/alloc.h"
#include "gpio.h"

void gpio_path(char out[GPIO_PATH_SIZE], const char *fmt, ...)
{
	const char *root = getenv("ACCEL_ROOT");
	va_list ap;
	int n;

	n = snprintf(out, GPIO_PATH_SIZE, "%s", root ? root : "");
	if (n >= GPIO_PATH_SIZE)
		n = GPIO_PATH_SIZE - 1;
	va_start(ap, fmt);
	vsnprintf(out + n, (size_t)(GPIO_PATH_SIZE - n), fmt, ap);
	va_end(ap);
}

long gpio_read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	size_t n = 0;
	ssize_t got;

	text[0] = 0;
	if (fd < 0)
		return -1;
	while (n < size - 1) {
		got = read(fd, text + n, size - 1 - n);
		if (got < 0) {
			err = errno;
			close(fd);
			errno = err;
			return -1;
		}
		if (!got)
			break;
		n += (size_t)got;
	}
	close(fd);
	text[n] = 0;
	while (n && strchr(" \t\r\n", text[n - 1]))
		text[--n] = 0;
	return (long)n;
}

char *gpio_read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	uint32_t cap = 0, n = 0;
	char *text = NULL;

	if (!f)
		return NULL;
	do {
		if (mem_grow(&text, &cap, n + 4096, 1))
			break;
		n += (uint32_t)fread(text + n, 1, cap - n - 1, f);
		text[n] = 0;
	} while (!feof(f) && !ferror(f));
	fclose(f);
	return text;
}
