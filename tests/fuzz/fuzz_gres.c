#include "slurm/gres.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = { (const char *)data, len };
    struct slurm_gpus gpus;
    (void)slurm_gres_parse(text, &gpus, NULL);
    (void)slurm_tres_parse(text, &gpus, NULL);
    (void)slurm_node_accepts(text);
    return 0;
}
