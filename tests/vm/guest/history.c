// SPDX-License-Identifier: GPL-2.0-only
/*
 * history FILE [SQL]: what is wrong with a history (nothing: "ok"), then the
 * first column of the query's rows, a line each.
 */
#include <sqlite3.h>
#include <stdio.h>

static int row(void *unused, int n, char **value, char **name)
{
	(void)unused;
	(void)name;
	if (n > 0)
		puts(value[0] ? value[0] : "NULL");
	return 0;
}

int main(int argc, char **argv)
{
	sqlite3 *db;
	int bad;

	if (argc < 2)
		return 2;
	bad = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) ||
	      sqlite3_exec(db, "PRAGMA integrity_check", row, NULL, NULL) ||
	      (argc > 2 && sqlite3_exec(db, argv[2], row, NULL, NULL));
	if (bad)
		fprintf(stderr, "history: %s\n", sqlite3_errmsg(db));
	sqlite3_close(db);
	return bad;
}
