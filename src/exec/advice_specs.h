/* What an executor answers before there is a job: dry runs and limits (exec/executor.h). */
#ifndef SLUICE_EXEC_ADVICE_SPECS_H
#define SLUICE_EXEC_ADVICE_SPECS_H

#include "base/err.h"
#include "base/span.h"

/* --- dry run: would this script be taken, and when would it start? --- */
struct test_result {
    bool accepted;
    int64_t start_s;      /* SEEN_ABSENT unknown */
    const char *upstream; /* the scheduler's own words */
    const char *field, *hint;
};
typedef void test_done(void *ctx, const struct test_result *result, const struct err *err);

/* --- what the scheduler allows (partitions, associations, QOS), for the form and for checks at submit --- */
typedef void text_done(void *ctx, struct span text, const struct err *err);

#endif
