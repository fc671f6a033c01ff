#include "exec/transport_local.h"

#include "exec/run.h"
#include "io/spawn.h"

#include "base/limits.h"
#include "base/crash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { DEFAULT_CHILDREN = 4 };

struct local {
    struct transport base; /* first */
    struct local_options options;
    struct run *queued, *active;
    unsigned queued_count, active_count;
    uint64_t commands;
    int64_t latency_us, since_us;
};

struct local_run {
    struct run run; /* first */
    struct local *owner;
    struct child *child;
    struct loop_timer *deadline; /* of the whole run; the child's own is only a second net */
    bool is_active;
};

static void pump(void *ctx);

static void end_run(struct local_run *run, enum run_end end, const struct err *err)
{
    struct local *local = run->owner;
    run_queue_remove(run->is_active ? &local->active : &local->queued, &run->run);
    if (run->is_active)
        local->active_count--;
    else
        local->queued_count--;
    loop_timer_free(run->deadline);
    run_finish(&run->run, end, err);
    run_clear(&run->run);
    free(run);
}

static void on_child(void *ctx, const struct spawn_result *result)
{
    struct local_run *run = ctx;
    struct local *local = run->owner;
    struct err err = { 0 };
    enum run_end end = RUN_DONE;
    run->child = NULL;
    if (result->end == SPAWN_CANCELLED && run->run.cancelled) {
        end = RUN_CANCELLED;
        err_set(&err, ERR_CANCELLED, "cancelled");
    } else if (result->end == SPAWN_CANCELLED || result->end == SPAWN_TIMED_OUT) {
        end = RUN_TIMEOUT;
        err_set(&err, ERR_TIMEOUT, "%s took longer than %lld s", run->run.what,
                (long long)run->run.timeout_ms / 1000);
    } else if (result->end == SPAWN_TOO_MUCH) {
        end = RUN_CUT;
        err_set(&err, ERR_TOO_LARGE, "%s answered more than %zu bytes", run->run.what, run->run.out.max);
    } else if (result->end == SPAWN_CUT) {
        end = RUN_CUT;
        err_set(&err, ERR_IO, "the answer of %s could not be read to its end", run->run.what);
    } else if (result->end == SPAWN_SIGNALLED) {
        err_set(&err, ERR_IO, "%s was ended by signal %d", run->run.what, result->signum);
    }
    run_add_output(&run->run, result->output);
    run_add_error(&run->run, result->error);
    local->latency_us = clock_mono_us(local->options.clock) - run->run.start_us;
    end_run(run, end, end == RUN_DONE && err.code == ERR_NONE ? NULL : &err);
    loop_defer(local->options.loop, pump, local);
}

static void start_run(struct local *local, struct local_run *run)
{
    const char *const argv[] = { "/bin/sh", "-c", str_text(&run->run.exec), NULL };
    struct spawn_request request = { .argv = argv,
                                     .env = local->options.env,
                                     .input = str_span(&run->run.input),
                                     .input_fd = run->run.stream_fd,
                                     .input_fd_bytes = run->run.stream_fd >= 0 ? run->run.stream_bytes : 0,
                                     .max_output_bytes = run->run.out.max,
                                     .max_error_bytes = run->run.err_text.max };
    const char *crash = run_crash_name(&run->run);
    struct err err = { 0 };
    request.input.len = crash_part(crash, request.input.len);
    if (request.input_fd_bytes)
        run->run.stream_fd = -1;
    if (spawn_child(local->options.loop, &request, on_child, run, &run->child, &err) < 0) {
        end_run(run, RUN_NOT_SENT, &err);
        return;
    }
    crash_point(crash);
    if (strcmp(run->run.what, "submit") == 0)
        crash_point("K8");
    run_queue_remove(&local->queued, &run->run);
    local->queued_count--;
    DL_APPEND(local->active, &run->run);
    local->active_count++;
    run->is_active = true;
    local->commands++;
}

