/* Request targets: what is let through has no way out of its path. */
#include "api/target.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target target = { 0 };
    struct span params[4], raw = { (const char *)data, size };
    if (target_parse(raw, size & 1 ? "/sluice" : "", &target, NULL) < 0)
        return 0;
    if (target.path[0] != '/' || strstr(target.path, "/../") || strstr(target.path, "//") ||
        strchr(target.path, '\\'))
        __builtin_trap();
    (void)target_match("/api/v1/jobs/{job}/log", target.path, params, 4);
    (void)target_query(&target, "limit");
    target_clear(&target);
    return 0;
}
