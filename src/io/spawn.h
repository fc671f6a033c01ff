/* Children: started by an exact argument list, in a process group of their own, their output collected up to
 * a ceiling, ended by a deadline. done runs exactly once, from the loop, never before spawn_child returned.
 * No descriptor but 0, 1 and 2 reaches a child. */
#ifndef SLUICE_IO_SPAWN_H
#define SLUICE_IO_SPAWN_H

#include "base/err.h"
#include "base/span.h"
#include "io/loop.h"

#include <sys/types.h>

struct spawn_request {       /* zero is a good start */
    const char *const *argv; /* NULL at the end; argv[0] without a slash is looked up in PATH */
    const char *const *env;  /* the whole list, NULL at the end; NULL: as ours */
    const char *cwd;         /* NULL: ours */
    struct span input;       /* stdin; copied */
    int input_fd; /* a file whose input_fd_bytes follow on stdin (taken, also on failure); unused */
    uint64_t input_fd_bytes; /* where this is 0 */
    int output_fd;           /* > 0: stdout goes there and is not collected; borrowed during the call */
    size_t max_output_bytes; /* more on stdout ends the child */
    size_t max_error_bytes;  /* more on stderr is read and dropped */
    int64_t timeout_ms;      /* 0: none. At its end SIGTERM to the group, SIGKILL grace_ms later (0: 2 s) */
    int64_t grace_ms;
    bool detached; /* outlives us: 0, 1, 2 are /dev/null, nothing is collected, no deadline */
};

enum spawn_end {
    SPAWN_EXITED,
    SPAWN_SIGNALLED,
    SPAWN_TIMED_OUT,
    SPAWN_CANCELLED,
    SPAWN_TOO_MUCH,
    SPAWN_CUT, /* reading its output or writing its input failed, and it was ended: what is there, or what
                  it was given, is not all */
};

struct spawn_result { /* spans are valid during the callback */
    enum spawn_end end;
    int code;   /* EXITED: 0..255 */
    int signum; /* SIGNALLED */
    struct span output, error;
    bool error_cut;
};

typedef void spawn_done(void *ctx, const struct spawn_result *result);

struct child;
/* 0, or -1 (done will not run): no such program, no process to be had. *out (may be NULL) is valid until done
 * has run. */
int spawn_child(struct loop *loop, const struct spawn_request *request, spawn_done *done, void *ctx,
                struct child **out, struct err *err);
void spawn_cancel(struct child *child); /* ends the group as the deadline does; done runs with CANCELLED */
/* SIGKILL to the group; done will not run, and the child must not be used again. */
void spawn_abandon(struct child *child);
/* For an end in order: SIGKILL to all children but detached ones; returns when they, the pool and the
 * deferred calls are through. Each done runs (CANCELLED); what it starts is ended too. */
void spawn_end_all(struct loop *loop);
/* A detached child lives on; done will not run, and the child must not be used again. */
void spawn_release(struct child *child);
pid_t spawn_pid(const struct child *child);

#endif
