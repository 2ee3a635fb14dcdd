/* SPDX-License-Identifier: MIT */
/* Whole files: read at once, and replaced at once or not at all. */
#ifndef ACCEL_BASE_FILE_H
#define ACCEL_BASE_FILE_H

#include <stddef.h>

#include <accel/status.h>

/*
 * Reads a whole file, a pipe too; a 0 follows its last byte. mem_free() it.
 * NULL: ERR_IO, the text has the path and the reason; ERR_NOMEM.
 */
char *file_load(const char *path, size_t *size);

/*
 * Replaces a file so that its path holds either the old bytes or all of the
 * new ones at every moment, a crash of the machine included: written beside it
 * as PATH.tmp under a lock, fsync, rename, fsync of the directory. What a
 * killed saver left there is used by the next; savers follow each other.
 *
 *   struct file_save *s = file_save_open(path);
 *   file_save_write(s, data, size);      any number of times
 *   status = file_save_close(s);
 *
 * file_save_fail() in between gives up, for a reason that is not the file's:
 * its status, whose text is set, is the one that file_save_close() returns.
 *
 * The first failure is kept and file_save_close() returns it ("No space left on
 * device"); the old file is then as it was and nothing is left beside it. What
 * is there already must be a regular file (or a link to one: the link is
 * replaced). NULL from open (the error is set) is allowed in the others.
 */
struct file_save;
struct file_save *file_save_open(const char *path);
void file_save_write(struct file_save *s, const void *data, size_t size);
void file_save_fail(struct file_save *s, accel_status why);
accel_status file_save_close(struct file_save *s);

#endif /* ACCEL_BASE_FILE_H */
