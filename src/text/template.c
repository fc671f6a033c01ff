#include "text/template.h"

#include "base/limits.h"
#include "base/mem.h"
#include "text/quote.h"
#include "text/suggest.h"
#include "text/template_nodes.h"

#include <string.h>

enum { MAX_STEPS = 1000000, MAX_KNOWN_NAMES = 256 };

struct renderer {
    const struct template_source *source;
    struct nodes *nodes;
    const struct doc *scopes[MAX_TEMPLATE_DEPTH + 1]; /* the context first */
    size_t depth;                                     /* open scopes */
    struct str *out;
    size_t out_start;
    struct template_trace *trace;
    size_t line; /* of the output, for the trace */
    struct errs *errs;
    size_t iterations, steps;
    bool is_bad, has_stopped;
};

void template_trace_clear(struct template_trace *trace)
{
    mem_free_ptr(&trace->names);
    *trace = (struct template_trace){ 0 };
}

static void complain(struct renderer *r, struct node *node, enum err_code code, const char *text,
                     const char *hint)
{
    r->is_bad = true;
    if (node->is_reported)
        return;
    node->is_reported = true;
    bool is_text = node->kind == NODE_TEXT; /* then it is the whole that is wrong */
    auto_free char *name = span_dup(span_head(node->text, is_text ? 0 : 64));
    errs_add(r->errs, &(struct errs_item){ .code = code,
                                           .file = r->source->file,
                                           .line = node->line,
                                           .col = node->col,
                                           .path = name,
                                           .text = text,
                                           .hint = hint });
}

/* Limits end the rendering, everything else is collected. */
static void stop(struct renderer *r, struct node *node, const char *text)
{
    complain(r, node, ERR_TOO_LARGE, text, NULL);
    r->has_stopped = true;
}

static void emit(struct renderer *r, struct node *node, struct span text)
{
    str_add_span(r->out, text);
    if (r->out->failed || r->out->len - r->out_start > MAX_SCRIPT_BYTES)
        stop(r, node, "the result is larger than 1 MiB");
    for (size_t i = 0; r->trace && i < text.len; i++)
        r->line += text.ptr[i] == '\n';
}

static void note_name(struct renderer *r, struct span name)
{
    struct template_trace *trace = r->trace;
    if (!trace)
        return;
    while (trace->count <= r->line)
        *vec_push(trace->names, trace->count, trace->cap) = (struct span){ 0 };
    if (trace->names[r->line].len == 0)
        trace->names[r->line] = name;
}

static const struct doc *member(const struct doc *map, struct span key)
{
    if (map->kind != DOC_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (span_is(key, map->items[i].key))
            return &map->items[i];
    }
    return NULL;
}

/* "slurm.acount": what is like the last part that was not found. */
static void complain_unknown(struct renderer *r, struct node *node, struct span part, const struct doc *map)
{
    if (node->is_reported)
        return; /* a loop comes by often */
    const char *names[MAX_KNOWN_NAMES];
    size_t count = 0;
    for (size_t i = 0; i < (map ? 1 : r->depth); i++) {
        const struct doc *scope = map ? map : r->scopes[r->depth - 1 - i];
        for (size_t k = 0; scope->kind == DOC_MAP && k < scope->count && count < MAX_KNOWN_NAMES; k++)
            names[count++] = scope->items[k].key;
    }
    auto_free char *word = span_dup(part);
    const char *nearest = suggest_nearest(word, names, count);
    auto_str struct str hint = STR_MAX(256);
    if (nearest)
        str_addf(&hint, "did you mean %s?", nearest);
    complain(r, node, ERR_INVALID, "no such name", nearest ? str_text(&hint) : NULL);
}

static const struct doc *lookup(struct renderer *r, struct node *node)
{
    struct span rest = node->text, part;
    if (span_is(rest, "."))
        return r->scopes[r->depth - 1];
    (void)span_next(&rest, '.', &part);
    const struct doc *found = NULL;
    for (size_t i = r->depth; i > 0 && !found; i--)
        found = member(r->scopes[i - 1], part);
    const struct doc *map = NULL;
    while (found && span_next(&rest, '.', &part)) {
        if (doc_is_null(found))
            return found; /* what is below a declared null is null */
        map = found;
        found = member(map, part);
    }
    if (!found)
        complain_unknown(r, node, part, map);
    return found;
}

