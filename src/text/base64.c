#include "text/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_decode(struct span text, struct str *out)
{
    for (int i = 0; i < 2 && span_ends(text, "="); i++)
        text.len--;
    if (text.len % 4 == 1)
        return false;
    unsigned bits = 0, have = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] ? strchr(alphabet, text.ptr[i]) : NULL;
        if (!at)
            return false;
        bits = (bits << 6 | (unsigned)(at - alphabet)) & 0xffffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            str_add_char(out, (char)(bits >> have));
        }
    }
    return true;
}

void base64_encode(struct span bytes, bool padded, struct str *out)
{
    unsigned bits = 0, have = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = (bits << 8 | (unsigned char)bytes.ptr[i]) & 0xffff;
        for (have += 8; have >= 6; have -= 6)
            str_add_char(out, alphabet[bits >> (have - 6) & 63]);
    }
    if (have)
        str_add_char(out, alphabet[bits << (6 - have) & 63]);
    for (size_t i = bytes.len; padded && i % 3; i++)
        str_add_char(out, '=');
}
