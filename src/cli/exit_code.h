/* What the command line ends with. A job's own code (0-127, 128+n for a signal) keeps its meaning: everything
 * that is not a job's own code stands in 64-79 (what went wrong on the way, after sysexits.h) or 80-99 (how
 * else a job ended). docs/cli.md lists them from this table. */
#ifndef SLUICE_CLI_EXIT_CODE_H
#define SLUICE_CLI_EXIT_CODE_H

#include "base/err.h"
#include "domain/job_state.h"
#include "text/doc.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_JOB_FAILED = 1,    /* a job failed without a code of its own */
    EXIT_SERVE_INVALID = 2, /* serve, config check: a file, flag or variable is wrong */
    EXIT_USAGE_WRONG = 64,  /* the command line is wrong */
    EXIT_INVALID = 65,      /* the gateway refused what was asked */
    EXIT_NOT_THERE = 66,
    EXIT_NO_GATEWAY = 69,
    EXIT_GATEWAY_FAILED = 70,
    EXIT_CONFLICT = 73,
    EXIT_IO = 74, /* a file or stream of this machine */
    EXIT_LATER = 75,
    EXIT_CLUSTER_LOGIN = 76,
    EXIT_DENIED = 77,
    EXIT_SUBMIT_FAILED = 80,
    EXIT_CANCELLED = 81,
    EXIT_TIMEOUT = 82,
    EXIT_OUT_OF_MEMORY = 83,
    EXIT_NODE_FAIL = 84,
    EXIT_PREEMPTED = 85,
    EXIT_BOOT_FAIL = 86,
    EXIT_DEADLINE = 87,
    EXIT_REVOKED = 88,
    EXIT_LOST = 89,
    EXIT_STILL_GOING = 90 /* wait --timeout: the job has not ended */
};

int exit_code_of_err(enum err_code code);
int exit_code_of_word(
    const char *word); /* a problem document's `code`; NULL or unknown: EXIT_GATEWAY_FAILED */
/* How a job's document says it ended; EXIT_STILL_GOING where it has not. */
int exit_code_of_job(const struct doc *job);

#endif
