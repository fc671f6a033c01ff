#include "exec/executor.h"

#include "base/mem.h"
#include "exec/checkup.h"
#include "exec/run_files.h"
#include "exec/run_search.h"
#include "exec/scheduler.h"
#include "exec/transport_make.h"
#include "text/quote.h"

#include <unistd.h>

struct executor {
    const struct cluster_config *cluster;
    struct executor_deps deps;
    const struct scheduler_ops *scheduler;
    void *notes;
    struct transport *transport;
};

static const struct scheduler_ops *const schedulers[] = {
    [CLUSTER_SLURM] = &scheduler_slurm,
    [CLUSTER_LOCAL] = &scheduler_process,
    [CLUSTER_SSH] = &scheduler_process,
};

enum { SMALL_ANSWER_BYTES = 1024 * 1024 };

int executor_new(const struct cluster_config *cluster, const struct executor_deps *deps,
                 struct executor **out, struct err *err)
{
    struct transport *transport = NULL;
    if (transport_make(cluster, deps, &transport, err) < 0)
        return -1;
    struct executor *ex = mem_zalloc(sizeof(*ex));
    ex->cluster = cluster;
    ex->deps = *deps;
    ex->scheduler = schedulers[cluster->type];
    ex->transport = transport;
    if (ex->scheduler->notes_new)
        ex->notes = ex->scheduler->notes_new();
    *out = ex;
    return 0;
}

void executor_free(struct executor *ex)
{
    if (!ex)
        return;
    struct transport *transport = move_ptr(ex->transport); /* from here on nobody sends */
    transport_free(transport);
    if (ex->notes)
        ex->scheduler->notes_free(ex->notes);
    mem_free_ptr(&ex);
}

void executor_reconfigured(struct executor *ex, const struct cluster_config *cluster)
{
    ex->cluster = cluster;
}

void executor_status(const struct executor *ex, struct transport_status *out)
{
    *out = (struct transport_status){ 0 };
    if (ex->transport) /* none while it is freed */
        transport_status(ex->transport, out);
}

void executor_reconnect(struct executor *ex)
{
    transport_reconnect(ex->transport);
}

const char *executor_scheduler(const struct executor *ex)
{
    return ex->scheduler->name;
}

/* --- calls --- */

static void call_free(struct call *call)
{
    if (call->state)
        call->state_free(call->state);
    mem_free_ptr(&call);
}

static struct call *call_new(struct executor *ex, void *ctx)
{
    struct call *call = mem_zalloc(sizeof(*call));
    call->ex = ex;
    call->deps = &ex->deps;
    call->notes = ex->notes;
    call->ctx = ctx;
    return call;
}

const struct cluster_config *call_cluster(const struct call *call)
{
    return call->ex->cluster;
}

/* The result of a call's first program: what was not sent is freed here. */
static int call_begun(struct call *call, int rc)
{
    if (rc < 0)
        call_free(call);
    return rc;
}

int workspace_word(struct str *sh, const char *workspace, struct err *err)
{
    const char *path = workspace && *workspace ? workspace : "~/mlops-jobs";
    bool is_home = path[0] == '~' && (path[1] == '/' || !path[1]);
    if (path[0] == '~' && !is_home)
        return err_set(err, ERR_INVALID, "workspace %s: only ~/ is known, not another user's home", path);
    if (path[0] != '/') {
        str_add(sh, "\"$HOME\"/");
        path += is_home ? 1 + (path[1] == '/') : 0;
    }
    quote_text(sh, path);
    return 0;
}

void call_prelude(struct call *call, struct str *sh)
{
    const struct cluster_config *cluster = call_cluster(call);
    call->nonce = nonce_new();
    for (size_t i = 0; i < cluster->prelude.count; i++)
        str_addf(sh, "%s\n", cluster->prelude.items[i]);
    if (cluster->slurm.bin_dir) {
        str_add(sh, "PATH=");
        quote_text(sh, cluster->slurm.bin_dir);
        str_add(sh, ":$PATH; export PATH\n");
    }
    if (call->ex->scheduler->prelude)
        call->ex->scheduler->prelude(sh);
}

int call_program(struct call *call, struct str *sh, struct err *err)
{
    const struct cluster_config *cluster = call_cluster(call);
    call_prelude(call, sh);
    frame_begin(sh, &call->nonce);
    str_add(sh, "umask 077\nws=");
    if (workspace_word(sh, cluster->workspace, err) < 0)
        return -1;
    str_add(sh, "\nif ! _e=$( { mkdir -p \"$ws/runs\" \"$ws/code\" && cd \"$ws\"; } 2>&1 ); then\n");
    frame_section_open(sh, "no-workspace");
    str_add(sh, "printf %s \"$_e\"\n");
    frame_section_close(sh, "no-workspace");
    frame_end(sh);
    str_add(sh, "exit 0; fi\ncd \"$ws\"\n");
    return 0;
}

void call_section_open(struct str *sh, const char *name)
{
    frame_section_open(sh, name);
    str_add(sh, "(\n");
}

void call_section_close(struct str *sh, const char *name)
{
    str_add(sh, ")\n");
    frame_section_close(sh, name);
}

/* A workspace that cannot be entered is an error of every call. */
static bool has_no_workspace(const struct run_result *result, const struct cluster_config *cluster,
                             struct err *err)
{
    const struct frame_section *section = frame_get(&result->frame, "no-workspace");
    if (result->end != RUN_DONE || !section)
        return false;
    err_set(err, ERR_DENIED, "the workspace %s cannot be used: %.*s", cluster->workspace,
            SPAN_FMT(span_trim(section->data)));
    return true;
}

