/* Rows as our squeue and sacct commands make Slurm print them. */
#ifndef SLUICE_TESTS_UNIT_SLURM_ROWS_H
#define SLUICE_TESTS_UNIT_SLURM_ROWS_H

#include "sample.h"

static inline void rows_add_squeue(struct str *to, const char *id, const char *state, const char *name,
                                   const char *token)
{
    str_addf(
        to,
        "%s\037%s\037%s\037%s\037ada\037gpu\037ml\037normal\037gpu01\0371\0378\0371795186400\0371795186490"
        "\037N/A\0371000\0371:00:00\037",
        SAMPLE_NONCE, id, "27", state);
    str_addf(to, "%s=gres:gpu:2%s=(null)%s=None%s=%s%s=(null)%s=/w/runs/%s%s=/w/runs/%s/script.sh%s.\n",
             SAMPLE_NONCE, SAMPLE_NONCE, SAMPLE_NONCE, SAMPLE_NONCE, name, SAMPLE_NONCE, SAMPLE_NONCE, token,
             SAMPLE_NONCE, token, SAMPLE_NONCE);
}

/* 23 columns, each ended by the mark. */
static inline void rows_add_sacct(struct str *to, const char *id, const char *state, const char *code,
                                  const char *token)
{
    str_addf(to, "%s" SAMPLE_MARK "27" SAMPLE_MARK "%s" SAMPLE_MARK "%s" SAMPLE_MARK, id, state, code);
    for (int i = 4; i < 21; i++)
        str_add(to, SAMPLE_MARK);
    str_addf(to,
             "/w/runs/%s" SAMPLE_MARK "sbatch --parsable --ignore-pbs /w/runs/%s/script.sh" SAMPLE_MARK "\n",
             token, token);
}

static inline struct token rows_token(int n)
{
    struct token token = { "jx01jd3f7v8w9x0y1z2a3b4c5d6e" };
    for (int i = TOKEN_CHARS - 1; n > 0; i--, n /= 10)
        token.text[i] = (char)('0' + n % 10);
    return token;
}

#endif
