#include "exec/supervisor.h"

#include "base/crash.h"
#include "exec/supervisor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* GRACE_S: from SIGTERM to SIGKILL. STRAY_S: what the payload left behind gets less, as its work is done. */
enum { GRACE_S = 30, STRAY_S = 2, EXIT_TRIES = 120, EXIT_RETRY_S = 5 };

struct supervised {
    struct proc_id self, child;
    const char *gpus; /* NULL: leave CUDA_VISIBLE_DEVICES alone */
    int64_t limit_s;  /* 0: none */
    int64_t began_s;
    const char *how;
    int status; /* of waitpid */
    bool is_over;
};

static int64_t mono_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Only 0, 1, 2 and keep stay open: nothing of the gateway's (sockets, database, pipes) may live on in a job.
 */
static void close_others(int keep)
{
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range(keep < 3 ? 3 : (unsigned)keep + 1, ~0U, 0);
}

static int redirect(const char *path, int flags, int to)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, to) < 0)
        return -1;
    close(fd);
    return 0;
}

static void default_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The payload waits for one byte: it may run only once the pid file tells who it is. When its supervisor dies
 * before that, the pipe ends and nothing has run. */
static void child_run(int gate)
{
    char go;
    setsid();
    if (read(gate, &go, 1) != 1)
        _exit(125);
    close(gate);
    default_signals();
    execlp("bash", "bash", "script.sh", (char *)NULL);
    fprintf(stderr, "sluice: bash could not be started: %s\n", strerror(errno));
    _exit(127);
}

static int child_start(struct supervised *s, int *gate_out)
{
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        close(gate[1]);
        child_run(gate[0]);
    }
    close(gate[0]);
    *gate_out = gate[1];
    return proc_id_of(pid, &s->child);
}

static int write_pid_file(const struct supervised *s)
{
    char text[1024];
    int len =
        snprintf(text, sizeof(text),
                 "pid=%d\nstart=%llu\nboot=%s\nsupervisor=%d\nsupervisor_start=%llu\ngpus=%s\nbegan=%lld\n",
                 (int)s->child.pid, s->child.start, s->child.boot, (int)s->self.pid, s->self.start,
                 s->gpus ? s->gpus : "", (long long)s->began_s);
    return len < 0 || (size_t)len >= sizeof(text) ? -1 : durable_write("pid", text, (size_t)len);
}

/* A full disk must not lose a true exit status: tried again for ten minutes. */
static void write_exit_file(const struct supervised *s)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "%s=%d started=%lld ended=%lld attempt=1 how=%s\n",
                       WIFSIGNALED(s->status) ? "signal" : "code",
                       WIFSIGNALED(s->status) ? WTERMSIG(s->status) : WEXITSTATUS(s->status),
                       (long long)s->began_s, (long long)time(NULL), s->how);
    for (int tries = 0; tries < EXIT_TRIES; tries++) {
        if (durable_write("exit", text, (size_t)len) == 0)
            return;
        sleep(EXIT_RETRY_S);
    }
}

static void reap(struct supervised *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != s->child.pid)
            continue;
        s->status = status;
        s->is_over = true;
    }
}

/* Waits for SIGCHLD or SIGTERM, at most until the deadline (0: none). Gives the signal, or 0. */
static int wait_signal(const sigset_t *set, int64_t deadline_s)
{
    int64_t left = deadline_s ? deadline_s - mono_s() : 3600;
    struct timespec timeout = { .tv_sec = left > 0 ? left : 0 };
    int sig = sigtimedwait(set, NULL, &timeout);
    return sig < 0 ? 0 : sig;
}

/* TERM to the payload's group and, when the grace is over, KILL: until the payload itself is gone. */
static void end_payload(struct supervised *s, const sigset_t *set, const char *how)
{
    int64_t deadline_s = mono_s() + GRACE_S;
    s->how = how;
    kill(-s->child.pid, SIGTERM);
    kill(-s->child.pid, SIGCONT);
    while (!s->is_over) {
        wait_signal(set, deadline_s);
        if (mono_s() >= deadline_s) {
            kill(-s->child.pid, SIGKILL);
            deadline_s = mono_s() + 1;
        }
        reap(s);
    }
}

