/* Reads a captured sample. Tests run from the repository's root. */
#ifndef SLUICE_TESTS_UNIT_SLURM_SAMPLE_H
#define SLUICE_TESTS_UNIT_SLURM_SAMPLE_H

#include "base/mem.h"
#include "base/str.h"
#include "base/token.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline struct str sample_read(const char *name)
{
    struct str text = STR_MAX(64 * 1024 * 1024);
    char path[256], chunk[4096];
    snprintf(path, sizeof(path), "tests/data/slurm/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no sample %s", path);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        str_add_span(&text, (struct span){ chunk, n });
    fclose(file);
    return text;
}

#define SAMPLE_NONCE "c0ffee00112233445566778899aabbdd"
#define SAMPLE_MARK  "c0ffee001122" /* of sacct's fields */
#define SAMPLE_TOKEN "jx01jd3f7v8w9x0y1z2a3b4c5d6e"

static inline struct nonce sample_nonce(void)
{
    return (struct nonce){ SAMPLE_NONCE };
}

#define assert_span(s, text)                                               \
    do {                                                                   \
        struct span got_ = (s);                                            \
        if (!span_is(got_, (text)))                                        \
            fail_msg("got '%.*s', expected '%s'", SPAN_FMT(got_), (text)); \
    } while (0)

/* A stream of pseudo-random numbers that is the same every time. */
static inline uint32_t sample_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* Calls read with every prefix of text, and with `rounds` mutations of it, each in a block of its own exact
 * size, so that ASan sees a step beyond it. */
static inline void sample_torture(struct span text, int rounds, void (*read)(struct span))
{
    for (size_t len = 0; len <= text.len; len++) {
        char *copy = mem_alloc(len ? len : 1);
        memcpy(copy, text.ptr, len);
        read((struct span){ copy, len });
        mem_free_ptr(&copy);
    }
    uint64_t state = 42;
    for (int i = 0; i < rounds; i++) {
        char *copy = mem_alloc(text.len ? text.len : 1);
        memcpy(copy, text.ptr, text.len);
        for (uint32_t n = 1 + sample_random(&state) % 8; n > 0 && text.len; n--)
            copy[sample_random(&state) % text.len] = (char)sample_random(&state);
        read((struct span){ copy, text.len });
        mem_free_ptr(&copy);
    }
}

#endif
