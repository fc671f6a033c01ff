#include "text/needles.h"

#include <assert.h>
#include <string.h>

enum { MAX_WINDOW = 32 };

static unsigned pair_at(const char *text)
{
    return (unsigned)(unsigned char)text[0] << 8 | (unsigned char)text[1];
}

static size_t shortest(const char *const *words, size_t count)
{
    size_t least = MAX_WINDOW;
    for (size_t i = 0; i < count; i++)
        least = strlen(words[i]) < least ? strlen(words[i]) : least;
    return least;
}

void needles_init(struct needles *needles, const char *const *words, size_t count)
{
    size_t window = shortest(words, count);
    *needles = (struct needles){ .words = words, .count = count, .window = window };
    memset(needles->jumps, (int)window - 1, sizeof(needles->jumps)); /* the pair stands in no word */
    for (size_t i = 0; i < count; i++) {
        unsigned first = pair_at(words[i]);
        needles->begins[first / 8] |= (unsigned char)(1U << first % 8);
        for (size_t k = 0; k + 1 < window; k++) {
            unsigned char *jump = &needles->jumps[pair_at(words[i] + k)];
            size_t left = window - 2 - k;
            *jump = left < *jump ? (unsigned char)left : *jump;
        }
    }
}

static bool find_word(const struct needles *needles, struct span rest, size_t *word)
{
    unsigned first = pair_at(rest.ptr);
    if (!(needles->begins[first / 8] & 1U << first % 8))
        return false;
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
    const char *begin = text.ptr + *at;
    size_t left = *at < text.len ? text.len - *at : 0, window = needles->window;
    while (left >= window) {
        size_t jump = needles->jumps[pair_at(begin + window - 2)];
        if (jump == 0) {
            if (find_word(needles, (struct span){ begin, left }, word)) {
                *at = (size_t)(begin - text.ptr);
                return true;
            }
            jump = 1;
        }
        assert(jump < left); /* none is longer than the window */
        begin += jump;
        left -= jump;
    }
    return false;
}