/* What the payload left running is ours by now (subreaper): a job's end frees its GPUs. */
static void end_strays(struct supervised *s, const sigset_t *set)
{
    int64_t deadline_s = mono_s() + STRAY_S;
    int sig = SIGTERM, left;
    reap(s);
    while ((left = children_signal(sig)) != 0) {
        struct timespec tick = { .tv_nsec = 50 * 1000 * 1000 };
        sigtimedwait(set, NULL, &tick);
        reap(s);
        if (left > 0) /* else nobody was told */
            sig = mono_s() >= deadline_s ? SIGKILL : 0;
    }
}

static void watch(struct supervised *s, const sigset_t *set)
{
    int64_t deadline_s = s->limit_s ? mono_s() + s->limit_s : 0;
    s->how = "exited";
    while (!s->is_over) {
        int sig = wait_signal(set, deadline_s);
        reap(s);
        if (s->is_over)
            break;
        if (sig == SIGTERM)
            end_payload(s, set, "cancelled");
        else if (deadline_s && mono_s() >= deadline_s)
            end_payload(s, set, "timeout");
    }
    end_strays(s, set);
}

/* The payload was not told to go, and now never will be: the next tick tries again. */
static int give_back(struct supervised *s, int gate)
{
    close(gate);
    waitpid(s->child.pid, NULL, 0);
    unlink("pid"); /* a dead one's would tell of a job that was killed */
    unlink("claim");
    return 1;
}

/* Claim, fork, pid file, go. Answers one byte on `answer`: 0 started, else what supervisor_main returns. */
static int begin(struct supervised *s)
{
    int gate = -1;
    if (proc_id_of(getpid(), &s->self) < 0)
        return 1;
    int claimed = claim_take(&s->self);
    if (claimed)
        return claimed > 0 ? SUPERVISE_CLAIMED : 1;
    s->began_s = time(NULL);
    if (child_start(s, &gate) < 0)
        return 1; /* a claim without a pid file, whose owner is dead, is dropped by the next tick */
    crash_point("K19");
    if (write_pid_file(s) < 0) /* it may be there, and only its folder's fsync have failed */
        return give_back(s, gate);
    if (write(gate, "g", 1) != 1)
        return give_back(s, gate);
    close(gate);
    return 0;
}

static void supervise(struct supervised *s, int answer)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    close_others(answer);
    if (s->gpus && setenv("CUDA_VISIBLE_DEVICES", s->gpus, 1) < 0)
        _exit(1); /* a payload without it would take all GPUs */
    if (redirect("/dev/null", O_RDONLY, 0) < 0 ||
        redirect("process.log", O_WRONLY | O_CREAT | O_APPEND, 1) < 0 ||
        redirect("process.log", O_WRONLY | O_CREAT | O_APPEND, 2) < 0)
        _exit(1);
    char code = (char)begin(s);
    if (write(answer, &code, 1) != 1)
        code = code ? code : 0; /* whoever started us is gone: the files say it all */
    close(answer);
    if (code)
        _exit(code);
    watch(s, &set);
    write_exit_file(s);
    _exit(0);
}

static int usage(void)
{
    fputs("usage: sluice supervise RUNDIR [--gpus LIST]\n", stderr);
    return 2;
}

int supervisor_main(int argc, char **argv)
{
    struct supervised s = { 0 };
    int answer[2];
    char code = 1;
    if (argc == 4 && strcmp(argv[2], "--gpus") == 0)
        s.gpus = argv[3];
    else if (argc != 2)
        return usage();
    if (chdir(argv[1]) < 0 || pipe2(answer, O_CLOEXEC) < 0) {
        fprintf(stderr, "sluice supervise: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    if (spec_number("spec", "time_s", &s.limit_s) < 0) { /* a job without its time limit could run for ever */
        fprintf(stderr, "sluice supervise: %s/spec: %s\n", argv[1], strerror(errno));
        return 1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(answer[0]);
        setsid();
        supervise(&s, answer[1]);
    }
    close(answer[1]);
    if (pid < 0 || read(answer[0], &code, 1) != 1)
        fprintf(stderr, "sluice supervise: %s: no supervisor could be started\n", argv[1]);
    close(answer[0]);
    return code;
}
