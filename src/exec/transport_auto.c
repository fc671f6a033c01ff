#include "exec/transport_auto.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "exec/openssh_spawn.h"
#include "exec/run.h"
#include "exec/transport_openssh.h"
#include "exec/transport_ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

/* ASKING: what ssh_config says; TRYING: libssh2, and nobody knows yet; SETTLED: this backend it is. */
enum auto_state { AUTO_NEW, AUTO_ASKING, AUTO_TRYING, AUTO_SETTLED };

struct automatic {
    struct transport base; /* first */
    struct ssh_settings set;
    struct transport *ssh, *openssh, *now; /* now: one of them */
    enum auto_state state;
    struct child *asking[2];
    struct str said[2]; /* `ssh -G` with the files and without */
    unsigned answers;
    struct run *runs; /* all under way: auto_run's first member */
    struct str why;   /* of the change; empty: none */
};

struct auto_run {
    struct run run; /* first; only its list, done and ctx are used */
    struct automatic *owner;
    struct run_request request; /* program and stream_fd are ours while it may have to be sent again */
    char *program;
    struct transport *on; /* whose inner is; NULL while it waits for ssh_config's answer */
    struct run *inner;
};

static void end_run(struct auto_run *run, const struct run_result *result)
{
    DL_DELETE(run->owner->runs, &run->run);
    run_done *done = run->run.done;
    void *ctx = run->run.ctx;
    mem_close_fd(&run->request.stream_fd);
    free(run->program);
    free(run);
    done(ctx, result);
}

static void fail_run(struct auto_run *run, enum run_end end, const struct err *err)
{
    const struct run_result result = { .end = end, .err = *err };
    end_run(run, &result);
}

static void on_inner(void *ctx, const struct run_result *result);

/* The stream goes along as a copy of its descriptor: nothing of it was read where nothing was sent. Not for
 * children: the openssh master may live for days, and would keep a snapshot's bytes on our disk for as long.
 */
static int copy_stream(struct run_request *request, struct err *err)
{
    int copy = request->stream_fd < 0 ? -1 : fcntl(request->stream_fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0 && request->stream_fd >= 0)
        return err_errno(err, errno, "copying the stream's descriptor");
    request->stream_fd = copy;
    return 0;
}

static void send(struct auto_run *run)
{
    struct err err = { 0 };
    struct automatic *a = run->owner;
    struct run_request request = run->request;
    if (run->run.cancelled) {
        err_set(&err, ERR_CANCELLED, "cancelled");
        fail_run(run, RUN_CANCELLED, &err);
        return;
    }
    run->on = a->now;
    if (copy_stream(&request, &err) < 0 ||
        transport_run(a->now, &request, on_inner, run, &run->inner, &err) < 0)
        fail_run(run, RUN_NOT_SENT, &err);
}

/* --- the change --- */

static int change(struct automatic *a, const char *why)
{
    if (!a->openssh)
        return -1;
    str_add(&a->why, why);
    a->now = a->openssh;
    a->state = AUTO_SETTLED;
    log_warn("ssh %s: openssh instead of libssh2: %s", a->set.name, why);
    return 0;
}

/* True where this end of a run by libssh2 changed the backend. */
static bool is_for_openssh(struct automatic *a, const struct run_result *result)
{
    struct transport_status status;
    transport_status(a->ssh, &status);
    bool wants_person = status.state == LINK_NEEDS_LOGIN;
    if (result->err.code != ERR_UNSUPPORTED && !wants_person)
        return false;
    if (change(a, result->err.text) < 0)
        return false;
    if (wants_person)
        transport_openssh_needs_person(a->openssh, &result->err);
    return true;
}

static void on_inner(void *ctx, const struct run_result *result)
{
    struct auto_run *run = ctx;
    struct automatic *a = run->owner;
    bool is_of_ssh = run->on == a->ssh && result->end == RUN_NOT_SENT && a->openssh;
    if (is_of_ssh && (a->now == a->openssh || is_for_openssh(a, result)) && run->program) {
        send(run);
        return;
    }
    if (a->state == AUTO_TRYING && result->end == RUN_DONE)
        a->state = AUTO_SETTLED;
    end_run(run, result);
}

/* --- what ssh_config says --- */

static void begin_trying(struct automatic *a)
{
    auto_str struct str why = STR_MAX(512);
    a->state = AUTO_TRYING;
    if (a->set.proxy_jump)
        change(a, "proxy_jump is set");
    else if (a->openssh && transport_openssh_has_master(a->openssh))
        change(a, "a login of an earlier life of the gateway is still open");
    else if (a->set.is_manual)
        change(a, "requires_manual_auth is set");
    else if (a->said[0].len && a->said[1].len &&
             openssh_config_matters(str_span(&a->said[0]), str_span(&a->said[1]), &why))
        change(a, str_text(&why));
    struct run *run, *next;
    DL_FOREACH_SAFE(a->runs, run, next)
    send((struct auto_run *)run);
}

static void take_answer(struct automatic *a, int which, const struct spawn_result *result)
{
    a->asking[which] = NULL;
    if (result->end == SPAWN_EXITED && result->code == 0)
        str_add_span(&a->said[which], result->output);
    if (++a->answers == 2)
        begin_trying(a);
}

