#include "slurm/nodelist.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = { (const char *)data, len };
    auto_nodelist struct nodelist list = { 0 }, again = { 0 };
    auto_str struct str short_text = STR_MAX(8 * 1024 * 1024);
    if (nodelist_expand(text, &list, NULL) < 0)
        return 0;
    nodelist_compress(&list, &short_text);
    if (!short_text.failed &&
        (nodelist_expand(str_span(&short_text), &again, NULL) < 0 || again.count != list.count))
        abort(); /* the same names come back */
    return 0;
}
