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
        const char *one = needles->words[i];
        if (one[1] == rest.ptr[1] && one[0] == rest.ptr[0] && span_starts(rest, one)) {
            *word = i;
            return true;
        }
    }
    return false;
}

bool needles_next(const struct needles *needles, struct span text, size_t *at, size_t *word)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    unsigned pair = *at < text.len ? bytes[*at] : 0;
    for (size_t i = *at; i + 1 < text.len; i++) {
        pair = (pair << 8 | bytes[i + 1]) & 0xffff;
        if (!(needles->begins[pair / 8] & 1U << pair % 8))
            continue;
        if (find_word(needles, span_skip(text, i), word)) {
            *at = i;
            return true;
        }
    }
    return false;
}