static void on_with_files(void *ctx, const struct spawn_result *result)
{
    take_answer(ctx, 0, result);
}

static void on_without(void *ctx, const struct spawn_result *result)
{
    take_answer(ctx, 1, result);
}

static void ask_config(void *ctx)
{
    struct automatic *a = ctx;
    spawn_done *const done[] = { on_with_files, on_without };
    if (a->state != AUTO_ASKING)
        return;
    if (!a->openssh || !a->set.has_config) {
        begin_trying(a);
        return;
    }
    for (int i = 0; i < 2; i++)
        if (openssh_spawn_settings(&a->set, i == 1, done[i], a, &a->asking[i], NULL) < 0)
            a->answers++;
    if (a->answers == 2)
        begin_trying(a);
}

static void begin_asking(struct automatic *a)
{
    if (a->state != AUTO_NEW)
        return;
    a->state = AUTO_ASKING;
    loop_defer(a->set.loop, ask_config, a);
}

/* --- the interface --- */

static int auto_run_start(struct transport *t, const struct run_request *request, run_done *done, void *ctx,
                          struct run **out, struct err *err)
{
    struct automatic *a = (struct automatic *)t;
    struct run_request inner = *request;
    bool may_repeat = a->state != AUTO_SETTLED;
    bool is_sent_now = a->state != AUTO_NEW && a->state != AUTO_ASKING;
    if (is_sent_now && may_repeat && copy_stream(&inner, err) < 0) {
        mem_close_fd(&inner.stream_fd);
        return -1;
    }
    struct auto_run *run = mem_zalloc(sizeof(*run));
    run->owner = a;
    run->run.done = done;
    run->run.ctx = ctx;
    run->request = *request;
    if (may_repeat) {
        run->program = mem_dup_bytes(request->program.ptr, request->program.len);
        run->request.program.ptr = run->program;
    } else {
        run->request.stream_fd = -1;
    }
    DL_APPEND(a->runs, &run->run);
    if (out)
        *out = &run->run;
    begin_asking(a);
    if (!is_sent_now)
        return 0;
    run->on = a->now;
    if (transport_run(a->now, &inner, on_inner, run, &run->inner, err) == 0)
        return 0;
    DL_DELETE(a->runs, &run->run);
    mem_close_fd(&run->request.stream_fd);
    free(run->program);
    free(run);
    return -1;
}

static void auto_cancel(struct transport *t, struct run *base)
{
    struct auto_run *run = (struct auto_run *)base;
    (void)t;
    base->cancelled = true;
    if (run->on)
        transport_cancel(run->on, run->inner);
}

static void auto_status(const struct transport *t, struct transport_status *out)
{
    const struct automatic *a = (const struct automatic *)t;
    transport_status(a->now, out);
    out->why = a->why.len ? str_text(&a->why) : NULL;
}

static void auto_reconnect(struct transport *t)
{
    transport_reconnect(((struct automatic *)t)->now);
}

/* Only OpenSSH can pass prompts on; whoever asks for a login expects them. */
static int auto_login(struct transport *t, const char *answer, struct err *err)
{
    struct automatic *a = (struct automatic *)t;
    struct transport_status status;
    transport_status(a->now, &status);
    if (!answer && a->now == a->ssh && status.state == LINK_UP)
        return 0;
    return transport_login(a->now, answer, err);
}

static void auto_close(struct transport *t)
{
    struct automatic *a = (struct automatic *)t;
    struct err err = { 0 };
    for (int i = 0; i < 2; i++)
        if (a->asking[i])
            spawn_abandon(a->asking[i]);
    a->state = AUTO_SETTLED;
    transport_free(a->ssh);
    transport_free(a->openssh);
    err_set(&err, ERR_CANCELLED, "the gateway is closing");
    while (a->runs)
        fail_run((struct auto_run *)a->runs, RUN_CANCELLED, &err);
    loop_defer_drop(a->set.loop, a);
    for (int i = 0; i < 2; i++)
        str_clear(&a->said[i]);
    str_clear(&a->why);
    ssh_settings_clear(&a->set);
    free(a);
}

static const struct transport_ops auto_ops = { .name = "auto",
                                               .run = auto_run_start,
                                               .cancel = auto_cancel,
                                               .status = auto_status,
                                               .reconnect = auto_reconnect,
                                               .login = auto_login,
                                               .free = auto_close };

int transport_auto_new(const struct ssh_options *options, struct transport **out, struct err *err)
{
    struct automatic *a = mem_zalloc(sizeof(*a));
    struct err why = { 0 };
    a->base.ops = &auto_ops;
    if (ssh_settings_init(&a->set, options, err) < 0 || transport_ssh_new(options, &a->ssh, err) < 0) {
        ssh_settings_clear(&a->set);
        free(a);
        return -1;
    }
    a->now = a->ssh;
    a->why = STR_MAX(ERR_TEXT_BYTES);
    for (int i = 0; i < 2; i++)
        a->said[i] = STR_MAX(MAX_CONFIG_BYTES);
    if (transport_openssh_new(options, &a->openssh, &why) < 0)
        log_warn("ssh %s: only libssh2 can be used: %s", a->set.name, why.text);
    *out = &a->base;
    return 0;
}
