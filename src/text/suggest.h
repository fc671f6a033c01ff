/* "did you mean ...?": the nearest of some known names. Pure. */
#ifndef SLUICE_TEXT_SUGGEST_H
#define SLUICE_TEXT_SUGGEST_H

#include <stddef.h>

/* The name within about a third of the word's letters by insertions, deletions, changes and swaps of
 * neighbours (letter case does not count), or NULL. The first of equals. Words past 64 bytes have none. */
const char *suggest_nearest(const char *word, const char *const *names, size_t count);

#endif
