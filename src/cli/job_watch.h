/* Waiting for a job by long polls, through restarts of the gateway. */
#ifndef SLUICE_CLI_JOB_WATCH_H
#define SLUICE_CLI_JOB_WATCH_H

#include "cli/ask.h"

enum { WAIT_FOR_EVER_S = -1 };

/* Waits until the job (a reference as the user gave it, NULL: the last) is `submitted` or `terminal`, at most
 * timeout_s seconds. 0: *answer is the job as it was seen last; whether it got there is for the caller to
 * look. Else an exit status, and everything has been told. While the gateway does not answer it is asked
 * again for PATIENCE_S. */
enum { PATIENCE_S = 180 };
int job_watch(struct cli *cli, const char *job, const char *what, int64_t timeout_s, struct answer *answer);

/* One GET that is asked again the same way: 0 with any status, or -1 once patience is over. */
int job_watch_raw(struct cli *cli, const char *path, int timeout_s, struct answer *answer, struct err *err);

/* "job 12 completed after 00:03:10", "job 13 failed with exit code 3: <why>", on stderr; the exit status. */
int job_watch_tell_end(struct cli *cli, const struct doc *job);

#endif
