#include "base/needle.h"

#include <assert.h>
#include <string.h>

void needle_init(struct needle *needle, struct span what)
{
    assert(what.len > 0 && what.len <= MAX_NEEDLE_BYTES);
    needle->what = what;
    memset(needle->skip, (int)what.len, sizeof(needle->skip));
    for (size_t i = 0; i + 1 < what.len; i++)
        needle->skip[(unsigned char)what.ptr[i]] = (unsigned char)(what.len - 1 - i);
}

size_t needle_find(const struct needle *needle, struct span text)
{
    size_t last = needle->what.len - 1;
    char end = needle->what.ptr[last];
    for (size_t at = last; at < text.len;) {
        char c = text.ptr[at];
        if (c == end && memcmp(text.ptr + at - last, needle->what.ptr, last) == 0)
            return at - last;
        at += needle->skip[(unsigned char)c];
    }
    return text.len;
}
