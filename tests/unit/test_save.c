// SPDX-License-Identifier: MIT
/* Replacing a file: whole at every moment, whoever else saves or dies. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <accel/status.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/file.h"
#include "files.h"
#include "tap.h"

#define BIG 300000

/* A file full of one letter. */
static accel_status save(const char *path, char letter)
{
	static char text[BIG];
	struct file_save *s = file_save_open(path);

	memset(text, letter, sizeof(text));
	file_save_write(s, text, sizeof(text));
	return file_save_close(s);
}

/* The letter, 0 where it is no whole file. */
static char whole(const char *path)
{
	size_t size = 0, i;
	char *text = file_load(path, &size), letter = text ? *text : 0;

	for (i = 0; i < size; i++)
		if (text[i] != letter)
			break;
	if (i != BIG)
		letter = 0;
	mem_free(text);
	return letter;
}

static void killed(void)
{
	const char *path = file_path("model");
	struct file_save *s;
	int status, i;
	pid_t pid;

	save(path, 'a');
	for (i = 0; i < 3; i++) {
		pid = fork();
		if (!pid) {
			s = file_save_open(path);
			file_save_write(s, "half of it, or less", 19);
			raise(SIGKILL);
		}
		waitpid(pid, &status, 0);
		if (!WIFSIGNALED(status) || whole(path) != 'a')
			break;
	}
	CHECK(i == 3, "a saver that is killed leaves the old file");
	CHECK(!access(file_path("model.tmp"), F_OK),
	      "and, however often, one temporary file");
	CHECK(!save(path, 'b') && whole(path) == 'b' &&
		      access(file_path("model.tmp"), F_OK),
	      "which is gone with the next save");
}

static void together(void)
{
	const char *path = file_path("shared");
	int i, status, good = 0, torn = 0;
	pid_t pid[4];

	save(path, 'z');
	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (status = 0; status < 20; status++)
			if (save(path, (char)('a' + i)))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 200; i++)
		torn += !whole(path);
	for (i = 0; i < 4; i++) {
		waitpid(pid[i], &status, 0);
		good += WIFEXITED(status) && !WEXITSTATUS(status);
	}
	CHECK(good == 4 && !torn, "four savers of one file do not meet");
	CHECK(access(file_path("shared.tmp"), F_OK), "and leave nothing");
}

static void refused(void)
{
	const char *dir = file_path("directory"), *fifo = file_path("fifo");
	struct stat st;

	mkdir(dir, 0777);
	CHECK(save(dir, 'a') == ACCEL_ERR_IO &&
		      strstr(accel_last_error(), "a directory"),
	      "a directory is refused: %s", accel_last_error());
	rmdir(dir);
	mkfifo(fifo, 0666);
	CHECK(save(fifo, 'a') == ACCEL_ERR_IO && !stat(fifo, &st) &&
		      S_ISFIFO(st.st_mode),
	      "what is no regular file stays: %s", accel_last_error());
	unlink(fifo);
	CHECK(save(file_path("no/file"), 'a') == ACCEL_ERR_IO &&
		      strstr(accel_last_error(), "No such file"),
	      "nowhere to write: %s", accel_last_error());
}

int main(void)
{
	files_begin();
	killed();
	together();
	refused();
	CHECK(files_end() == 2, "nothing but the two files is left");
	return tap_done();
}
