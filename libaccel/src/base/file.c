// SPDX-License-Identifier: MIT
/* Whole files: read at once, and replaced at once or not at all. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "error.h"

static void *io_error(const char *verb, const char *path, int err)
{
	return accel_error_null(ACCEL_ERR_IO, "cannot %s %s: %s", verb, path,
				strerror(err));
}

/* Reads to the end into *text, which grows; returns the bytes, -1 on error. */
static ssize_t slurp(int fd, const char *path, size_t room, char **text)
{
	size_t have = 0;
	char *grown;
	ssize_t n;

	for (;;) {
		if (have + 1 >= room || !*text) {
			room = *text ? room * 2 : room;
			grown = mem_realloc(*text, room);
			if (!grown)
				return -1;
			*text = grown;
		}
		n = read(fd, *text + have, room - have - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			io_error("read", path, errno);
			return -1;
		}
		if (!n)
			break;
		have += (size_t)n;
	}
	(*text)[have] = 0;
	return (ssize_t)have;
}

char *file_load(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return io_error("open", path, errno);
	n = fstat(fd, &st) ? 0 : st.st_size;
	/* one byte to see the end by, one for the 0 */
	n = slurp(fd, path, n > 0 ? (size_t)n + 2 : 4096, &text);
	close(fd);
	if (n < 0) {
		mem_free(text);
		return NULL;
	}
	*size = (size_t)n;
	return text;
}

struct file_save {
	int fd;
	int err; /* errno of the first failure */
	accel_status why; /* the saver's own */
	char *temp; /* behind path, in the same block */
	char path[];
};

/*
 * Opens the temporary file for this saver alone. One that a killed saver left
 * is taken over, which is what keeps them from piling up; one that another
 * saver writes is waited for. By then its name may be gone: try again.
 */
static int open_temp(const char *path)
{
	struct stat mine, there;
	int fd;

	for (;;) {
		fd = open(path,
			  O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
				  O_CLOEXEC,
			  0666);
		if (fd < 0)
			return -1;
		/* a file system without locks has savers that do not meet */
		while (flock(fd, LOCK_EX) && errno == EINTR)
			;
		if (!fstat(fd, &mine) && !lstat(path, &there) &&
		    mine.st_ino == there.st_ino && mine.st_dev == there.st_dev)
			break;
		close(fd);
	}
	if (!ftruncate(fd, 0))
		return fd;
	close(fd);
	return -1;
}

struct file_save *file_save_open(const char *path)
{
	size_t len = strlen(path);
	struct file_save *s;
	struct stat st;

	/* rename() would put a file in the place of a device, too */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return accel_error_null(ACCEL_ERR_IO,
					"cannot write %s: it is %s", path,
					S_ISDIR(st.st_mode)
						? "a directory"
						: "no regular file");
	s = mem_zalloc(sizeof(*s) + 2 * len + 8);
	if (!s)
		return NULL;
	s->temp = s->path + len + 1;
	memcpy(s->path, path, len + 1);
	memcpy(s->temp, path, len);
	strcpy(s->temp + len, ".tmp");
	s->fd = open_temp(s->temp);
	if (s->fd >= 0)
		return s;
	io_error("write", path, errno);
	mem_free(s);
	return NULL;
}

void file_save_write(struct file_save *s, const void *data, size_t size)
{
	const char *p = data;
	ssize_t n;

	while (s && !s->err && !s->why && size) {
		n = write(s->fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			s->err = errno;
			return;
		}
		p += n;
		size -= (size_t)n;
	}
}

void file_save_fail(struct file_save *s, accel_status why)
{
	if (s && !s->err)
		s->why = why;
}

static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, err;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	/* EINVAL: this file system has nothing to synchronise */
	err = fsync(fd) && errno != EINVAL ? errno : 0;
	close(fd);
	return err;
}

/* errno of what keeps the new bytes from the path. */
static int put_in_place(struct file_save *s)
{
	if (fsync(s->fd) || rename(s->temp, s->path))
		return errno;
	return 0;
}

accel_status file_save_close(struct file_save *s)
{
	accel_status status;

	if (!s)
		return ACCEL_ERR_IO;
	status = s->why;
	if (!s->err && !s->why)
		s->err = put_in_place(s);
	if (s->err || s->why)
		unlink(s->temp);
	else
		s->err = sync_directory(s->path);
	close(s->fd); /* synced; and it holds the lock */
	if (s->err) {
		io_error("write", s->path, s->err);
		status = ACCEL_ERR_IO;
	}
	mem_free(s);
	return status;
}
