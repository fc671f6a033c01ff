#include "svc/render/render.h"

#include "base/limits.h"
#include "base/mem.h"
#include "svc/render/render_part.h"
#include "svc/render/templates.h"
#include "text/template.h"

#include <string.h>

enum { ORIGIN_BYTES = 8192 };

static struct span builtin(const char *name)
{
    const struct embedded_template *t = embedded_templates;
    while (strcmp(t->name, name) != 0)
        t++;
    return span_of(t->text);
}

static struct template_source source_of(const struct render_input *in)
{
    const char *name = in->cluster->type == CLUSTER_SLURM ? "slurm.sh" : "process.sh";
    if (!in->template_text.len)
        return (struct template_source){ .text = builtin(name), .file = name };
    return (struct template_source){ .text = in->template_text,
                                     .file = in->template_file,
                                     .allow_raw = in->template_is_trusted };
}

/* Options come from checked values alone. */
static int check_source(const struct render_input *in, const struct template_source *source,
                        struct errs *errs)
{
    static const char *const markers[] = { "#SBATCH", "#PBS", "#SLURM", "#BSUB" };
    struct span rest = source->text, line;
    int rc = 0;
    unsigned number = 0;
    if (!span_starts(source->text, "#!"))
        rc = errs_add(errs, &(struct errs_item){ .file = source->file,
                                                 .line = 1,
                                                 .col = 1,
                                                 .text = "a batch template begins with #!/bin/bash" });
    while (!in->template_is_trusted && span_next_line(&rest, &line)) {
        number++;
        for (size_t i = 0; i < ARRAY_LEN(markers); i++)
            if (span_starts(line, markers[i]))
                rc = errs_addf(errs, &(struct errs_item){ .file = source->file, .line = number, .col = 1 },
                               "%s lines come from the configuration (section slurm), not from a template",
                               markers[i]);
    }
    return rc;
}

static void trace_lines(struct rendered *out, const struct template_trace *trace, unsigned shift)
{
    for (size_t i = 0; i < trace->count; i++) {
        const char *path = trace->names[i].len ? render_name_path(trace->names[i]) : NULL;
        if (!path)
            continue;
        *vec_push(out->lines, out->line_count, out->line_cap) =
            (struct render_line){ .line = (unsigned)i + 1 + (i > 0 ? shift : 0), .path = path };
    }
}

/* Behind the first line go the options, and a command that ends them: sbatch reads no further. */
static int join_slurm(const struct render_input *in, struct span body, const struct template_trace *trace,
                      struct rendered *out, struct errs *errs)
{
    struct span first;
    auto_str struct str lines = STR_MAX(MAX_SCRIPT_BYTES);
    (void)span_next_line(&body, &first);
    if (render_directives(in, 2, &lines, out, errs) < 0)
        return -1;
    struct span rest = str_span(&lines), line;
    unsigned count = 0;
    while (span_next_line(&rest, &line))
        count++;
    str_add_span(&out->script, first);
    str_add_char(&out->script, '\n');
    str_add_span(&out->script, str_span(&lines));
    str_add(&out->script, "unset SLURM_EXPORT_ENV\n");
    str_add_span(&out->script, body);
    trace_lines(out, trace, count + 1);
    return 0;
}

static void add_argv(struct rendered *out, const struct doc *argv)
{
    struct json_out json = { .to = &out->argv };
    json_doc(&json, argv);
}

static void add_warnings(const struct render_input *in, struct rendered *out)
{
    struct json_out json = { .to = &out->warnings };
    json_open_array(&json);
    if (in->cluster->type != CLUSTER_SLURM)
        for (size_t i = 0; i < resolved_count(in->resolved); i++) {
            struct resolved_leaf leaf = resolved_leaf(in->resolved, i);
            if (strncmp(leaf.path, "slurm.", 6) != 0 || leaf.origin->layer == LAYER_BUILTIN)
                continue;
            auto_str struct str text = STR_MAX(512);
            str_addf(&text, "%s has no effect on %s, which has no Slurm", leaf.path, in->cluster->name);
            json_str(&json, str_text(&text));
        }
    json_close_array(&json);
}

