/* For tests of transports: run a program, keep what came back. */
#ifndef SLUICE_TESTS_SUPPORT_RUNS_H
#define SLUICE_TESTS_SUPPORT_RUNS_H

#include "exec/transport.h"
#include "io/loop.h"

struct answer {
    unsigned calls;
    enum run_end end;
    struct err err;
    int rc;
    char *text; /* of the section "out" */
    size_t len;
    char *err_text, *noise;
    struct run *run;
    int64_t elapsed_us;
    struct nonce nonce;
    char *program;
};

/* body's output becomes the section "out". stream_fd -1: none. */
struct run_request runs_request(struct answer *answer, const char *body);
void runs_done(void *ctx, const struct run_result *result); /* ctx is the answer */
/* Starts body, or fails the test. */
void runs_start(struct transport *t, struct answer *answer, const char *body);
void runs_wait(struct loop *loop, struct answer *answers, size_t count); /* until each was called */
struct answer runs_one(struct loop *loop, struct transport *t, const char *body);
void runs_clear(struct answer *answer);

#endif
