#include "slurm/squeue.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = { (const char *)data, len };
    auto_squeue struct squeue rows = { 0 };
    const struct nonce nonce = { "c0ffee00112233445566778899aabbdd" };
    (void)slurm_parse_squeue(text, &nonce, &rows, NULL);
    for (size_t i = 0; i < rows.count; i++)
        (void)squeue_row_covers(&rows.rows[i], 3);
    return 0;
}