static int fill(const struct render_input *in, const struct payload *payload, struct rendered *out,
                struct errs *errs)
{
    auto_doc struct doc *context = mem_zalloc(sizeof(*context));
    auto_template_trace struct template_trace trace = { 0 };
    auto_str struct str body = STR_MAX(MAX_SCRIPT_BYTES);
    struct template_source source = source_of(in);
    if (check_source(in, &source, errs) < 0)
        return -1;
    render_context(in, payload, context);
    if (template_render(&source, context, &body, &trace, errs) < 0)
        return -1;
    if (in->cluster->type == CLUSTER_SLURM) {
        if (join_slurm(in, str_span(&body), &trace, out, errs) < 0)
            return -1;
    } else {
        str_add_span(&out->script, str_span(&body));
        trace_lines(out, &trace, 0);
    }
    if (out->script.failed)
        return errs_addf(errs, &(struct errs_item){ .code = ERR_TOO_LARGE }, "the script exceeds %d bytes",
                         (int)MAX_SCRIPT_BYTES);
    add_argv(out, &payload->argv);
    add_warnings(in, out);
    return 0;
}

int render_job(const struct render_input *in, struct rendered *out, struct errs *errs)
{
    struct err err;
    auto_payload struct payload payload = { 0 };
    auto_rendered struct rendered made = { .script = STR_MAX(MAX_SCRIPT_BYTES) };
    made.argv = STR_MAX(4 * MAX_SCRIPT_BYTES);
    made.warnings = STR_MAX(MAX_CONFIG_BYTES);
    *out = (struct rendered){ 0 };
    if (payload_build(in->resolved, &payload, &err) < 0)
        return errs_add(errs, &(struct errs_item){ .code = err.code, .path = "args", .text = err.text });
    if (fill(in, &payload, &made, errs) < 0)
        return -1;
    *out = made;
    made = (struct rendered){ 0 };
    return 0;
}

void rendered_clear(struct rendered *rendered)
{
    str_clear(&rendered->script);
    str_clear(&rendered->argv);
    str_clear(&rendered->warnings);
    mem_free_ptr(&rendered->lines);
    rendered->line_count = rendered->line_cap = 0;
}

static bool is_below(const char *leaf, const char *path)
{
    size_t len = strlen(path);
    return strncmp(leaf, path, len) == 0 && (leaf[len] == '\0' || leaf[len] == '.');
}

bool render_has_path(const struct resolved *resolved, const char *path)
{
    for (size_t i = 0; i < resolved_count(resolved); i++)
        if (is_below(resolved_leaf(resolved, i).path, path))
            return true;
    return false;
}

/* Each origin that something at or below the path has, once: a map is made of several layers. */
static void add_origins(const struct resolved *resolved, const char *path, const char *label, struct str *to)
{
    for (size_t i = 0; i < resolved_count(resolved); i++) {
        struct resolved_leaf leaf = resolved_leaf(resolved, i);
        auto_str struct str text = STR_MAX(ORIGIN_BYTES);
        if (!is_below(leaf.path, path) || leaf.origin->layer == LAYER_BUILTIN)
            continue;
        if (label)
            str_addf(&text, "%s: ", label);
        origin_text(leaf.origin, &text);
        if (to->len > ORIGIN_BYTES || (to->len && strstr(str_text(to), str_text(&text))))
            continue;
        str_addf(to, "%s%s", to->len ? "; " : "", str_text(&text));
    }
}

/* What became the words of the command line, in their order. */
static void add_command_origins(const struct resolved *resolved, struct str *to)
{
    const char *program = resolved_str(resolved, "shell")                 ? "shell"
                          : resolved_doc(resolved, "command")->count != 0 ? "command"
                                                                          : "train_script";
    add_origins(resolved, program, program, to);
    add_origins(resolved, "args", "args", to);
    add_origins(resolved, "overrides", "overrides", to);
    add_origins(resolved, "request.args", "args", to);
}

static void add_line_origin(const struct resolved *resolved, const char *path, struct str *to)
{
    if (strcmp(path, "args") == 0)
        add_command_origins(resolved, to);
    else
        add_origins(resolved, path, NULL, to);
    if (!to->len)
        str_add(to, "built-in");
}

void rendered_lines_json(const struct rendered *rendered, const struct resolved *resolved, struct str *to)
{
    struct json_out json = { .to = to };
    json_open_array(&json);
    for (size_t i = 0; i < rendered->line_count; i++) {
        const struct render_line *line = &rendered->lines[i];
        auto_str struct str text = STR_MAX(3 * ORIGIN_BYTES);
        add_line_origin(resolved, line->path, &text);
        json_open_object(&json);
        json_member_int(&json, "line", line->line);
        json_member_str(&json, "path", line->path);
        json_member_str(&json, "origin", str_text(&text));
        json_close_object(&json);
    }
    json_close_array(&json);
}
