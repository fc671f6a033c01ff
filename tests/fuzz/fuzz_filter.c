/* The filter language: a filter, or an error that says the column. */
#include "fuzz.h"

#include "domain/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_job_filter struct job_filter filter = { 0 };
    struct err err = { 0 };
    if (job_filter_parse((struct span){ (const char *)data, size }, &filter, &err) == 0)
        return 0;
    must(span_starts(span_of(err.text), "filter") && filter.states == 0 && !filter.text);
    return 0;
}