static void call_answered(void *ctx, const struct run_result *result)
{
    struct call *call = ctx;
    struct run_result failed = *result;
    call->is_sent = false;
    if (has_no_workspace(result, call_cluster(call), &failed.err)) {
        failed.end = RUN_NOT_SENT; /* nothing of the program itself has run */
        failed.frame = (struct frame){ 0 };
        call->on_answer(call, &failed);
    } else {
        call->on_answer(call, result);
    }
    if (!call->is_sent)
        call_free(call);
}

int call_send(struct call *call, struct str *sh, const struct call_send *how, call_answer *on_answer,
              struct err *err)
{
    auto_fd int stream_fd = how->stream_bytes ? how->stream_fd : -1;
    if (!how->is_framed)
        frame_end(sh);
    if (sh->failed)
        return err_set(err, ERR_TOO_LARGE, "the %s program exceeds %zu bytes", how->what, sh->max);
    if (!call->ex->transport)
        return err_set(err, ERR_CANCELLED, "the gateway is closing its connection");
    struct run_request request = {
        .what = how->what,
        .nonce = call->nonce,
        .program = str_span(sh),
        .stream_fd = -1,
        .stream_bytes = how->stream_bytes,
        .timeout_ms = how->timeout_ms ? how->timeout_ms : call_cluster(call)->ssh.command_timeout_s * 1000,
        .max_output_bytes = how->max_output_bytes ? how->max_output_bytes : SMALL_ANSWER_BYTES,
        .urgent = how->urgent,
        .wants_login = how->wants_login,
    };
    request.stream_fd = move_fd(stream_fd);
    call->on_answer = on_answer;
    if (transport_run(call->ex->transport, &request, call_answered, call, NULL, err) < 0)
        return -1;
    call->is_sent = true;
    return 0;
}

int call_section(const struct run_result *result, const char *name, struct span *data, struct err *err)
{
    if (result->end != RUN_DONE) {
        if (err)
            *err = result->err;
        return -1;
    }
    const struct frame_section *section = frame_get(&result->frame, name);
    if (!section || !section->complete)
        return err_set(err, ERR_CORRUPT, "the answer has no %s", name);
    *data = section->data;
    return 0;
}

/* --- the interface --- */

int executor_submit(struct executor *ex, const struct submit_spec *spec, submit_done *done, void *ctx,
                    struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.submit = done;
    return call_begun(call, ex->scheduler->submit(call, spec, err));
}

int executor_look(struct executor *ex, const struct look_spec *spec, look_done *done, void *ctx,
                  struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.look = done;
    return call_begun(call, ex->scheduler->look(call, spec, err));
}

int executor_tick(struct executor *ex, const struct tick_spec *spec, tick_done *done, void *ctx,
                  struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.tick = done;
    return call_begun(call, ex->scheduler->tick(call, spec, err));
}

int executor_cancel(struct executor *ex, const struct cancel_spec *spec, plain_done *done, void *ctx,
                    struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.plain = done;
    return call_begun(call, ex->scheduler->cancel(call, spec, err));
}

int executor_requeue(struct executor *ex, const struct requeue_spec *spec, plain_done *done, void *ctx,
                     struct err *err)
{
    if (!ex->scheduler->requeue)
        return err_set(err, ERR_UNSUPPORTED, "only Slurm can requeue a job");
    struct call *call = call_new(ex, ctx);
    call->done.plain = done;
    return call_begun(call, ex->scheduler->requeue(call, spec, err));
}

int executor_test(struct executor *ex, struct span script, test_done *done, void *ctx, struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.test = done;
    return call_begun(call, ex->scheduler->test(call, script, err));
}

int executor_limits(struct executor *ex, text_done *done, void *ctx, struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.text = done;
    return call_begun(call, ex->scheduler->limits(call, err));
}

int executor_read(struct executor *ex, const struct read_spec *spec, read_done *done, void *ctx,
                  struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.read = done;
    return call_begun(call, run_files_read(call, spec, err));
}

int executor_search(struct executor *ex, const struct search_spec *spec, text_done *done, void *ctx,
                    struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.text = done;
    return call_begun(call, run_search(call, spec, err));
}

int executor_stage(struct executor *ex, const struct stage_spec *spec, plain_done *done, void *ctx,
                   struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.plain = done;
    return call_begun(call, run_files_stage(call, spec, err));
}

int executor_login(struct executor *ex, const char *answer, struct err *err)
{
    return transport_login(ex->transport, answer, err);
}

int executor_echo(struct executor *ex, unsigned ms, check_done *done, void *ctx, struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.check = done;
    return call_begun(call, checkup_echo(call, ms, err));
}

int executor_checkup(struct executor *ex, check_done *done, void *ctx, struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.check = done;
    return call_begun(call, checkup_start(call, ex->scheduler == &scheduler_slurm, err));
}

static void closed(void *ctx, const struct err *err)
{
    (void)ctx;
    (void)err;
}

int executor_close(struct executor *ex, const char *token, plain_done *done, void *ctx, struct err *err)
{
    struct call *call = call_new(ex, ctx);
    call->done.plain = done ? done : closed;
    return call_begun(call, run_files_close(call, token, err));
}
