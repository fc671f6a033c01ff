/* Bodies of POST /jobs through the whole schema: a request or errors, never both. */
#include "domain/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_errs struct errs errs = { 0 };
    struct request *request = NULL;
    int rc = request_parse((struct span){ (const char *)data, size }, &request, &errs);
    if ((rc == 0) != (request != NULL) || (rc == 0) != (errs.count == 0))
        __builtin_trap();
    request_free(request);
    return 0;
}
