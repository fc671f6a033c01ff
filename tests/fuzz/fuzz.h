/* What the fuzz targets share. */
#ifndef SLUICE_TESTS_FUZZ_H
#define SLUICE_TESTS_FUZZ_H

#include "base/str.h"
#include "base/token.h"
#include "slurm/sacct.h"

#include <stdio.h>
#include <stdlib.h>

static const struct nonce fuzz_nonce = { "c0ffee00112233445566778899aabbdd" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input; says which line did not. */
#define must(holds) ((holds) ? (void)0 : must_fail(__FILE__, __LINE__, #holds))
static inline void must_fail(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: must hold: %s\n", file, line, what);
    abort();
}

/* To let the fuzzer meet the nonce that real output is full of, each NUL of the input stands for it; in the
 * sections (0xff parts them) whose bits are set in accounting, for the mark that ends sacct's fields. */
static inline void fuzz_unfold(struct span in, unsigned accounting, struct str *out)
{
    *out = STR_MAX((size_t)64 << 20);
    struct span nonce = span_of(fuzz_nonce.text);
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i])
            str_add_char(out, in.ptr[i]);
        else
            str_add_span(out, accounting & 1 ? span_head(nonce, SACCT_MARK_CHARS) : nonce);
        if (in.ptr[i] == '\xff')
            accounting >>= 1;
    }
}

#endif
