/* Reading a job's log by offset: each byte once, through requeues and restarts of the gateway. */
#ifndef SLUICE_CLI_FOLLOW_H
#define SLUICE_CLI_FOLLOW_H

#include "cli/ask.h"
#include "cli/log_view.h"

struct follow {
    const char *job;                  /* id */
    int64_t attempt;                  /* 0: the last one, and the next ones as they come */
    int64_t task;                     /* -1: none */
    int64_t offset;                   /* of the next byte */
    int64_t lines;                    /* > 0: begin with the last so many lines instead of offset */
    bool is_scheduler_log, has_shown; /* has_shown: its own */
    struct log_view view;
};

/* Tells that there will never be one: the scheduler's log of a job without Slurm. */
bool follow_is_futile(struct cli *cli, const struct follow *follow, const struct doc *job);
/* What there is now. 0 or an exit status (told). A log that does not exist yet is told and EXIT_NOT_THERE. */
int follow_once(struct cli *cli, struct follow *follow);
/* Until the job has ended and all its bytes are read; *answer is the ended job. */
int follow_to_end(struct cli *cli, struct follow *follow, struct answer *job);

#endif