static void drop_cancelled(struct local *local)
{
    struct run *run, *next;
    DL_FOREACH_SAFE(local->queued, run, next)
    {
        struct err err = { 0 };
        err_set(&err, ERR_CANCELLED, "cancelled");
        if (run->cancelled)
            end_run((struct local_run *)run, RUN_CANCELLED, &err);
    }
}

static void pump(void *ctx)
{
    struct local *local = ctx;
    drop_cancelled(local);
    while (local->queued && local->active_count < local->options.max_children)
        start_run(local, (struct local_run *)local->queued);
}

static void on_deadline(void *ctx)
{
    struct local_run *run = ctx;
    if (run->child) {
        spawn_cancel(run->child);
        return;
    }
    struct err err = { 0 };
    err_set(&err, ERR_TIMEOUT, "%s waited longer than %lld s for its turn", run->run.what,
            (long long)run->run.timeout_ms / 1000);
    end_run(run, RUN_NOT_SENT, &err);
}

static int local_run_start(struct transport *t, const struct run_request *request, run_done *done, void *ctx,
                           struct run **out, struct err *err)
{
    struct local *local = (struct local *)t;
    struct local_run *run = mem_zalloc(sizeof(*run));
    const struct run_place place = { .use_login_shell = local->options.use_login_shell };
    if (run_init(&run->run, request, &place, local->options.clock, err) < 0) {
        free(run);
        return -1;
    }
    if (local->queued_count >= MAX_RUNS_QUEUED) {
        run_clear(&run->run);
        free(run);
        return err_set(err, ERR_BUSY, "%u commands wait for this machine already", local->queued_count);
    }
    run->owner = local;
    run->run.done = done;
    run->run.ctx = ctx;
    run->deadline = loop_timer_new(local->options.loop, on_deadline, run);
    if (request->timeout_ms > 0)
        loop_timer_start(run->deadline, request->timeout_ms);
    run_queue_add(&local->queued, &run->run);
    local->queued_count++;
    loop_defer(local->options.loop, pump, local);
    if (out)
        *out = &run->run;
    return 0;
}

static void local_cancel(struct transport *t, struct run *base)
{
    (void)t;
    struct local_run *run = (struct local_run *)base;
    base->cancelled = true;
    if (run->child)
        spawn_cancel(run->child);
    else
        loop_defer(run->owner->options.loop, pump, run->owner);
}

static void local_status(const struct transport *t, struct transport_status *out)
{
    const struct local *local = (const struct local *)t;
    out->state = LINK_UP;
    out->backend = "local";
    out->since_us = local->since_us;
    out->latency_us = local->latency_us;
    out->commands = local->commands;
    out->channels = local->active_count;
    out->queued = local->queued_count;
}

static void local_reconnect(struct transport *t)
{
    (void)t; /* this machine is always here */
}

static void local_free(struct transport *t)
{
    struct local *local = (struct local *)t;
    struct err err = { 0 };
    err_set(&err, ERR_CANCELLED, "the gateway is closing");
    while (local->active) {
        struct local_run *run = (struct local_run *)local->active;
        spawn_abandon(run->child);
        end_run(run, RUN_CANCELLED, &err);
    }
    while (local->queued)
        end_run((struct local_run *)local->queued, RUN_CANCELLED, &err);
    loop_defer_drop(local->options.loop, local);
    free(local);
}

static const struct transport_ops local_ops = { .name = "local",
                                                .run = local_run_start,
                                                .cancel = local_cancel,
                                                .status = local_status,
                                                .reconnect = local_reconnect,
                                                .free = local_free };

struct transport *transport_local_new(const struct local_options *options)
{
    struct local *local = mem_zalloc(sizeof(*local));
    local->base.ops = &local_ops;
    local->options = *options;
    if (!local->options.max_children)
        local->options.max_children = DEFAULT_CHILDREN;
    local->since_us = clock_mono_us(options->clock);
    return &local->base;
}