static bool is_empty(const struct doc *doc)
{
    struct doc view = *doc; /* typing touches no text: nothing to free */
    doc_core_scalar(&view);
    switch (view.kind) {
    case DOC_NULL:
        return true;
    case DOC_BOOL:
        return !view.boolean;
    case DOC_INT:
        return view.integer == 0;
    case DOC_FLOAT:
        return view.number == 0;
    case DOC_STR:
        return view.text[0] == '\0';
    case DOC_SEQ:
    case DOC_MAP:
        break;
    }
    return view.count == 0;
}

static void render_scalar(struct renderer *r, struct node *node, const struct doc *value)
{
    const char *text = doc_is_null(value) ? "" : doc_scalar_text(value);
    if (!text) {
        complain(r, node, ERR_INVALID, "this is a list or a map, not a value",
                 "name one of its keys, or use {{#name}}");
        return;
    }
    if (node->kind == NODE_RAW) {
        emit(r, node, span_of(text));
        return;
    }
    if (node->place == SHELL_COMMENT && strpbrk(text, "\r\n")) {
        complain(r, node, ERR_INVALID, "a value with a line break cannot stand in a comment", NULL);
        return;
    }
    auto_str struct str word = STR_MAX(4 * MAX_SCRIPT_BYTES + 2);
    quote_text(&word, text);
    if (word.failed)
        stop(r, node, "the value is larger than 1 MiB");
    else
        emit(r, node, str_span(&word));
}

static void render_value(struct renderer *r, struct node *node)
{
    const struct doc *value = lookup(r, node);
    if (!value)
        return;
    note_name(r, node->text);
    if (value->kind != DOC_SEQ) {
        render_scalar(r, node, value);
        return;
    }
    for (size_t i = 0; i < value->count && !r->has_stopped; i++) {
        if (i > 0)
            emit(r, node, SPAN_LIT(" "));
        render_scalar(r, node, &value->items[i]);
    }
}

static void render_range(struct renderer *r, size_t from, size_t to);

static void render_once(struct renderer *r, size_t at, const struct doc *scope)
{
    struct node *node = &r->nodes->items[at];
    if (++r->iterations > MAX_TEMPLATE_ITERATIONS) {
        stop(r, node, "sections are repeated more than 10,000 times");
        return;
    }
    r->scopes[r->depth++] = scope;
    render_range(r, at + 1, node->end);
    r->depth--;
}

static void render_section(struct renderer *r, size_t at)
{
    struct node *node = &r->nodes->items[at];
    const struct doc *value = lookup(r, node);
    if (!value || is_empty(value) != (node->kind == NODE_INVERTED))
        return;
    if (value->kind != DOC_SEQ || node->kind == NODE_INVERTED) {
        render_once(r, at, value);
        return;
    }
    for (size_t i = 0; i < value->count && !r->has_stopped; i++)
        render_once(r, at, &value->items[i]);
}

static void render_range(struct renderer *r, size_t from, size_t to)
{
    for (size_t i = from; i < to && !r->has_stopped; i++) {
        struct node *node = &r->nodes->items[i];
        if (++r->steps > MAX_STEPS) {
            stop(r, node, "the template does too much");
            return;
        }
        switch (node->kind) {
        case NODE_TEXT:
            emit(r, node, node->text);
            break;
        case NODE_VALUE:
        case NODE_RAW:
            render_value(r, node);
            break;
        case NODE_SECTION:
        case NODE_INVERTED:
            render_section(r, i);
            i = node->end - 1;
            break;
        case NODE_END:
            break;
        }
    }
}

int template_render(const struct template_source *source, const struct doc *context, struct str *out,
                    struct template_trace *trace, struct errs *errs)
{
    if (source->text.len > MAX_SCRIPT_BYTES)
        return errs_add(errs, &(struct errs_item){ .code = ERR_TOO_LARGE,
                                                   .file = source->file,
                                                   .text = "the template is larger than 1 MiB" });
    auto_nodes struct nodes nodes = { 0 };
    int rc = nodes_parse(source->text, source->file, source->allow_raw, &nodes, errs);
    struct renderer r = { .source = source,
                          .nodes = &nodes,
                          .scopes = { context },
                          .depth = 1,
                          .out = out,
                          .out_start = out->len,
                          .trace = trace,
                          .errs = errs };
    if (rc == 0)
        render_range(&r, 0, nodes.count);
    if (rc == 0 && !r.is_bad)
        return 0;
    str_cut(out, r.out_start);
    if (trace)
        template_trace_clear(trace);
    if (errs)
        errs_sort(errs);
    return -1;
}
