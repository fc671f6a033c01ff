/* sacct's rows, NULs for the mark (fuzz.h): each job is found again by its id and token. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_str struct str out = { 0 };
    fuzz_unfold((struct span){ (const char *)data, size }, 1, &out);
    auto_sacct struct sacct rows = { 0 };
    (void)slurm_parse_sacct(str_span(&out), &fuzz_nonce, &rows, NULL);
    for (size_t i = 0; i < rows.count && i < 64; i++)
        (void)sacct_find(&rows, &rows.jobs[i].id, rows.jobs[i].token);
    return 0;
}
