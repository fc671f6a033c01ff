#include "slurm/budgets.h"
#include "slurm/limits.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = { (const char *)data, len };
    auto_slurm_limits struct slurm_limits limits = { 0 };
    auto_slurm_budgets struct slurm_budgets budgets = { 0 };
    (void)slurm_parse_partitions(text, &limits, NULL);
    (void)slurm_parse_assocs(text, &limits, NULL);
    (void)slurm_parse_qos(text, &limits, NULL);
    (void)slurm_parse_budgets(text, &budgets, NULL);
    slurm_parse_config(text, &limits);
    return 0;
}
