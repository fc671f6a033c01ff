#include "text/metric_csv.h"

#include "base/mem.h"

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

/* Words alone, one of the first of them known already: another line of words is rubbish, not a header. */
static bool is_header(struct metric_build *row, struct span known, struct span line)
{
    struct span cell;
    double number;
    bool is_kin = known.len == 0;
    metric_build_clear(row);
    for (int cells = 0; next_cell(row, &line, &cell); cells++) {
        if (!cell.len || metric_number(cell, &number))
            return false;
        is_kin = is_kin || (cells < MAX_KIN_CELLS && has_cell(row, known, cell));
    }
    return is_kin && !line.len;
}

static bool read_row(struct metric_build *row, struct span names, struct span line)
{
    struct span name, value;
    double number;
    metric_build_clear(row);
    while (next_cell(row, &names, &name)) {
        if (!next_cell(row, &line, &value))
            break;
        if (metric_number(value, &number))
            metric_build_add(row, name, number);
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
    for (size_t number = 0; span_next_line(&text, &line); number++) {
        line = span_trim(line);
        if (!line.len)
            continue;
        if (is_header(row, str_span(header), line))
            replace(header, line);
        else if (read_row(row, str_span(header), line))
            metric_build_tell(row, number, each, ctx);
        else
            bad++;
    }
    mem_free_ptr(&row);
    return bad;
}
