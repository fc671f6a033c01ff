#include "cli/table.h"

#include "base/mem.h"
#include "text/terminal.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_CELL_BYTES = 64 * 1024, MAX_LINE_BYTES = 2 * 1024 * 1024, GAP = 2, MIN_SHRUNK = 8 };

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    table->cells = NULL;
    table->count = table->cap = 0;
}

void table_add(struct table *table, const char *text, enum tint tint)
{
    auto_str struct str safe = STR_MAX(MAX_CELL_BYTES);
    terminal_escape(&safe, span_of(text && *text ? text : "-"), TERMINAL_CELL);
    size_t width = terminal_width(str_span(&safe));
    *vec_push(table->cells, table->count, table->cap) = (struct table_cell){ str_steal(&safe), width, tint };
}

void table_addf(struct table *table, enum tint tint, const char *fmt, ...)
{
    auto_str struct str text = STR_MAX(MAX_CELL_BYTES);
    va_list args;
    va_start(args, fmt);
    str_addv(&text, fmt, args);
    va_end(args);
    table_add(table, str_text(&text), tint);
}

/* --- widths --- */

static size_t total_width(const size_t *widths, size_t count)
{
    size_t total = count ? (count - 1) * GAP : 0;
    for (size_t i = 0; i < count; i++)
        total += widths[i];
    return total;
}

/* The widest column that may still give way, or -1. */
static int widest(const struct table *table, const size_t *widths)
{
    int best = -1;
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].shrinks && widths[i] > MIN_SHRUNK && (best < 0 || widths[i] > widths[best]))
            best = (int)i;
    return best;
}

static void measure(const struct table *table, const struct cli_env *env, size_t *widths)
{
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = terminal_width(span_of(table->columns[i].title));
    for (size_t i = 0; i < table->count; i++) {
        assert(table->column_count);
        size_t *width = &widths[i % table->column_count];
        if (table->cells[i].width > *width)
            *width = table->cells[i].width;
    }
    int column = 0;
    while (env->columns > 0 && total_width(widths, table->column_count) > (size_t)env->columns &&
           (column = widest(table, widths)) >= 0)
        widths[column]--;
}

/* --- lines --- */

static void pad(struct str *line, size_t columns)
{
    while (columns-- > 0)
        str_add_char(line, ' ');
}

struct placing {
    size_t width; /* of the column */
    size_t room;  /* of the line from here on; SIZE_MAX no end */
    bool is_right, is_last;
};

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void place(const struct cli_env *env, struct str *line, const struct table_cell *cell,
                  const struct placing *at)
{
    auto_str struct str text = STR_MAX(MAX_CELL_BYTES);
    terminal_cut(&text, span_of(cell->text), min_size(at->width, at->room));
    size_t used = terminal_width(str_span(&text));
    size_t blank = at->width > used ? at->width - used : 0;
    if (at->is_right)
        pad(line, min_size(blank, at->room));
    screen_add_tinted(env, line, str_span(&text), cell->tint);
    if (!at->is_right && !at->is_last)
        pad(line, min_size(blank, at->room));
}

static void print_row(const struct table *table, const struct cli_env *env, const struct table_cell *cells,
                      const size_t *widths)
{
    auto_str struct str line = STR_MAX(MAX_LINE_BYTES);
    size_t room = env->columns > 0 ? (size_t)env->columns : SIZE_MAX;
    for (size_t i = 0; i < table->column_count && room > 0; i++) {
        struct placing at = { widths[i], room, table->columns[i].is_right, i + 1 == table->column_count };
        place(env, &line, &cells[i], &at);
        if (at.is_last)
            break;
        room -= min_size(room, widths[i]);
        pad(&line, min_size(room, GAP));
        room -= min_size(room, GAP);
    }
    str_add_char(&line, '\n');
    (void)fwrite(str_text(&line), 1, line.len, env->out);
}

static void print_tabs(const struct table *table, const struct cli_env *env, const struct table_cell *cells)
{
    for (size_t i = 0; i < table->column_count; i++)
        (void)fprintf(env->out, "%s%s", cells[i].text, i + 1 < table->column_count ? "\t" : "\n");
}

void table_print(const struct table *table, const struct cli_env *env)
{
    size_t widths[MAX_TABLE_COLUMNS];
    struct table_cell titles[MAX_TABLE_COLUMNS];
    measure(table, env, widths);
    for (size_t i = 0; i < table->column_count; i++)
        titles[i] = (struct table_cell){ (char *)table->columns[i].title, 0, TINT_STRONG };
    const struct table_cell *row = titles;
    for (size_t i = 0; i <= table->count; i += table->column_count) {
        if (env->is_terminal)
            print_row(table, env, row, widths);
        else
            print_tabs(table, env, row);
        row = &table->cells[i];
    }
}
