#include "svc/submit/submit.h"

#include "base/mem.h"
#include "io/loop.h"
#include "store/misc_store.h"
#include "svc/jobs.h"
#include "svc/notify/notify.h"
#include "svc/project/project_file.h"
#include "svc/submit/launch.h"
#include "svc/submit/submission.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <utlist.h>

struct submit *submit_new(const struct gateway *gw)
{
    struct submit *submit = mem_zalloc(sizeof(*submit));
    submit->gw = gw;
    submit->facts = facts_new(gw);
    submit->snapshots = snapshots_new(gw);
    return submit;
}

void submission_free(struct submission *s)
{
    doc_free(s->body);
    request_free(s->request);
    project_config_free(s->config);
    project_row_clear(&s->project);
    resolved_free(s->resolved);
    errs_clear(&s->errs);
    free(s->user);
    free(s->key);
    free(s->scope);
    free(s->hash);
    free(s->upstream);
    free(s);
}

void submit_free(struct submit *submit)
{
    if (!submit)
        return;
    struct submission *s, *next;
    DL_FOREACH_SAFE(submit->under_way, s, next)
    {
        loop_defer_drop(submit->gw->loop, s);
        submission_free(s);
    }
    facts_free(submit->facts);
    snapshots_free(submit->snapshots);
    free(submit);
}

/* --- the answer --- */

void submission_answer(struct submission *s, const struct answer *answer)
{
    struct follower *follower, *next;
    DL_DELETE(s->submit->under_way, s);
    s->done(s->ctx, answer);
    LL_FOREACH_SAFE(s->followers, follower, next)
    {
        follower->done(follower->ctx, answer);
        free(follower);
    }
    submission_free(s);
}

void submission_fail(struct submission *s, const struct err *err)
{
    struct answer answer = { .ok = false, .err = *err, .upstream = s->upstream };
    submission_answer(s, &answer);
}

void submission_fail_errs(struct submission *s)
{
    struct answer answer = { .ok = false, .errs = &s->errs };
    errs_sort(&s->errs);
    errs_first(&s->errs, &answer.err);
    submission_answer(s, &answer);
}

/* --- who and where --- */

/* What is wrong with the whole of a field, beside what the schema says of it. */
static int refuse_as(struct submission *s, enum err_code code, const char *pointer, const char *text)
{
    return errs_add(
        &s->errs, &(struct errs_item){ .code = code, .path = pointer + 1, .pointer = pointer, .text = text });
}

static int refuse_field(struct submission *s, const char *pointer, const char *text)
{
    return refuse_as(s, ERR_INVALID, pointer, text);
}

