#include "domain/schema_place.h"

#include "base/limits.h"
#include "base/mem.h"
#include "text/suggest.h"

#include <string.h>

enum { PATH_BYTES = 64 * 1024 };

struct walk {
    const char *file;
    struct errs *errs;
    struct str dotted, pointer; /* of the value at hand */
    bool failed;
};

struct mark { /* how long the paths were, to come back */
    size_t dotted, pointer;
};

static struct mark step_into(struct walk *w, const char *key, size_t index)
{
    struct mark mark = { w->dotted.len, w->pointer.len };
    if (key)
        errs_path_key(&w->dotted, &w->pointer, key);
    else
        errs_path_index(&w->dotted, &w->pointer, index);
    return mark;
}

static void step_back(struct walk *w, struct mark mark)
{
    str_cut(&w->dotted, mark.dotted);
    str_cut(&w->pointer, mark.pointer);
}

static struct errs_item item_at(const struct walk *w, unsigned line, unsigned col)
{
    return (struct errs_item){ .file = w->file,
                               .line = line,
                               .col = col,
                               .path = str_text(&w->dotted),
                               .pointer = str_text(&w->pointer) };
}

static void report(struct walk *w, const struct doc *at, const struct err *err, const char *hint)
{
    struct errs_item item = item_at(w, at->line, at->col);
    item.code = err->code;
    item.text = err->text;
    item.hint = hint;
    w->failed = true;
    (void)errs_add(w->errs, &item);
}

static void check_value(struct walk *w, const struct schema_place *at, const struct schema_row *row,
                        const struct doc *doc);

/* The nearest key that is known here, as a hint; "" none. */
static void add_nearest(const struct schema_place *at, const char *key, struct str *hint)
{
    const char *names[256];
    size_t count = 0, index = 0;
    const struct schema_row *row;
    while (count < ARRAY_LEN(names) && (row = schema_next(at, &index)))
        if (!strchr(schema_direct(at, row), '*'))
            names[count++] = schema_direct(at, row);
    const char *nearest = suggest_nearest(key, names, count);
    for (size_t i = 0; !nearest && i < count; i++) /* "memory" for mem */
        if (strlen(names[i]) >= 3 && strncmp(key, names[i], strlen(names[i])) == 0)
            nearest = names[i];
    if (nearest)
        str_addf(hint, "did you mean %s?", nearest);
}

/* A key that stands elsewhere in the file is told so. */
static void add_elsewhere(const struct schema_place *at, const char *key, struct str *hint)
{
    for (size_t i = 0; !hint->len && i < at->schema->count; i++) {
        const struct schema_row *row = &at->schema->rows[i];
        const char *last = strrchr(row->path, '.');
        if (last && strcmp(last + 1, key) == 0 && !strchr(row->path, '*'))
            str_addf(hint, "did you mean %s?", row->path);
    }
}

/* What is wrong with a key that has no row here. */
static const char *unknown_text(const struct schema_place *at, const char *key)
{
    struct schema_place all = *at;
    all.forbidden = 0;
    if (schema_key(&all, span_of(key)))
        return "does not belong in an overlay";
    all.schema = at->schema->base;
    if (all.schema && schema_key(&all, span_of(key)))
        return "belongs in the project's file, not in a request";
    return "unknown key";
}

static void add_hint(const struct schema_place *at, const char *key, struct str *hint)
{
    const char *dot = strrchr(key, '.');
    if (dot && schema_row_at(at->schema, key)) {
        str_addf(hint, "keys are nested: %.*s: {%s: ...}", (int)(dot - key), key, dot + 1);
        return;
    }
    add_nearest(at, key, hint);
    add_elsewhere(at, key, hint);
}

