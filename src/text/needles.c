#include "text/needles.h"

#include <string.h>

static unsigned pair_at(const char *text)
{
    return (unsigned)(unsigned char)text[0] << 8 | (unsigned char)text[1];
}

void needles_init(struct needles *needles, const char *const *words, size_t count)
{
    *needles = (struct needles){ .words = words, .count = count };
    for (size_t i = 0; i < count; i++) {
        unsigned pair = pair_at(words[i]);
        needles->begins[pair / 8] |= (unsigned char)(1U << pair % 8);
    }
}

static bool find_word(const struct needles *needles, struct span rest, size_t *word)
{
    for (size_t i = 0; i < needles->count; i++) {
        if (span_starts(rest, needles->words[i])) {
            *word = i;
            return true;
        }
    }
    return false;
}

bool needles_next(const struct needles *needles, struct span text, size_t *at, size_t *word)
{
    for (size_t i = *at; i + 1 < text.len; i++) {
        unsigned pair = pair_at(text.ptr + i);
        if (!(needles->begins[pair / 8] & 1U << pair % 8))
            continue;
        if (find_word(needles, span_skip(text, i), word)) {
            *at = i;
            return true;
        }
    }
    return false;
}
