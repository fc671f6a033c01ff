/* What a person may change of a job at any time: name, description, tags, group, archived. The scheduler is
 * not told: these are the gateway's own. */
#ifndef SLUICE_SVC_EDIT_H
#define SLUICE_SVC_EDIT_H

#include "svc/answer.h"
#include "svc/gateway.h"
#include "text/doc.h"

/* body: any of {name, description, group: string or null, tags: [string], archived: bool}. -1 with every
 * wrong field in errs and nothing done; else done runs once, after the commit, with the job's document. */
int edit_job(const struct gateway *gw, int64_t job_id, const struct doc *body, answer_done *done, void *ctx,
             struct errs *errs, struct err *err);

#endif
