// SPDX-License-Identifier: MIT
/* What stands in a table where there is no value. */
#include "words.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "spelling.h"

#define WORD_MAX 128

static bool among(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(text, *words))
			return true;
	return false;
}

/* Windows' C: 1.#QNAN, -1.#IND00, and 1.#R where two digits are asked for. */
static bool is_windows_nan(const char *text)
{
	text += *text == '-' || *text == '+';
	return !strncmp(text, "1.#", 3) && strncasecmp(text + 3, "INF", 3);
}

enum absence word_absence(const char *text)
{
	/* C's printf, pandas, Excel, MySQL; no class is called so */
	static const char *const never[] = {
		"",         "?",           "nan",     "-nan",  "+nan",
		"nan(ind)", "-nan(ind)",   "<na>",    "#n/a",  "#n/a n/a",
		"#na",      "#value!",     "#div/0!", "#ref!", "#num!",
		"#null!",   "#name?",      "nat",     "\\n",   "(null)",
		"-",        "--",          "---",     ".",     "..",
		"...",      "unavailable", NULL
	};
	/* "none" in small letters is a class more often than not */
	static const char *const words[] = { "na",      "n/a", "n.a.",
					     "null",    "nil", "unknown",
					     "missing", NULL };

	if (*text && !strchr("nN#?-+1<\\(.uUmM", *text)) /* most cells */
		return ABSENT_NO;
	if (among(text, never) || is_windows_nan(text))
		return ABSENT_YES;
	return among(text, words) || !strcmp(text, "None") ? ABSENT_WORD
							   : ABSENT_NO;
}

static bool same_value(const char *a, const char *b)
{
	double v, w;

	return spelling_any(a, &v) && spelling_any(b, &w) && v == w;
}

bool word_listed(const char *list, const char *text)
{
	char word[WORD_MAX];
	size_t len;

	for (; list && *list; list += len + (list[len] != 0)) {
		len = strcspn(list, ",");
		if (len >= sizeof(word))
			continue;
		memcpy(word, list, len);
		word[len] = 0;
		if (!strcmp(text, word) || same_value(text, word))
			return true;
	}
	return false;
}
