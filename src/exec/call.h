/* One call of the executor interface under way: a conversation of one or more programs with the cluster.
 *
 * A scheduler (exec/scheduler.h) builds a program, sends it with call_send, and is given the answer; it may
 * then send another, or end the call through exactly one of its call_end_* functions. Whatever it keeps
 * between two programs hangs on `state`. The call is freed after the answer that sent nothing more. */
#ifndef SLUICE_EXEC_CALL_H
#define SLUICE_EXEC_CALL_H

#include "base/str.h"
#include "exec/specs.h"

struct call;
/* result->err is set and the frame is empty unless the answer is whole and the workspace could be entered. */
typedef void call_answer(struct call *call, const struct run_result *result);

struct call {
    struct executor *ex;
    const struct executor_deps *deps;
    void *notes;        /* of the scheduler, for the life of the executor: caches only */
    struct nonce nonce; /* of the program being built: call_program */
    void *state;
    void (*state_free)(void *state);

    /* exec/executor.c's own */
    call_answer *on_answer;
    union {
        submit_done *submit;
        look_done *look;
        tick_done *tick;
        test_done *test;
        text_done *text;
        read_done *read;
        plain_done *plain;
        check_done *check;
    } done;
    void *ctx;
    bool is_sent;
};

struct call_send {
    const char *what;
    bool urgent, wants_login; /* as in a run_request */
    bool is_framed;           /* the program has its frame: call_prelude */
    int64_t timeout_ms;       /* 0: the cluster's command_timeout */
    size_t max_output_bytes;  /* 0: a small answer */
    int stream_fd;            /* with stream_bytes > 0: owned from here on, also on failure */
    uint64_t stream_bytes;
};

/* The first part of call_program alone, for programs that bring their own frame (call_send.is_framed): fresh
 * nonce, prelude, PATH. */
/* The cluster's entry as it is in force now: never to be kept, a reload frees it (not its values: where those
 * change, the executor and its calls end). */
const struct cluster_config *call_cluster(const struct call *call);
void call_prelude(struct call *call, struct str *sh);
/* Begins a program with a fresh nonce: prelude, umask, PATH, workspace as working directory. */
int call_program(struct call *call, struct str *sh, struct err *err);
/* A section runs in a subshell: an `exit` in it ends only the section. */
void call_section_open(struct str *sh, const char *name);
void call_section_close(struct str *sh, const char *name);
/* Ends the program and sends it. 0, or -1: on_answer will not run. */
int call_send(struct call *call, struct str *sh, const struct call_send *how, call_answer *on_answer,
              struct err *err);

/* The data of a complete section; -1 with ERR_CORRUPT where the answer has none of that name. */
int call_section(const struct run_result *result, const char *name, struct span *data, struct err *err);

/* Appends the workspace as one shell word: "$HOME"/'x' for "~/x" and "x". */
int workspace_word(struct str *sh, const char *workspace, struct err *err);

#endif
