/* SPDX-License-Identifier: MIT */
/*
 * JSON for programs. Every object that a command prints on its own begins with
 * JSON_SCHEMA: a key that goes or changes its meaning raises the number, a new
 * one does not.
 */
#ifndef TOOLS_COMMON_JSON_H
#define TOOLS_COMMON_JSON_H

#include <stdio.h>

#define JSON_SCHEMA "\"schema\":1"

void json_text(FILE *f, const char *text); /* with its quotes */
void json_number(FILE *f, double value); /* null unless finite */

#endif /* TOOLS_COMMON_JSON_H */
