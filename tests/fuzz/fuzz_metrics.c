/* Metric lines: keys and counts within their limits, numbers that fill their span. Up to the first LF is the
 * CSV header. */
#include "fuzz.h"

#include "text/metric_lines.h"

static void check_row(void *ctx, const struct metric_row *row)
{
    (void)ctx;
    must(row->count <= MAX_METRIC_KEYS);
    for (size_t i = 0; i < row->count; i++)
        must(row->points[i].key.len > 0 && row->points[i].key.len <= MAX_METRIC_NAME);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size }, rest = text, header;
    double value;
    (void)metric_jsonl(text, check_row, NULL);
    if (span_next_line(&rest, &header))
        (void)metric_csv(header, rest, check_row, NULL);
    (void)metric_number(text, &value);
    return 0;
}
