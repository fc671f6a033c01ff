/* Many fixed words looked for at once, at memory speed: a table over two bytes says where one may begin. */
#ifndef SLUICE_TEXT_NEEDLES_H
#define SLUICE_TEXT_NEEDLES_H

#include "base/span.h"

struct needles {
    const char *const *words; /* borrowed; two bytes each at least */
    size_t count;
    unsigned char begins[65536 / 8];
};

void needles_init(struct needles *needles, const char *const *words, size_t count);
/* The first of them from *at on: *at is where it begins, *word which it is (the first in the list that fits
 * there). False: none. Go on at *at + 1. */
bool needles_next(const struct needles *needles, struct span text, size_t *at, size_t *word);

#endif
