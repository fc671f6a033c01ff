#include "slurm/grammar.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = { (const char *)data, len };
    for (int kind = 0; kind <= DIRECTIVE_FLAG; kind++) {
        if (grammar_refuses((enum directive_kind)kind, text))
            continue;
        for (size_t i = 0; i < text.len; i++) /* what a directive's double quotes rest on */
            if (text.ptr[i] == '"' || text.ptr[i] == '\\' || (unsigned char)text.ptr[i] < 0x20)
                abort();
    }
    return 0;
}
