/* The filter language of lists, the page's and the API's:
 *
 *     state:failed cluster:alder gpu:h100 project:x user:me group:g tag:y age:<2d name:lr archived:yes free
 * text
 *
 * Terms are separated by blanks; all must hold. A value may stand in double quotes ("" inside for one). Words
 * without a key are the text, which stands in a job's name or is its scheduler id; to look for a word with a
 * colon, quote it. `state` takes several, by comma: state words, or the groups active  not ended       queued
 * waiting       running  the state of that name failed  ended otherwise than completed, cancelled or revoked
 * (the state `failed` alone is `state:=failed`) ended   all that ended `age:<2d` younger, `age:>90m` older;
 * units s m h d w. A key given twice is an error. Keys and states may be in
 * capitals. There is no "not": a word that begins with "-" and holds a key is an error, too. Pure. */
#ifndef SLUICE_DOMAIN_FILTER_H
#define SLUICE_DOMAIN_FILTER_H

#include "base/err.h"
#include "base/span.h"

struct job_filter {  /* owned strings, NULL: no condition */
    uint64_t states; /* bit 1 << JOB_STATE_...; 0: all */
    char *cluster, *project, *user, *gpu_type, *group, *tag, *name, *text;
    int64_t younger_than_s, older_than_s; /* 0: no condition */
    bool archived_too;
};
void job_filter_clear(struct job_filter *filter);
#define auto_job_filter __attribute__((cleanup(job_filter_clear)))

/* ERR_INVALID: "filter, column 7: ...". *out is written on success only (and must be zero or cleared). */
int job_filter_parse(struct span text, struct job_filter *out, struct err *err);

/* It has no condition: all jobs (but archived ones) pass. */
bool job_filter_is_empty(const struct job_filter *filter);

/* The states that are failures to a person: see above. Bits as in job_filter.states. */
uint64_t job_states_failed(void);
uint64_t job_states_in(bool ended); /* all that ended, or all that have not */

#endif
