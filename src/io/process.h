/* For io/ alone: processes, started without a copy of our memory and reaped as they end. uv_spawn
 * (libuv 1.44) forks, and then each page that we write to is copied by a fault of its own: on a virtual
 * machine milliseconds, each time. */
#ifndef SLUICE_IO_PROCESS_H
#define SLUICE_IO_PROCESS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

struct loop;

/* Exactly once, from the loop; process_drop is due behind it, at any time. One of both is 0; a process that
 * somebody else has reaped was "killed". */
typedef void process_ended(void *ctx, int code, int signum);

struct process { /* first in its owner: loop_free frees what is detached by it */
    struct process *prev, *next;
    process_ended *fn;
    void *ctx;
    pid_t pid;
    int status; /* as waitpid has it */
    bool has_ended, is_told, is_detached;
};

struct process_plan {
    const char *const *argv; /* as in spawn.h, like env and cwd */
    const char *const *env;
    const char *cwd;
    int stdio[3];     /* the process's own, at least 3; -1: /dev/null. Borrowed */
    bool is_detached; /* the loop does not stay for it */
};

/* A process in a session of its own, with no signal blocked or ignored. Other descriptors than stdio reach it
 * unless they are close-on-exec. 0, or -1: no such program (ERR_NOT_FOUND), no process to be had. */
int process_start(struct loop *loop, struct process *process, const struct process_plan *plan,
                  process_ended *fn, void *ctx, struct err *err);

/* The owner is done with it, and may free it. For one that was started. */
void process_drop(struct loop *loop, struct process *process);

/* Those of a loop that were not dropped. */
struct processes {
    struct process *list;
    uv_signal_t signal; /* SIGCHLD; referenced while one of them runs that is not detached */
};
struct processes *loop_processes(struct loop *loop);
int processes_init(struct processes *all, uv_loop_t *uv);
void processes_let_go(struct processes *all); /* frees those that outlive the loop */

#endif
