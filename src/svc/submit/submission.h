/* One request on its way to a job: what the files of svc/submit/submit share. */
#ifndef SLUICE_SVC_SUBMIT_SUBMISSION_H
#define SLUICE_SVC_SUBMIT_SUBMISSION_H

#include "domain/resolve.h"
#include "store/misc_store.h"
#include "svc/answer.h"
#include "svc/cluster/facts.h"
#include "svc/cluster/gpus.h"
#include "svc/project/snapshots.h"
#include "text/doc.h"

struct follower { /* asked the same under the same Idempotency-Key */
    answer_done *done;
    void *ctx;
    struct follower *next;
};

struct submit {
    const struct gateway *gw;
    struct facts *facts;
    struct snapshots *snapshots;
    struct submission *under_way;
};

struct submission {
    struct submit *submit;
    bool is_preview; /* render only */
    bool is_trial;   /* render, and the scheduler's own test */
    char *user, *key, *scope, *hash;
    answer_done *done;
    void *ctx;
    struct follower *followers;

    struct doc *body; /* until the request has it */
    struct request *request;
    struct project_row project;
    struct project_config *config;
    struct cluster *cluster;
    struct resolved *resolved;
    struct errs errs;
    char *upstream; /* the scheduler's own words of a dry run */
    struct submission *prev, *next;
};

void submission_free(struct submission *s);
/* Each answers, and frees s. */
void submission_answer(struct submission *s, const struct answer *answer);
void submission_fail(struct submission *s, const struct err *err);
void submission_fail_errs(struct submission *s);

/* svc/submit/submit_job.c: renders, stores the intent, and answers after its commit. snapshot NULL: git tells
 * later. */
void submission_commit(struct submission *s, const struct snapshot *snapshot);
/* svc/submit/submit_look.c: may the job leave before git was asked? Its code is used in place, and nothing
 * hangs on its state. */
bool submission_looks_late(const struct submission *s);
/* Of a job whose intent is stored. done runs once, later, when what is to be known is stored or cannot be. */
typedef void submission_looked(void *ctx);
void submission_look(struct submission *s, int64_t job_id, submission_looked *done, void *ctx);
/* The job's name: the request's, else the project's. */
const char *submission_name(const struct submission *s);
/* svc/submit/preview.c. -1 with errors in s->errs. */
struct rendered;
int submission_render(struct submission *s, const char *token, struct rendered *out);
/* svc/submit/preview.c: renders, and for a dry run asks the scheduler. */
void submission_preview(struct submission *s);

#endif
