/* Why an array ended as it did, made of the verdicts of its tasks: what most of them say comes first, and
 * every cause is there with its tasks. Pure. */
#ifndef SLUICE_DOMAIN_VERDICT_ARRAY_H
#define SLUICE_DOMAIN_VERDICT_ARRAY_H

#include "base/err.h"
#include "base/str.h"

enum { VERDICT_NAMED_TASKS = 20 };

struct verdict_task {
    int64_t number;
    char *json; /* as verdict_json makes it; owned by the caller */
};
/* Appends {code, title, evidence, next} of the commonest cause, evidence also of the others, and `tasks`:
 * [{code, title, count, tasks: [number, ...]}], at most VERDICT_NAMED_TASKS numbers each. tasks: those that
 * have a verdict, ascending; total: of all tasks. Nothing where there are none. ERR_CORRUPT: a task's
 * verdict cannot be read. */
int verdict_array_json(const struct verdict_task *tasks, size_t count, size_t total, struct str *out,
                       struct err *err);

#endif
