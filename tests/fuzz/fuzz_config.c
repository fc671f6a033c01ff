/* Files through their whole schemas: the first byte picks which of the three it is. */
#include "domain/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = { "project", "clusters", "sluice", NULL };
    auto_errs struct errs errs = { 0 };
    if (size == 0)
        return 0;
    struct span text = { (const char *)data + 1, size - 1 };
    int rc = config_check(kinds[data[0] % 4], "fuzz.yaml", text, &errs);
    if ((rc == 0) != (errs.count == 0))
        __builtin_trap();
    return 0;
}
