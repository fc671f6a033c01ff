#include "domain/schema_place.h"

#include "base/mem.h"
#include "text/suggest.h"

#include <string.h>

static const struct schema *const schemas[] = { &schema_project, &schema_clusters, &schema_daemon,
                                                &schema_request };

enum { TEXT_BYTES = 1024, MAX_PATHS = 512 };

static void add_default(const struct schema_row *row, struct str *to)
{
    str_add(to, row->flags & SCHEMA_REQUIRED ? "(must be given)" : row->fallback);
}

/* What is said about whether it works. */
static void add_state(const struct schema_row *row, struct str *to)
{
    if (row->flags & SCHEMA_LATER)
        str_add(to, "not supported yet: only the default is taken");
    if (row->later_words) {
        auto_str struct str words = STR_MAX(TEXT_BYTES);
        struct span rest = span_of(row->later_words), word;
        while (span_next(&rest, '|', &word))
            str_addf(&words, "%s%.*s", words.len ? ", " : "", SPAN_FMT(word));
        str_addf(to, "not supported yet: %s", str_text(&words));
    }
}

static void add_children(const struct schema *schema, const struct schema_row *row, struct str *to)
{
    const struct schema_place root = schema_root(schema);
    struct schema_place in = schema_inside(&root, row);
    const struct schema_row *child;
    size_t index = 0;
    bool has_keys = row->type == SCHEMA_OBJECT || row->type == SCHEMA_OBJECTS || row->type == SCHEMA_NAMED;
    while (has_keys && !row->overlay && (child = schema_next(&in, &index)))
        str_addf(to, "    %-22s %s\n", schema_direct(&in, child), child->help);
}

static void explain_row(const struct schema *schema, const struct schema_row *row, struct str *to)
{
    auto_str struct str state = STR_MAX(TEXT_BYTES);
    str_addf(to, "%s%s (%s)\n  %s\n", to->len ? "\n" : "", row->path, schema->title, row->help);
    str_add(to, "  takes    ");
    schema_expects(row, to);
    str_add(to, "\n  default  ");
    add_default(row, to);
    if (row->unit)
        str_addf(to, "\n  unit     %s", row->unit);
    add_state(row, &state);
    if (state.len)
        str_addf(to, "\n  state    %s", str_text(&state));
    str_add_char(to, '\n');
    add_children(schema, row, to);
}

/* "gpus" means every key that ends so. */
static bool ends_in(const char *path, const char *key)
{
    size_t len = strlen(path), tail = strlen(key);
    if (tail >= len)
        return false;
    return strcmp(path + len - tail, key) == 0 && path[len - tail - 1] == '.';
}

static void explain_endings(const char *key, struct str *to)
{
    for (size_t s = 0; s < ARRAY_LEN(schemas); s++)
        for (size_t i = 0; i < schemas[s]->count; i++)
            if (ends_in(schemas[s]->rows[i].path, key))
                explain_row(schemas[s], &schemas[s]->rows[i], to);
}

static void explain_exact(const char *key, struct str *to)
{
    for (size_t s = 0; s < ARRAY_LEN(schemas); s++) {
        const struct schema_row *row = schema_row_at(schemas[s], key);
        bool is_own = row >= schemas[s]->rows && row < schemas[s]->rows + schemas[s]->count;
        if (row && is_own)
            explain_row(schemas[s], row, to);
    }
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* By whole paths, else by last parts. */
static const char *nearest(const char *key)
{
    const char *paths[MAX_PATHS], *lasts[MAX_PATHS];
    size_t count = 0;
    for (size_t s = 0; s < ARRAY_LEN(schemas); s++)
        for (size_t i = 0; i < schemas[s]->count && count < MAX_PATHS; i++, count++) {
            paths[count] = schemas[s]->rows[i].path;
            lasts[count] = last_part(paths[count]);
        }
    const char *found = suggest_nearest(key, paths, count);
    return found ? found : suggest_nearest(last_part(key), lasts, count);
}

int schema_explain(const char *key, struct str *to, struct err *err)
{
    size_t before = to->len;
    explain_exact(key, to);
    if (to->len == before)
        explain_endings(key, to);
    if (to->len > before)
        return 0;
    const char *guess = nearest(key);
    return err_set(err, ERR_NOT_FOUND, "no key is called %.100s%s%s%s", key, guess ? "; did you mean " : "",
                   guess ? guess : "", guess ? "?" : "");
}

/* A table's cell: bars are escaped. */
static void add_cell(const char *text, struct str *to)
{
    for (; *text; text++) {
        if (*text == '|')
            str_add_char(to, '\\');
        str_add_char(to, *text);
    }
}

static void add_markdown_row(const struct schema_row *row, struct str *to)
{
    auto_str struct str takes = STR_MAX(TEXT_BYTES), state = STR_MAX(TEXT_BYTES);
    schema_expects(row, &takes);
    add_state(row, &state);
    str_addf(to, "| `%s` | ", row->path);
    add_cell(str_text(&takes), to);
    str_add(to, " | `");
    add_default(row, to);
    str_add(to, "` | ");
    add_cell(row->help, to);
    if (row->unit)
        str_addf(to, " In %s.", row->unit);
    if (state.len)
        str_addf(to, " *%s*", str_text(&state));
    str_add(to, " |\n");
}

void schema_markdown(const struct schema *schema, struct str *to)
{
    str_addf(to, "### %s\n\n| key | takes | default | |\n| --- | --- | --- | --- |\n", schema->title);
    for (size_t i = 0; i < schema->count; i++)
        add_markdown_row(&schema->rows[i], to);
    str_add_char(to, '\n');
}
