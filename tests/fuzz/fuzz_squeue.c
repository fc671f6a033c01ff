/* squeue's rows, NULs for the nonce (fuzz.h): the rows lie in the output and are whole. */
#include "fuzz.h"

#include "slurm/squeue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_str struct str out = { 0 };
    fuzz_unfold((struct span){ (const char *)data, size }, 0, &out);
    auto_squeue struct squeue rows = { 0 };
    (void)slurm_parse_squeue(str_span(&out), &fuzz_nonce, &rows, NULL);
    for (size_t i = 0; i < rows.count; i++)
        (void)squeue_row_covers(&rows.rows[i], 3);
    return 0;
}
