#include "slurm/sacct.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = { (const char *)data, len };
    auto_sacct struct sacct rows = { 0 };
    const struct nonce nonce = { "c0ffee00112233445566778899aabbdd" };
    (void)slurm_parse_sacct(text, &nonce, &rows, NULL);
    for (size_t i = 0; i < rows.count && i < 64; i++)
        (void)sacct_find(&rows, &rows.jobs[i].id, rows.jobs[i].token);
    return 0;
}
