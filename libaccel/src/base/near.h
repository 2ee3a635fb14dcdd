/* SPDX-License-Identifier: MIT */
/* How far a word is from another: for "did you mean". */
#ifndef ACCEL_BASE_NEAR_H
#define ACCEL_BASE_NEAR_H

#define NEAR_MAX 64 /* longer words are far from everything */
#define NEAR_FAR 1000u

/* How much has to be changed to make one word of the other, in halves: an
 * insertion, a deletion, another letter or a swap of neighbours is 2, another
 * case of a letter 1 (Damerau and Levenshtein's distance, restricted). */
unsigned int near_distance(const char *a, const char *b);

/* How far a word may be from what was meant: one change up to three letters, two
 * up to seven, else three. */
unsigned int near_room(const char *word);

#endif /* ACCEL_BASE_NEAR_H */
