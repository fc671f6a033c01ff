#include "base/token.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford: no i l o u */

void token_random(void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = getrandom((char *)bytes + done, len - done, 0);
        if (n <= 0)
            abort();
        done += (size_t)n;
    }
}

struct token token_new(int64_t wall_us)
{
    unsigned char raw[16];
    uint64_t ms = (uint64_t)(wall_us / US_PER_MS);
    token_random(raw, sizeof(raw));
    for (int i = 0; i < 6; i++)
        raw[i] = (unsigned char)(ms >> (40 - 8 * i));

    struct token token = { "jx" };
    unsigned bits = 0, have = 2; /* 26 characters carry 130 bits: the two highest are zero */
    size_t in = 0;
    for (int i = 0; i < TOKEN_CHARS - 2; i++) {
        while (have < 5) {
            bits = (bits << 8) | raw[in++];
            have += 8;
        }
        have -= 5;
        token.text[2 + i] = alphabet[(bits >> have) & 31];
    }
    return token;
}

struct nonce nonce_new(void)
{
    unsigned char raw[NONCE_CHARS / 2];
    struct nonce nonce = { "" };
    token_random(raw, sizeof(raw));
    for (size_t i = 0; i < sizeof(raw); i++) {
        nonce.text[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        nonce.text[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    return nonce;
}

static bool is_token_char(char c)
{
    return c && strchr(alphabet, c);
}

bool token_is_valid(struct span text)
{
    if (text.len != TOKEN_CHARS || !span_starts(text, "jx") || text.ptr[2] > '7')
        return false;
    for (size_t i = 2; i < text.len; i++)
        if (!is_token_char(text.ptr[i]))
            return false;
    return true;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct span token_find(struct span text)
{
    for (size_t i = 0; i + TOKEN_CHARS <= text.len; i++) {
        if (text.ptr[i] != 'j' || (i > 0 && is_word_char(text.ptr[i - 1])))
            continue;
        size_t end = i + TOKEN_CHARS;
        struct span word = { text.ptr + i, TOKEN_CHARS };
        if (token_is_valid(word) && (end == text.len || !is_word_char(text.ptr[end])))
            return word;
    }
    return (struct span){ 0 };
}
