/* SPDX-License-Identifier: MIT */
/* The words of a rule's expression. */
#ifndef ACCEL_GPIO_RULES_LEX_H
#define ACCEL_GPIO_RULES_LEX_H

#include "rules.h"

enum token {
	T_END,
	T_NUMBER, /* number, with its unit in unit */
	T_TIME, /* 08:00: number is seconds */
	T_NAME,
	T_SIGN, /* one of + - * / ( ) , < > = and the like, in sign */
};

enum sign { LE = 1, GE, EQ, NE }; /* the others are themselves */

struct parser {
	struct accel_control *c;
	const char *p; /* behind the token */
	accel_control_place base; /* of the text's first character */
	const char *text;
	/* the token */
	enum token token;
	const char *start; /* of it */
	char word[64]; /* a name */
	char unit[24];
	double number;
	int sign;
	int depth, nodes;
	accel_status status;
};

void lex_begin(struct parser *s, struct accel_control *c, const char *text,
	       accel_control_place place);
/* Goes to the next token; stays at the end after an error. */
void lex_next(struct parser *s);

/*
 * "WHAT, not "TOKEN"", at the token's place. Keeps the first error; the rest of
 * the text is not looked at. Returns NULL.
 */
void *lex_fail(struct parser *s, const char *what);

/* Ends the text here, with that status. Returns NULL. */
void *lex_stop(struct parser *s, accel_status status);

accel_control_place lex_place(const struct parser *s, const char *at);

/* Words that are no names of values or outputs. */
bool lex_keyword(const char *word, size_t len);
bool lex_is_word(const struct parser *s, const char *word);
bool lex_is_sign(const struct parser *s, int sign);
/* Read a word or sign if it is the next one. */
bool lex_word(struct parser *s, const char *text);
bool lex_sign(struct parser *s, int c);

#endif /* ACCEL_GPIO_RULES_LEX_H */