static int find_project(struct submission *s, struct err *err)
{
    struct store *store = s->submit->gw->store;
    auto_str struct str text = STR_MAX(ERR_TEXT_BYTES);
    struct stat st;
    if (!s->request->project)
        return refuse_field(s, "/project", "name a registered project");
    if (project_store_get(store, s->request->project, &s->project, err) < 0) {
        if (err->code != ERR_NOT_FOUND)
            return -1;
        str_addf(&text, "no project %s is registered", s->request->project);
        return refuse_as(s, ERR_NOT_FOUND, "/project", str_text(&text));
    }
    if (stat(s->project.path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    str_addf(&text, "the folder of project %s is gone: %.300s", s->request->project, s->project.path);
    return refuse_field(s, "/project", str_text(&text));
}

static struct cluster *only_cluster(struct fleet *fleet)
{
    struct cluster *found = NULL;
    for (size_t i = 0; i < fleet_count(fleet); i++) {
        struct cluster *cluster = fleet_at(fleet, i);
        if (!cluster->config || !cluster->config->enabled)
            continue;
        if (found)
            return NULL;
        found = cluster;
    }
    return found;
}

static int find_cluster(struct submission *s)
{
    struct fleet *fleet = s->submit->gw->fleet;
    const char *name = s->request->cluster;
    auto_str struct str text = STR_MAX(ERR_TEXT_BYTES);
    s->cluster = name ? fleet_find(fleet, name) : only_cluster(fleet);
    if (s->cluster && s->cluster->executor)
        return 0;
    if (s->cluster && s->cluster->config && s->cluster->config->enabled) {
        str_addf(&text, "%s cannot be used: %s", s->cluster->name, s->cluster->last_error);
        return refuse_field(s, "/cluster", str_text(&text));
    }
    if (s->cluster && s->cluster->config) {
        str_addf(&text, "%s is disabled in clusters.yaml", s->cluster->name);
        return refuse_field(s, "/cluster", str_text(&text));
    }
    str_addf(&text, "%s%s (configured:", name ? "there is no " : "name one", name ? name : "");
    const char *before = " ";
    for (size_t i = 0; i < fleet_count(fleet); i++) {
        if (!fleet_at(fleet, i)->config)
            continue;
        str_addf(&text, "%s%s", before, fleet_at(fleet, i)->name);
        before = ", ";
    }
    str_add_char(&text, ')');
    return refuse_as(s, name ? ERR_NOT_FOUND : ERR_INVALID, "/cluster", str_text(&text));
}

/* --- the steps --- */

/* What the partition allows (NULL: the default one). */
static void fill_limits(const struct submission *s, const char *partition, struct resolve_input *in)
{
    const char *name = partition ? partition : facts_default_partition(s->cluster);
    in->are_limits_unknown = !s->cluster->limits;
    in->max_time_s = facts_max_time_s(s->cluster, partition);
    in->node = gpus_largest_node(s->submit->gw->gpus, s->cluster, name);
}

static int resolve_all(struct submission *s)
{
    struct resolve_input in = { .request = s->request,
                                .project = s->config,
                                .cluster = s->cluster->config,
                                .has_no_gpus = gpus_has_none(s->submit->gw->gpus, s->cluster) };
    fill_limits(s, NULL, &in);
    if (resolve(&in, &s->resolved, &s->errs) < 0)
        return -1;
    const char *partition = resolved_str(s->resolved, "slurm.partition");
    if (!partition)
        return 0;
    fill_limits(s, partition, &in);
    resolved_free(s->resolved); /* once more, with the limits of the partition that was asked for */
    s->resolved = NULL;
    return resolve(&in, &s->resolved, &s->errs);
}

/* A reload may have taken the cluster while something else was waited for. */
static bool has_cluster(struct submission *s)
{
    struct err err = { 0 };
    if (s->cluster->executor)
        return true;
    err_set(&err, ERR_CONFLICT, "cluster %s left the configuration meanwhile, or was disabled",
            s->cluster->name);
    submission_fail(s, &err);
    return false;
}

static void on_snapshot(void *ctx, const struct snapshot *snapshot, const struct err *err)
{
    struct submission *s = ctx;
    if (err)
        submission_fail(s, err);
    else if (has_cluster(s))
        submission_commit(s, snapshot);
}

static void on_facts(void *ctx)
{
    struct submission *s = ctx;
    struct err err = { 0 };
    if (!has_cluster(s))
        return;
    if (resolve_all(s) < 0 || notify_check(s->submit->gw, s->resolved, &s->errs) < 0) {
        submission_fail_errs(s);
        return;
    }
    if (s->is_preview) {
        submission_preview(s);
        return;
    }
    if (submission_looks_late(s)) {
        submission_commit(s, NULL);
        return;
    }
    struct snapshot_call call = { .folder = s->project.path, .resolved = s->resolved };
    if (snapshots_take(s->submit->snapshots, &call, on_snapshot, s, &err) < 0)
        submission_fail(s, &err);
}

static void begin(void *ctx)
{
    struct submission *s = ctx;
    struct err err = { 0 };
    struct doc *body = move_ptr(s->body);
    if (request_take(body, &s->request, &s->errs) == 0 && find_project(s, &err) == 0 &&
        find_cluster(s) == 0 && project_file_read(s->project.path, &s->config, &s->errs) == 0)
        facts_prepare(s->submit->facts, s->cluster, on_facts, s);
    else if (s->errs.count)
        submission_fail_errs(s);
    else
        submission_fail(s, &err);
}

/* --- the same request twice, while the first is under way --- */

static struct submission *same_under_way(const struct submit *submit, const struct submit_call *call)
{
    struct submission *s;
    if (!call->idempotency_key || call->mode != SUBMIT_REAL)
        return NULL;
    DL_FOREACH (submit->under_way, s)
        if (s->key && strcmp(s->key, call->idempotency_key) == 0 &&
            strcmp(s->scope, call->idempotency_scope) == 0)
            return s;
    return NULL;
}

static int follow(struct submission *s, const struct submit_call *call, answer_done *done, void *ctx,
                  struct err *err)
{
    if (strcmp(s->hash, call->body_hash) != 0)
        return err_set(err, ERR_CONFLICT, "Idempotency-Key %s was used with another body", s->key);
    struct follower *follower = mem_alloc(sizeof(*follower));
    *follower = (struct follower){ .done = done, .ctx = ctx };
    LL_APPEND(s->followers, follower);
    return 0;
}

int submit_start(struct submit *submit, const struct submit_call *call, answer_done *done, void *ctx,
                 struct err *err)
{
    struct submission *same = same_under_way(submit, call);
    if (same)
        return follow(same, call, done, ctx, err);
    struct submission *s = mem_zalloc(sizeof(*s));
    s->submit = submit;
    s->is_preview = call->mode != SUBMIT_REAL;
    s->is_trial = call->mode == SUBMIT_DRY_RUN;
    s->user = mem_dup_str(call->user);
    s->done = done;
    s->ctx = ctx;
    if (call->mode == SUBMIT_REAL) {
        s->key = mem_dup_str(call->idempotency_key);
        s->scope = mem_dup_str(call->idempotency_scope);
        s->hash = mem_dup_str(call->body_hash);
    }
    s->body = mem_zalloc(sizeof(*s->body));
    doc_copy(s->body, call->body);
    DL_APPEND(submit->under_way, s);
    loop_defer(submit->gw->loop, begin, s);
    return 0;
}