static void report_unknown(struct walk *w, const struct schema_place *at, const struct doc *doc)
{
    auto_str struct str hint = STR_MAX(1024);
    struct errs_item item = item_at(w, doc->key_line, doc->key_col);
    item.text = unknown_text(at, doc->key);
    if (strcmp(item.text, "unknown key") == 0)
        add_hint(at, doc->key, &hint);
    item.hint = hint.len ? str_text(&hint) : NULL;
    w->failed = true;
    (void)errs_add(w->errs, &item);
}

static void check_required(struct walk *w, const struct schema_place *at, const struct doc *doc)
{
    size_t index = 0;
    const struct schema_row *row;
    while ((row = schema_next(at, &index))) {
        const char *name = schema_direct(at, row);
        if (!(row->flags & SCHEMA_REQUIRED) || doc_get(doc, name))
            continue;
        struct errs_item item = item_at(w, doc->line, doc->col);
        w->failed = true;
        (void)errs_addf(w->errs, &item, "%s is missing", name);
    }
}

/* Nobody reads on; and guessing what each of 100,000 keys meant would hold up the loop. */
static bool has_enough(const struct walk *w)
{
    return w->errs && w->errs->more >= MAX_CONFIG_ERRORS;
}

static void check_map(struct walk *w, const struct schema_place *at, const struct doc *doc)
{
    for (size_t i = 0; i < doc->count && !has_enough(w); i++) {
        const struct doc *item = &doc->items[i];
        const struct schema_row *row = schema_key(at, span_of(item->key));
        struct mark mark = step_into(w, item->key, 0);
        if (row)
            check_value(w, at, row, item);
        else
            report_unknown(w, at, item);
        step_back(w, mark);
    }
    check_required(w, at, doc);
}

static void check_inner_map(struct walk *w, const struct schema_place *in, const struct doc *doc)
{
    static const struct schema_row map = { .type = SCHEMA_OBJECT };
    struct err err;
    struct doc ignored = { 0 };
    if (schema_is_null(doc))
        return;
    if (schema_type(&map, doc, &ignored, &err) < 0)
        report(w, doc, &err, NULL);
    else
        check_map(w, in, doc);
    doc_clear(&ignored);
}

static void check_objects(struct walk *w, const struct schema_place *in, const struct doc *doc)
{
    for (size_t i = 0; i < doc->count; i++) {
        struct mark mark = step_into(w, NULL, i);
        check_inner_map(w, in, &doc->items[i]);
        step_back(w, mark);
    }
}

static void check_named(struct walk *w, const struct schema_place *in, const struct schema_row *row,
                        const struct doc *doc)
{
    for (size_t i = 0; i < doc->count; i++) {
        const struct doc *item = &doc->items[i];
        struct mark mark = step_into(w, item->key, 0);
        if (!schema_pattern_ok(row->pattern, item->key)) {
            struct err err;
            (void)err_set(&err, ERR_INVALID, "expected a name %s", schema_pattern_words(row->pattern));
            report(w, item, &err, NULL);
        } else {
            check_inner_map(w, in, item);
        }
        step_back(w, mark);
    }
}

/* Values of a map or list are reported at their own place. */
static const struct doc *culprit(const struct schema_row *row, const struct doc *doc)
{
    if (row->type == SCHEMA_STRS && doc->kind == DOC_SEQ)
        for (size_t i = 0; i < doc->count; i++)
            if (!schema_item_ok(row, &doc->items[i]))
                return &doc->items[i];
    if (row->type != SCHEMA_DICT || doc->kind != DOC_MAP)
        return doc;
    for (size_t i = 0; i < doc->count; i++) {
        const struct doc *item = &doc->items[i];
        if (!schema_pattern_ok(row->pattern, item->key) || item->kind == DOC_SEQ || item->kind == DOC_MAP)
            return item;
    }
    return doc;
}

