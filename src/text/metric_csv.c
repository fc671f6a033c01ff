#include "text/metric_csv.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

enum { MAX_KIN_CELLS = 64 }; /* each is looked for in the whole header */

/* Cuts a quoted cell, its quotes taken off; doubled ones become one in the row's space. */
static bool next_quoted(struct metric_build *row, struct span *rest, struct span *cell)
{
    struct span body = span_skip(*rest, 1), kept = { 0 };
    size_t at = 0, from = row->used;
    bool is_doubled = false;
    for (; at < body.len; at++) {
        bool is_quote = body.ptr[at] == '"',
             is_pair = is_quote && at + 1 < body.len && body.ptr[at + 1] == '"';
        if (is_quote && !is_pair)
            break;
        is_doubled = is_doubled || is_pair;
        at += is_pair;
        kept = metric_build_keep(row, (struct span){ body.ptr + at, 1 });
        if (!kept.len)
            return false;
    }
    if (at >= body.len)
        return false;
    *cell = is_doubled ? (struct span){ row->space + from, row->used - from } : span_head(body, at);
    if (!is_doubled)
        row->used = from;
    struct span behind = span_skip(body, at + 1);
    size_t comma = span_find_char(behind, ',');
    if (span_trim(span_head(behind, comma)).len)
        return false;
    *rest = span_skip(behind, comma + 1);
    return true;
}

/* False at the end of the line, and where a quote is not closed. */
static bool next_cell(struct metric_build *row, struct span *rest, struct span *cell)
{
    while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = span_skip(*rest, 1);
    if (rest->len && rest->ptr[0] == '"')
        return next_quoted(row, rest, cell);
    if (!span_next(rest, ',', cell))
        return false;
    *cell = span_trim(*cell);
    return true;
}

static bool has_cell(struct metric_build *row, struct span line, struct span wanted)
{
    struct span cell;
    while (next_cell(row, &line, &cell))
        if (span_eq(cell, wanted))
            return true;
    return false;
}

/* As programs name a column: "val/loss", "grad_norm". Not of an empty cell. */
static bool is_name(struct span cell)
{
    for (size_t i = 0; i < cell.len; i++)
        if (!isalnum((unsigned char)cell.ptr[i]) && !strchr("_-./@:", cell.ptr[i]))
            return false;
    return isalpha((unsigned char)cell.ptr[0]) || cell.ptr[0] == '_';
}

static size_t count_cells(struct metric_build *row, struct span line)
{
    struct span cell;
    size_t count = 0;
    metric_build_clear(row);
    while (next_cell(row, &line, &cell))
        count++;
    return count;
}

/* Words alone, one of the first of them known already, or several that are all names: a run that was requeued
 * with other code writes another header behind the old rows. As many words as there are columns are rather a
 * row of words. */
static bool is_header(struct metric_build *row, struct span known, struct span line)
{
    struct span cell;
    double number;
    bool is_kin = known.len == 0, are_names = true;
    size_t cells = 0;
    metric_build_clear(row);
    for (; next_cell(row, &line, &cell); cells++) {
        if (!cell.len || metric_number(cell, &number))
            return false;
        are_names = are_names && is_name(cell);
        is_kin = is_kin || (cells < MAX_KIN_CELLS && has_cell(row, known, cell));
    }
    if (line.len || is_kin)
        return !line.len;
    return are_names && cells > 1 && cells != count_cells(row, known);
}

static struct metric_point *find_point(struct metric_build *row, struct span name)
{
    for (size_t i = 0; i < row->count; i++)
        if (span_eq(row->points[i].key, name))
            return &row->points[i];
    return NULL;
}

/* Looked for once a header: in each row it would be the dearest part of reading one. */
static bool has_doubles(struct metric_build *row, struct span names)
{
    struct span name;
    metric_build_clear(row);
    while (next_cell(row, &names, &name)) {
        if (row->count == MAX_METRIC_KEYS || find_point(row, name))
            return true;
        metric_build_add(row, name, 0);
    }
    return false;
}

/* Of columns of one name the last counts, as with csv.DictReader: two points at one step would be none. */
static void add_value(struct metric_build *row, struct span name, double number, bool may_double)
{
    struct metric_point *point = may_double ? find_point(row, name) : NULL;
    if (point)
        point->value = number;
    else
        metric_build_add(row, name, number);
}

static bool read_row(struct metric_build *row, struct span names, struct span line, bool may_double)
{
    struct span name, value;
    double number;
    metric_build_clear(row);
    while (next_cell(row, &names, &name)) {
        if (!next_cell(row, &line, &value))
            break;
        if (metric_number(value, &number))
            add_value(row, name, number, may_double);
    }
    return row->count > 0 && !line.len;
}

static void replace(struct str *header, struct span line)
{
    str_cut(header, 0);
    str_add_span(header, span_head(line, MAX_CSV_HEADER_BYTES));
}

size_t metric_csv(struct str *header, struct span text, metric_each *each, void *ctx)
{
    struct metric_build *row = mem_alloc(sizeof(*row));
    struct span line;
    size_t bad = 0;
    bool may_double = has_doubles(row, str_span(header));
    for (size_t number = 0; span_next_line(&text, &line); number++) {
        line = span_trim(line);
        if (!line.len)
            continue;
        if (is_header(row, str_span(header), line)) {
            replace(header, line);
            may_double = has_doubles(row, str_span(header));
        } else if (read_row(row, str_span(header), line, may_double)) {
            metric_build_tell(row, number, each, ctx);
        } else {
            bad++;
        }
    }
    mem_free_ptr(&row);
    return bad;
}
