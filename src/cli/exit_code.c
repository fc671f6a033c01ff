#include "cli/exit_code.h"

#include "base/mem.h"
#include "cli/view.h"

#include <string.h>

static const unsigned char of_err[] = {
    [ERR_NONE] = EXIT_OK,
    [ERR_INVALID] = EXIT_INVALID,
    [ERR_NOT_FOUND] = EXIT_NOT_THERE,
    [ERR_CONFLICT] = EXIT_CONFLICT,
    [ERR_TOO_LARGE] = EXIT_INVALID,
    [ERR_UNSUPPORTED] = EXIT_INVALID,
    [ERR_DENIED] = EXIT_DENIED,
    [ERR_UNAUTHORIZED] = EXIT_DENIED,
    [ERR_OFFLINE] = EXIT_LATER,
    [ERR_AUTH] = EXIT_CLUSTER_LOGIN,
    [ERR_BUSY] = EXIT_LATER,
    [ERR_TIMEOUT] = EXIT_LATER,
    [ERR_REFUSED] = EXIT_SUBMIT_FAILED,
    [ERR_CANCELLED] = EXIT_CANCELLED,
    [ERR_IO] = EXIT_GATEWAY_FAILED,
    [ERR_FULL] = EXIT_GATEWAY_FAILED,
    [ERR_CORRUPT] = EXIT_GATEWAY_FAILED,
    [ERR_INTERNAL] = EXIT_GATEWAY_FAILED,
};
_Static_assert(ARRAY_LEN(of_err) == ERR_CODE_COUNT, "an exit status for every code");

static const unsigned char of_state[JOB_STATE_COUNT] = {
    [JOB_STATE_SUBMIT_FAILED] = EXIT_SUBMIT_FAILED,
    [JOB_STATE_CANCELLED] = EXIT_CANCELLED,
    [JOB_STATE_TIMEOUT] = EXIT_TIMEOUT,
    [JOB_STATE_OUT_OF_MEMORY] = EXIT_OUT_OF_MEMORY,
    [JOB_STATE_NODE_FAIL] = EXIT_NODE_FAIL,
    [JOB_STATE_PREEMPTED] = EXIT_PREEMPTED,
    [JOB_STATE_BOOT_FAIL] = EXIT_BOOT_FAIL,
    [JOB_STATE_DEADLINE] = EXIT_DEADLINE,
    [JOB_STATE_REVOKED] = EXIT_REVOKED,
    [JOB_STATE_LOST] = EXIT_LOST,
};

int exit_code_of_err(enum err_code code)
{
    return (unsigned)code < ERR_CODE_COUNT ? of_err[code] : EXIT_GATEWAY_FAILED;
}

int exit_code_of_word(const char *word)
{
    for (int code = ERR_NONE + 1; word && code < ERR_CODE_COUNT; code++)
        if (strcmp(err_word((enum err_code)code), word) == 0)
            return of_err[code];
    return EXIT_GATEWAY_FAILED;
}

int exit_code_of_job(const struct doc *job)
{
    enum job_state state = job_state_of(span_of(view_text(job, "state")));
    if (!job_state_is_terminal(state))
        return EXIT_STILL_GOING;
    if (state == JOB_STATE_COMPLETED)
        return EXIT_OK;
    if (of_state[state])
        return of_state[state];
    int64_t signal = view_int(job, "signal", 0), code = view_int(job, "exit_code", 0);
    if (signal > 0 && signal < 127)
        return 128 + (int)signal;
    return code > 0 && code < 256 ? (int)code : EXIT_JOB_FAILED;
}