static bool is_refused(struct walk *w, const struct schema_row *row, const struct doc *doc)
{
    struct err err;
    if ((row->flags & SCHEMA_REQUIRED) && schema_is_null(doc)) {
        (void)err_set(&err, ERR_INVALID, "must be given");
        report(w, doc, &err, NULL);
        return true;
    }
    if (!(row->flags & SCHEMA_LATER) || schema_says_default(row, doc))
        return false;
    (void)err_set(&err, ERR_UNSUPPORTED, "not supported yet");
    auto_str struct str hint = STR_MAX(512);
    str_addf(&hint, "leave it out, or at its default %s", row->fallback);
    report(w, doc, &err, str_text(&hint));
    return true;
}

/* "yes" for true is the slip that YAML 1.1 taught. */
static void add_bool_hint(const struct doc *doc, struct str *hint)
{
    if (schema_word_in("yes|Yes|YES|on|On|ON", doc->text))
        str_add(hint, "write true");
    else if (schema_word_in("no|No|NO|off|Off|OFF", doc->text))
        str_add(hint, "write false");
}

/* A command is meant as its words; with quotes or other signs of a shell in it, it is a line of one. The
 * other lists take such a string as one entry. */
static void add_list_hint(const char *path, const char *text, struct str *hint)
{
    struct span rest = span_trim(span_of(text)), word;
    bool is_command = strcmp(path, "command") == 0;
    if (is_command && strcspn(text, "\"'\\$&|;<>()*?[]{}`#~=:,!@%\n") < strlen(text)) {
        str_addf(hint, "a list of words, or: shell: %.200s", text);
        return;
    }
    if (!is_command || !rest.len) {
        str_addf(hint, "write [%.60s]", text);
        return;
    }
    const char *before = "write [";
    while (span_next(&rest, ' ', &word))
        if (word.len) {
            str_addf(hint, "%s%.*s", before, SPAN_FMT(word));
            before = ", ";
        }
    str_addf(hint, "], or shell: %s", text);
}

static void add_value_hint(const struct schema_row *row, const struct doc *doc, struct str *hint)
{
    bool is_typed = row->type == SCHEMA_INT || row->type == SCHEMA_FLOAT || row->type == SCHEMA_BOOL;
    if (row->type == SCHEMA_STRS && doc_scalar_text(doc))
        add_list_hint(row->path, doc_scalar_text(doc), hint);
    if (doc->kind != DOC_STR || !is_typed)
        return;
    if (row->type == SCHEMA_BOOL)
        add_bool_hint(doc, hint);
    if (!hint->len && !doc->plain)
        str_add(hint, "without quotes");
}

static void check_value(struct walk *w, const struct schema_place *at, const struct schema_row *row,
                        const struct doc *doc)
{
    struct err err;
    struct doc value = { 0 };
    if (is_refused(w, row, doc))
        return;
    int rc = schema_type(row, doc, &value, &err);
    bool is_null = rc == 0 && value.kind == DOC_NULL;
    doc_clear(&value);
    if (rc < 0) {
        auto_str struct str hint = STR_MAX(256);
        add_value_hint(row, doc, &hint);
        report(w, culprit(row, doc), &err, hint.len ? str_text(&hint) : NULL);
        return;
    }
    if (is_null)
        return;
    struct schema_place in = schema_inside(at, row);
    if (row->type == SCHEMA_OBJECT)
        check_map(w, &in, doc);
    else if (row->type == SCHEMA_OBJECTS)
        check_objects(w, &in, doc);
    else if (row->type == SCHEMA_NAMED)
        check_named(w, &in, row, doc);
}

int schema_check(const struct schema *schema, const struct doc *doc, const char *file, struct errs *errs)
{
    struct walk w = {
        .file = file, .errs = errs, .dotted = STR_MAX(PATH_BYTES), .pointer = STR_MAX(PATH_BYTES)
    };
    struct schema_place root = schema_root(schema);
    check_inner_map(&w, &root, doc);
    str_clear(&w.dotted);
    str_clear(&w.pointer);
    if (file)
        errs_sort(errs);
    return w.failed ? -1 : 0;
}
