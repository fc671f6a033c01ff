#include "text/sha1.h"

#include <string.h>

enum { BLOCK_BYTES = 64 };

struct sha1 {
    uint32_t h[5];
    unsigned char block[BLOCK_BYTES];
    uint64_t total;
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void mix(struct sha1 *s)
{
    static const uint32_t k[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    uint32_t w[80], v[5];
    memcpy(v, s->h, sizeof(v));
    for (size_t i = 0; i < 16; i++) {
        const unsigned char *p = s->block + 4 * i;
        w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    for (size_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (size_t i = 0; i < 80; i++) {
        uint32_t choose = (v[1] & v[2]) | (~v[1] & v[3]);
        uint32_t majority = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
        uint32_t parity = v[1] ^ v[2] ^ v[3];
        uint32_t f = i < 20 ? choose : i / 20 == 2 ? majority : parity;
        uint32_t next = rotate(v[0], 5) + f + v[4] + k[i / 20] + w[i];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotate(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (size_t i = 0; i < 5; i++)
        s->h[i] += v[i];
}

static void add(struct sha1 *s, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        s->block[s->total++ % BLOCK_BYTES] = (unsigned char)bytes.ptr[i];
        if (s->total % BLOCK_BYTES == 0)
            mix(s);
    }
}

static struct sha1 start(void)
{
    return (struct sha1){ .h = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 } };
}

static void end(struct sha1 *s, unsigned char out[SHA1_BYTES])
{
    uint64_t bits = s->total * 8;
    add(s, (struct span){ "\x80", 1 });
    while (s->total % BLOCK_BYTES != BLOCK_BYTES - 8)
        add(s, (struct span){ "\0", 1 });
    char length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (char)(bits >> (56 - 8 * i));
    add(s, (struct span){ length, 8 });
    for (size_t i = 0; i < SHA1_BYTES; i++)
        out[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

static void digest(unsigned char pad[BLOCK_BYTES], struct span text, unsigned char out[SHA1_BYTES])
{
    struct sha1 s = start();
    add(&s, (struct span){ (const char *)pad, BLOCK_BYTES });
    add(&s, text);
    end(&s, out);
}

void sha1_hmac(struct span key, struct span text, unsigned char out[SHA1_BYTES])
{
    unsigned char short_key[SHA1_BYTES], inner[SHA1_BYTES], ipad[BLOCK_BYTES], opad[BLOCK_BYTES];
    if (key.len > BLOCK_BYTES) {
        struct sha1 s = start();
        add(&s, key);
        end(&s, short_key);
        key = (struct span){ (const char *)short_key, SHA1_BYTES };
    }
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        unsigned char byte = i < key.len ? (unsigned char)key.ptr[i] : 0;
        ipad[i] = byte ^ 0x36;
        opad[i] = byte ^ 0x5c;
    }
    digest(ipad, text, inner);
    digest(opad, (struct span){ (const char *)inner, SHA1_BYTES }, out);
}
