/* User templates over a fixed context: an output or errors, never both. The first byte says whether raw is
 * allowed. */
#include "text/template.h"
#include "text/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char context_text[] = "a: x\nb: [1, 2, [3]]\nc: {d: ~, e: [{f: g}]}\nn: 0\n";
    if (size == 0)
        return 0;
    auto_doc struct doc *context = NULL;
    if (yaml_parse(SPAN_LIT(context_text), NULL, &context, NULL) < 0)
        __builtin_trap();
    struct template_source source = { { (const char *)data + 1, size - 1 }, "fuzz", data[0] & 1 };
    auto_template_trace struct template_trace trace = { 0 };
    auto_str struct str out = STR_MAX((size_t)4 << 20);
    auto_errs struct errs errs = { 0 };
    int rc = template_render(&source, context, &out, &trace, &errs);
    if ((rc == 0) != (errs.count == 0) || (rc < 0 && out.len))
        __builtin_trap();
    return 0;
}
