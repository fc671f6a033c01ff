/* Many fixed words looked for at once, faster than memory is read once a byte: a window as long as the
 * shortest word moves over the text, and a table over its last two bytes says how far it may jump (Wu and
 * Manber, 1994). */
#ifndef SLUICE_TEXT_NEEDLES_H
#define SLUICE_TEXT_NEEDLES_H

#include "base/span.h"

struct needles {
    const char *const *words; /* borrowed; two bytes each at least */
    size_t count, window;
    unsigned char jumps[65536];      /* by the last two bytes of the window */
    unsigned char begins[65536 / 8]; /* a bit for the first two bytes of each word */
};

void needles_init(struct needles *needles, const char *const *words, size_t count);
/* The first of them from *at on: *at is where it begins, *word which it is (the first in the list that fits
 * there). False: none. Go on at *at + 1. */
bool needles_next(const struct needles *needles, struct span text, size_t *at, size_t *word);

#endif
