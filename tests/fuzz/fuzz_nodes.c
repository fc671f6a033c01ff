#include "slurm/nodes.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = { (const char *)data, len };
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    (void)slurm_parse_nodes(text, &nodes, NULL);
    for (size_t i = 0; i < nodes.count; i++)
        (void)slurm_node_is_whole(&nodes.nodes[i]);
    return 0;
}
