#include "io/process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

/* --- the end --- */

/* Of one that somebody else has reaped nobody will ever know more. */
static void look(struct process *process)
{
    if (process->has_ended)
        return;
    pid_t rc = waitpid(process->pid, &process->status, WNOHANG);
    if (rc < 0)
        process->status = SIGKILL;
    process->has_ended = rc != 0;
}

static void keep_loop(struct processes *all)
{
    bool is_kept = false;
    for (const struct process *p = all->list; p; p = p->next)
        is_kept |= !p->has_ended && !p->is_detached;
    if (is_kept)
        uv_ref((uv_handle_t *)&all->signal);
    else
        uv_unref((uv_handle_t *)&all->signal);
}

/* Whoever is told may start others, and drop and free any. */
static bool tell_one(struct processes *all)
{
    struct process *p = all->list;
    while (p && (p->is_told || !p->has_ended))
        p = p->next;
    if (!p)
        return false;
    p->is_told = true;
    bool is_exit = WIFEXITED(p->status);
    p->fn(p->ctx, is_exit ? WEXITSTATUS(p->status) : 0, is_exit ? 0 : WTERMSIG(p->status));
    return true;
}

/* One signal may stand for the ends of several. */
static void on_signal(uv_signal_t *handle, int signum)
{
    struct processes *all = handle->data;
    struct process *process;
    (void)signum;
    DL_FOREACH (all->list, process)
        look(process);
    keep_loop(all);
    while (tell_one(all))
        ;
}

int processes_init(struct processes *all, uv_loop_t *uv)
{
    int rc = uv_signal_init(uv, &all->signal);
    all->signal.data = all;
    uv_unref((uv_handle_t *)&all->signal);
    return rc;
}

void processes_let_go(struct processes *all)
{
    while (all->list) {
        struct process *process = all->list;
        DL_DELETE(all->list, process);
        if (process->is_detached)
            free(process);
    }
}

/* --- the start --- */

static int add_actions(posix_spawn_file_actions_t *actions, const struct process_plan *plan)
{
    int rc = 0;
    for (int i = 0; i < 3 && rc == 0; i++) {
        rc = plan->stdio[i] < 0 ? posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0)
                                : posix_spawn_file_actions_adddup2(actions, plan->stdio[i], i);
    }
    if (rc == 0 && plan->cwd)
        rc = posix_spawn_file_actions_addchdir_np(actions, plan->cwd);
    return rc;
}

static int spawn(struct process *process, const struct process_plan *plan)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions); /* like the next ones they cannot fail in glibc */
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int rc = add_actions(&actions, plan);
    if (rc == 0)
        rc = posix_spawnp(&process->pid, plan->argv[0], &actions, &attr, (char **)(uintptr_t)plan->argv,
                          plan->env ? (char **)(uintptr_t)plan->env : environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

int process_start(struct loop *loop, struct process *process, const struct process_plan *plan,
                  process_ended *fn, void *ctx, struct err *err)
{
    struct processes *all = loop_processes(loop);
    int rc =
        uv_is_active((uv_handle_t *)&all->signal) ? 0 : uv_signal_start(&all->signal, on_signal, SIGCHLD);
    if (rc < 0)
        return err_set(err, ERR_IO, "cannot watch children: %s", uv_strerror(rc));
    *process = (struct process){ .fn = fn, .ctx = ctx, .is_detached = plan->is_detached };
    rc = spawn(process, plan);
    if (rc != 0)
        return err_set(err, rc == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot start %s: %s", plan->argv[0],
                       strerror(rc));
    DL_APPEND(all->list, process);
    keep_loop(all);
    return 0;
}

void process_drop(struct loop *loop, struct process *process)
{
    DL_DELETE(loop_processes(loop)->list, process);
}
