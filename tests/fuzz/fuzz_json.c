/* Request bodies: what is read must render, and read again. */
#include "text/json_in.h"
#include "text/json_out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_doc struct doc *doc = NULL, *again = NULL;
    struct err err;
    if (json_parse((struct span){ (const char *)data, size }, &doc, &err) < 0)
        return 0;
    auto_str struct str text = STR_MAX((size_t)64 << 20);
    struct json_out out = { .to = &text };
    json_doc(&out, doc);
    if (!text.failed && json_parse(str_span(&text), &again, &err) < 0 && err.code != ERR_TOO_LARGE)
        __builtin_trap();
    return 0;
}
