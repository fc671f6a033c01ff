/* Numbers in log lines: rows within their limits, and the same ones whatever the reads were. The first byte
 * picks the presets, the second where the second read begins. */
#include "fuzz.h"

#include "text/log_lines.h"
#include "text/progress.h"

#include <math.h>

static void check_row(void *ctx, const struct metric_row *row)
{
    must(row->count > 0 && row->count <= MAX_METRIC_KEYS);
    must(isnan(row->step) || isfinite(row->step));
    for (size_t i = 0; i < row->count; i++) {
        struct span key = row->points[i].key;
        must(key.len > 0 && key.len <= MAX_METRIC_NAME);
        str_addf(ctx, "%g %.*s=%g\n", row->step, SPAN_FMT(key), row->points[i].value);
    }
}

/* As svc/live/metrics_in.c does: whole lines, and what was begun together with what follows. */
static void read_in(struct span text, size_t cut, unsigned presets, struct str *rows)
{
    struct log_reader reader = { .presets = presets, .epoch = -1, .epochs = -1 };
    size_t whole = log_lines_whole(span_head(text, cut), false);
    log_lines(&reader, span_head(text, whole), check_row, rows);
    log_lines(&reader, span_skip(text, whole), check_row, rows);
    struct progress progress;
    struct progress_hint hint = { reader.epoch, reader.epochs, 0, NULL };
    must(!progress_find(text, &hint, &progress) || (progress.fraction >= 0 && progress.fraction <= 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct span text = { (const char *)data + 2, size - 2 };
    auto_str struct str once = STR_MAX((size_t)16 << 20), twice = STR_MAX((size_t)16 << 20);
    unsigned presets = data[0] & LOG_ALL;
    read_in(text, 0, presets, &once);
    read_in(text, text.len * data[1] / 256, presets, &twice);
    must(span_eq(str_span(&once), str_span(&twice)));
    return 0;
}
