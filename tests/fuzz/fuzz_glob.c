/* Ignore patterns against paths: the input is a pattern, a newline, a path. */
#include "text/glob.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { (const char *)data, size }, pattern;
    if (!span_next_line(&rest, &pattern))
        return 0;
    auto_free char *path = span_dup(rest);
    auto_free char *one = span_dup(pattern);
    (void)glob_match(one, path, size & 1);
    auto_glob_list struct glob_list list = { 0 };
    struct err err;
    if (glob_list_add_lines(&list, rest, &err) == 0)
        (void)glob_list_match(&list, one, false);
    return 0;
}
