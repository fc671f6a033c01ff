/* Metric lines: keys and counts within their limits, numbers that fill their span; a CSV gives the same rows
 * whether it came at once or in two reads of whole lines. */
#include "fuzz.h"

#include "text/metric_csv.h"
#include "text/metric_lines.h"

#include <math.h>

static void check_row(void *ctx, const struct metric_row *row)
{
    must(row->count > 0 && row->count <= MAX_METRIC_KEYS);
    must(isnan(row->step) || isfinite(row->step));
    for (size_t i = 0; i < row->count; i++) {
        struct span key = row->points[i].key;
        must(key.len > 0 && key.len <= MAX_METRIC_NAME);
        if (ctx)
            str_addf(ctx, "%.*s=%g ", SPAN_FMT(key), row->points[i].value);
    }
}

static void read_csv(struct span first, struct span second, struct str *rows)
{
    auto_str struct str header = STR_MAX(MAX_CSV_HEADER_BYTES);
    (void)metric_csv(&header, first, check_row, rows);
    (void)metric_csv(&header, second, check_row, rows);
    must(!header.failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size };
    auto_str struct str whole = STR_MAX((size_t)16 << 20), halves = STR_MAX((size_t)16 << 20);
    double value;
    size_t cut = size / 2;
    while (cut < size && data[cut] != '\n')
        cut++;
    cut += cut < size;
    (void)metric_jsonl(text, check_row, NULL);
    read_csv(text, (struct span){ 0 }, &whole);
    read_csv(span_head(text, cut), span_skip(text, cut), &halves);
    must(span_eq(str_span(&whole), str_span(&halves)));
    (void)metric_number(text, &value);
    return 0;
}
