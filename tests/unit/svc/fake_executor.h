/* An executor that does nothing by itself: it remembers what it was asked, and the test answers. The
 * functions of exec/executor.h are defined here, so that the real ones are not linked. One test program
 * includes it once. */
#ifndef SLUICE_TESTS_FAKE_EXECUTOR_H
#define SLUICE_TESTS_FAKE_EXECUTOR_H

#include "base/mem.h"
#include "exec/executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_call {
    bool is_open;
    submit_done *submit;
    look_done *look;
    tick_done *tick;
    plain_done *plain;
    test_done *test;
    text_done *text;
    read_done *read;
    check_done *check;
    void *ctx;
    char token[TOKEN_CHARS + 1];
    char detail[256]; /* submit: script; cancel: sched_id; stage: tree; read: file */
    int64_t number;   /* submit: launch; tick: count of jobs; cancel: task; read: offset */
    bool flag, ask;   /* tick: want_nodes; of its first job */
};

struct fake { /* one executor for all clusters of a test */
    struct fake_call submit, look, tick, cancel, requeue, stage, test, limits, read, search, echo, checkup;
    struct fake_call close; /* is_open only where it keeps them */
    struct transport_status status;
    unsigned logins, reconnects;
    char answer[64]; /* the last one given to a login */
    unsigned submits, looks, ticks, cancels, requeues, stages, closes;
    char closed[TOKEN_CHARS + 1];
    bool refuses;       /* calls fail at once with ERR_BUSY */
    bool is_impossible; /* none can be made */
    bool is_freeing;    /* its last callbacks run: whoever asks it anything now has kept it too long */
    bool keeps_closes;  /* else they are done at once */
};

extern struct fake fake;
struct fake fake;

static int fake_take(struct fake_call *call, const struct fake_call *asked, const char *token,
                     struct err *err)
{
    if (fake.is_freeing)
        abort();
    if (fake.refuses)
        return err_set(err, ERR_BUSY, "the fake refuses");
    *call = *asked;
    call->is_open = true;
    if (token)
        snprintf(call->token, sizeof(call->token), "%s", token);
    return 0;
}

int executor_new(const struct cluster_config *cluster, const struct executor_deps *deps,
                 struct executor **out, struct err *err)
{
    (void)cluster, (void)deps;
    if (fake.is_impossible)
        return err_set(err, ERR_NOT_FOUND, "its key is gone");
    *out = (struct executor *)&fake;
    return 0;
}
/* As the real one: what is under way ends first. */
void executor_free(struct executor *ex)
{
    struct err err = { .code = ERR_CANCELLED };
    if (!ex)
        return;
    fake.is_freeing = true;
    if (fake.submit.is_open)
        fake.submit.submit(fake.submit.ctx, &(struct submit_result){ .end = SUBMIT_UNKNOWN, .err = err });
    if (fake.look.is_open)
        fake.look.look(fake.look.ctx, &(struct look_result){ .end = LOOK_NOTHING, .err = err });
    if (fake.tick.is_open)
        fake.tick.tick(fake.tick.ctx, NULL, &err);
    if (fake.cancel.is_open)
        fake.cancel.plain(fake.cancel.ctx, &err);
    if (fake.requeue.is_open)
        fake.requeue.plain(fake.requeue.ctx, &err);
    if (fake.stage.is_open)
        fake.stage.plain(fake.stage.ctx, &err);
    if (fake.test.is_open)
        fake.test.test(fake.test.ctx, NULL, &err);
    if (fake.limits.is_open)
        fake.limits.text(fake.limits.ctx, (struct span){ 0 }, &err);
    if (fake.read.is_open)
        fake.read.read(fake.read.ctx, (struct span){ 0 }, 0, 0, &err);
    if (fake.echo.is_open)
        fake.echo.check(fake.echo.ctx, NULL, &err);
    if (fake.search.is_open)
        fake.search.text(fake.search.ctx, (struct span){ 0 }, &err);
    if (fake.close.is_open)
        fake.close.plain(fake.close.ctx, &err);
    fake = (struct fake){ .is_impossible = fake.is_impossible };
}
void executor_reconfigured(struct executor *ex, const struct cluster_config *cluster)
{
    if (!ex)
        abort();
    (void)ex, (void)cluster;
}
void executor_status(const struct executor *ex, struct transport_status *out)
{
    (void)ex;
    if (fake.is_freeing)
        abort();
    *out = fake.status;
}
int executor_login(struct executor *ex, const char *answer, struct err *err)
{
    (void)ex;
    if (fake.refuses)
        return err_set(err, ERR_BUSY, "the fake refuses");
    fake.logins += !answer;
    snprintf(fake.answer, sizeof(fake.answer), "%s", answer ? answer : "");
    fake.status.prompt = NULL;
    return 0;
}

