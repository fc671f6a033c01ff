/* Config files: any bytes give a tree or errors, never both, and end soon. */
#include "text/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_errs struct errs errs = { 0 };
    auto_doc struct doc *doc = NULL;
    int rc = yaml_parse((struct span){ (const char *)data, size }, "fuzz", &doc, &errs);
    if ((rc == 0) != (doc != NULL) || (rc == 0) != (errs.count == 0))
        __builtin_trap();
    if (doc)
        doc_core_tree(doc);
    return 0;
}
