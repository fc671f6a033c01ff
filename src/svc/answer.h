/* How services answer callers above them: once, later, from the loop. */
#ifndef SLUICE_SVC_ANSWER_H
#define SLUICE_SVC_ANSWER_H

#include "base/err.h"
#include "base/span.h"
#include "text/errs.h"

struct answer {
    bool ok;
    struct span body;        /* ok: JSON or bytes, valid during the callback */
    struct err err;          /* not ok */
    const struct errs *errs; /* not ok: one per field or place in a config file, or NULL */
    const char *upstream;    /* the scheduler's or ssh's own words, or NULL */
    const char *hint;        /* the next step, or NULL */
    int64_t job_id;          /* of a job made or meant, 0 none */
    int64_t offset, size;    /* logs: where body starts, and the file's whole length */
    bool not_begun;          /* logs: ok, and there is no file (yet) */
};
typedef void answer_done(void *ctx, const struct answer *answer);

#endif
