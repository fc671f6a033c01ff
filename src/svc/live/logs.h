/* Logs of jobs: bytes by offset, or lines, from the run directory on the cluster. */
#ifndef SLUICE_SVC_LIVE_LOGS_H
#define SLUICE_SVC_LIVE_LOGS_H

#include "svc/answer.h"
#include "svc/gateway.h"

#include <limits.h>

struct log_call {
    int64_t job_id;
    int64_t attempt;     /* 0: the last */
    int64_t task;        /* array task, -1: none */
    int64_t offset;      /* < 0: from the end */
    int64_t limit;       /* bytes, 0: the default */
    int64_t line, lines; /* lines > 0: by line */
    bool scheduler_log;  /* slurm.log instead of the attempt's own */
};

struct logs *logs_new(const struct gateway *gw);
void logs_free(struct logs *logs);
/* answer.body: the bytes; offset and size set. A log that has not begun is no error: not_begun, and no bytes.
 * ERR_NOT_FOUND: there is no such job, attempt or task. */
int logs_read(struct logs *logs, const struct log_call *call, answer_done *done, void *ctx, struct err *err);

/* Lines of the whole log that hold a text. answer.body: {"total": n, "items": [{line, text}], "next": line or
 * null}; carriage returns are folded, bad bytes replaced. In a log that has not begun nothing is found. */
struct log_search {
    struct log_call log; /* job, attempt, task, scheduler_log */
    const char *pattern;
    bool is_regex, ignores_case;
    int64_t first_line, limit;
};
int logs_search(struct logs *logs, const struct log_search *search, answer_done *done, void *ctx,
                struct err *err);
/* Whether there is such a log, or may be one later; fills in which attempt is the last. */
int logs_find(struct logs *logs, struct log_call *call, struct err *err);
#define LOGS_NOTHING_READ UINT_MAX
/* For who reads along: where the log was cut or replaced meanwhile it begins anew, and where all of an
 * attempt is read and the next one's log is there, that one follows (unless the attempt is the caller's
 * choice). *renewals: of the log as it was read so far, LOGS_NOTHING_READ at first: where to begin is then
 * the caller's choice, but for an offset behind the end of a log that was cut before. */
void logs_go_on(struct logs *logs, struct log_call *call, bool is_chosen, unsigned *renewals);
/* Everything known of a log to which more may come stands before call->offset: wait (svc/live/follow.h). */
bool logs_is_read_up(struct logs *logs, const struct log_call *call);
/* Whether more may come behind what there is. */
bool logs_is_open(struct logs *logs, int64_t job_id);

#endif
