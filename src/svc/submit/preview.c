/* jobs:render and the dry run: what would be sent, and what the scheduler would say of it. */
#include "svc/submit/submission.h"

#include "base/limits.h"
#include "base/mem.h"
#include "io/file.h"
#include "svc/render/render.h"
#include "text/json_out.h"

#include <assert.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>

/* Stands for the token of a job that does not exist: previews of the same request are the same. */
static const char preview_token[] = "jx00000000000000000000000000";

/* A template named by the project or a request lies in the project's folder, one named by clusters.yaml
 * beside that: only the latter may use raw values. The schema takes no path that leaves either. */
static int read_template(struct submission *s, struct str *text, bool *is_trusted)
{
    const char *name = resolved_str(s->resolved, "template");
    const struct origin *origin = resolved_origin(s->resolved, "template");
    auto_str struct str path = STR_MAX(PATH_MAX);
    struct err err = { 0 };
    *is_trusted = origin->layer == LAYER_CLUSTER;
    if (!name)
        return 0;
    auto_free char *clusters_file = mem_dup_str(origin->file ? origin->file : "");
    str_addf(&path, "%s/%s", *is_trusted ? dirname(clusters_file) : s->project.path, name);
    if (file_read(str_text(&path), MAX_SCRIPT_BYTES, text, &err) == 0)
        return 0;
    return errs_add(&s->errs, &(struct errs_item){ .code = err.code,
                                                   .path = "template",
                                                   .text = err.text,
                                                   .pointer = "/template",
                                                   .file = origin->file,
                                                   .line = origin->line,
                                                   .col = origin->col });
}

const char *submission_name(const struct submission *s)
{
    return s->request->name ? s->request->name : s->project.name;
}

/* The given values of the names in env.pass, and of no other: `environment` holds the secrets too. */
static struct doc *passed_values(const struct submission *s)
{
    const struct doc *names = resolved_doc(s->resolved, "env.pass");
    const struct doc *values = doc_get(s->request->doc, "environment");
    struct doc *pass = mem_zalloc(sizeof(*pass));
    pass->kind = DOC_MAP;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = doc_scalar_text(&names->items[i]);
        const char *value = doc_scalar_text(doc_get(values, name));
        if (value)
            doc_set_str(doc_push(pass, name), value);
    }
    return pass;
}

int submission_render(struct submission *s, const char *token, struct rendered *out)
{
    auto_doc struct doc *pass = passed_values(s);
    auto_str struct str template = STR_MAX(MAX_SCRIPT_BYTES);
    bool is_trusted = false;
    if (read_template(s, &template, &is_trusted) < 0)
        return -1;
    bool in_place = strcmp(resolved_str(s->resolved, "code.mode"), "in_place") == 0;
    const char *place = resolved_str(s->resolved, "code.path");
    struct render_input in = { .resolved = s->resolved,
                               .cluster = s->cluster->config,
                               .token = token,
                               .name = submission_name(s),
                               .project = s->project.name,
                               .has_code = !in_place,
                               .in_place = in_place ? (place ? place : s->project.path) : NULL,
                               .pass = pass,
                               .template_text = str_span(&template),
                               .template_file = resolved_str(s->resolved, "template"),
                               .template_is_trusted = is_trusted };
    return render_job(&in, out, &s->errs);
}

static void add_preview(const struct submission *s, const struct rendered *rendered, struct json_out *out)
{
    json_member_str(out, "cluster", s->cluster->name);
    json_member_str(out, "name", submission_name(s));
    json_member_span(out, "script", str_span(&rendered->script));
    json_member_raw(out, "argv", str_span(&rendered->argv));
    json_key(out, "resolved");
    resolved_json(s->resolved, out);
    auto_str struct str lines = STR_MAX(MAX_OUTPUT_BYTES);
    rendered_lines_json(rendered, s->resolved, &lines);
    json_member_raw(out, "lines", str_span(&lines));
    json_member_raw(out, "warnings", str_span(&rendered->warnings));
}

static void answer_text(struct submission *s, const struct str *body)
{
    assert(!body->failed); /* a script of MAX_SCRIPT_BYTES, all of it empty lines, makes 45 MB of them */
    struct answer answer = { .ok = true, .body = str_span(body) };
    submission_answer(s, &answer);
}

/* --- dry run --- */

struct trial {
    struct submission *s;
    struct rendered rendered;
};

static void add_test(const struct test_result *result, struct json_out *out)
{
    json_key(out, "test");
    json_open_object(out);
    json_member_bool(out, "accepted", result->accepted);
    if (result->start_s != SEEN_ABSENT)
        json_member_time(out, "start_at", result->start_s * US_PER_S);
    json_member_str(out, "upstream", result->upstream);
    json_member_str(out, "field", result->field);
    json_member_str(out, "hint", result->hint);
    json_close_object(out);
}

static void on_test(void *ctx, const struct test_result *result, const struct err *err)
{
    struct trial *trial = ctx;
    struct submission *s = trial->s;
    if (err) {
        submission_fail(s, err);
    } else {
        auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
        struct json_out out = { .to = &body };
        json_open_object(&out);
        add_preview(s, &trial->rendered, &out);
        add_test(result, &out);
        json_close_object(&out);
        answer_text(s, &body);
    }
    rendered_clear(&trial->rendered);
    mem_free_ptr(&trial);
}

static void start_trial(struct submission *s, struct rendered *rendered)
{
    struct err err = { 0 };
    struct trial *trial = mem_zalloc(sizeof(*trial));
    *trial = (struct trial){ s, *rendered };
    *rendered = (struct rendered){ 0 };
    if (executor_test(s->cluster->executor, str_span(&trial->rendered.script), on_test, trial, &err) < 0)
        on_test(trial, NULL, &err);
}

void submission_preview(struct submission *s)
{
    struct rendered rendered = { 0 };
    if (submission_render(s, preview_token, &rendered) < 0) {
        submission_fail_errs(s);
    } else if (s->is_trial) {
        start_trial(s, &rendered);
    } else {
        auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
        struct json_out out = { .to = &body };
        json_open_object(&out);
        add_preview(s, &rendered, &out);
        json_close_object(&out);
        answer_text(s, &body);
    }
    rendered_clear(&rendered);
}