int executor_echo(struct executor *ex, unsigned ms, check_done *done, void *ctx, struct err *err)
{
    (void)ex;
    return fake_take(&fake.echo, &(struct fake_call){ .check = done, .ctx = ctx, .number = ms }, NULL, err);
}

int executor_checkup(struct executor *ex, check_done *done, void *ctx, struct err *err)
{
    (void)ex;
    return fake_take(&fake.checkup, &(struct fake_call){ .check = done, .ctx = ctx }, NULL, err);
}

void executor_reconnect(struct executor *ex)
{
    (void)ex;
    fake.reconnects++;
}
const char *executor_scheduler(const struct executor *ex)
{
    (void)ex;
    return "slurm";
}
int executor_submit(struct executor *ex, const struct submit_spec *spec, submit_done *done, void *ctx,
                    struct err *err)
{
    (void)ex;
    fake.submits++;
    struct fake_call asked = { .submit = done, .ctx = ctx, .number = spec->launch };
    snprintf(asked.detail, sizeof(asked.detail), "%.*s", SPAN_FMT(span_head(spec->script, 200)));
    return fake_take(&fake.submit, &asked, spec->token, err);
}
int executor_look(struct executor *ex, const struct look_spec *spec, look_done *done, void *ctx,
                  struct err *err)
{
    (void)ex;
    fake.looks++;
    return fake_take(&fake.look, &(struct fake_call){ .look = done, .ctx = ctx }, spec->token, err);
}
int executor_tick(struct executor *ex, const struct tick_spec *spec, tick_done *done, void *ctx,
                  struct err *err)
{
    (void)ex;
    fake.ticks++;
    struct fake_call asked = { .tick = done,
                               .ctx = ctx,
                               .number = (int64_t)spec->count,
                               .flag = spec->want_nodes,
                               .ask = spec->count && spec->jobs[0].ask };
    return fake_take(&fake.tick, &asked, spec->count ? spec->jobs[0].token : NULL, err);
}
int executor_cancel(struct executor *ex, const struct cancel_spec *spec, plain_done *done, void *ctx,
                    struct err *err)
{
    (void)ex;
    fake.cancels++;
    struct fake_call asked = { .plain = done, .ctx = ctx, .number = spec->task };
    snprintf(asked.detail, sizeof(asked.detail), "%s", spec->sched_id);
    return fake_take(&fake.cancel, &asked, spec->token, err);
}
int executor_requeue(struct executor *ex, const struct requeue_spec *spec, plain_done *done, void *ctx,
                     struct err *err)
{
    (void)ex;
    fake.requeues++;
    struct fake_call asked = { .plain = done, .ctx = ctx, .number = spec->restarts };
    snprintf(asked.detail, sizeof(asked.detail), "%s", spec->sched_id);
    return fake_take(&fake.requeue, &asked, spec->token, err);
}
int executor_close(struct executor *ex, const char *token, plain_done *done, void *ctx, struct err *err)
{
    (void)ex;
    fake.closes++;
    snprintf(fake.closed, sizeof(fake.closed), "%s", token);
    if (fake.keeps_closes || fake.refuses)
        return fake_take(&fake.close, &(struct fake_call){ .plain = done, .ctx = ctx }, token, err);
    done(ctx, NULL);
    return 0;
}
int executor_test(struct executor *ex, struct span script, test_done *done, void *ctx, struct err *err)
{
    (void)ex, (void)script;
    return fake_take(&fake.test, &(struct fake_call){ .test = done, .ctx = ctx }, NULL, err);
}
int executor_limits(struct executor *ex, text_done *done, void *ctx, struct err *err)
{
    (void)ex;
    return fake_take(&fake.limits, &(struct fake_call){ .text = done, .ctx = ctx }, NULL, err);
}
int executor_read(struct executor *ex, const struct read_spec *spec, read_done *done, void *ctx,
                  struct err *err)
{
    (void)ex;
    struct fake_call asked = { .read = done, .ctx = ctx, .number = spec->offset };
    snprintf(asked.detail, sizeof(asked.detail), "%s", spec->file);
    return fake_take(&fake.read, &asked, spec->token, err);
}
int executor_search(struct executor *ex, const struct search_spec *spec, text_done *done, void *ctx,
                    struct err *err)
{
    (void)ex;
    struct fake_call asked = { .text = done, .ctx = ctx, .number = spec->first_line };
    snprintf(asked.detail, sizeof(asked.detail), "%s", spec->pattern);
    return fake_take(&fake.search, &asked, spec->token, err);
}
int executor_stage(struct executor *ex, const struct stage_spec *spec, plain_done *done, void *ctx,
                   struct err *err)
{
    (void)ex;
    fake.stages++;
    struct fake_call asked = { .plain = done, .ctx = ctx };
    snprintf(asked.detail, sizeof(asked.detail), "%s", spec->tree);
    if (spec->tar_fd >= 0)
        mem_close_fd(&spec->tar_fd);
    return fake_take(&fake.stage, &asked, NULL, err);
}

#endif
