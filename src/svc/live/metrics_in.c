#include "svc/live/metrics_gather.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/job_store.h"
#include "store/misc_store.h"
#include "text/json_in.h"
#include "text/log_lines.h"
#include "text/metric_csv.h"
#include "text/metric_lines.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { PLACE_BYTES = MAX_CSV_HEADER_BYTES + 128, KEEP_PLACE_BYTES = 256 * 1024 };

void metrics_plan(const struct gateway *gw, int64_t job_id, struct metric_plan *out)
{
    auto_free char *text = NULL;
    auto_doc struct doc *doc = NULL;
    struct err err = { 0 };
    if (job_store_resolved(gw->store, job_id, &text, &err) < 0)
        log_warn("job %" PRId64 ": its configuration cannot be read: %s", job_id, err.text);
    else if (text && json_parse(span_of(text), &doc, &err) < 0)
        log_warn("job %" PRId64 ": its configuration is damaged: %s", job_id, err.text);
    metric_plan_read(out, doc);
}

/* --- where reading goes on --- */

static void place_key(const struct metric_file *file, struct str *key)
{
    str_addf(key, "metrics/%" PRId64 "/%.*s", file->job_id, SPAN_FMT(file->name));
}

/* "inode offset\n", and what else the reader must know: a CSV's header, a log's epoch, the lines of a stream.
 */
static void read_place(const struct gateway *gw, struct metric_file *file, struct str *rest_of)
{
    auto_str struct str key = STR_MAX(2048);
    auto_free char *value = NULL;
    struct span rest, word;
    file->inode = 0;
    file->offset = 0;
    place_key(file, &key);
    if (value_store_get(gw->store, str_text(&key), &value, NULL) < 0 || !value)
        return;
    rest = span_of(value);
    if (span_next(&rest, ' ', &word) && span_u64(word, &file->inode) && span_next(&rest, '\n', &word) &&
        span_i64(word, &file->offset))
        str_add_span(rest_of, rest);
}

void metrics_resume(const struct gateway *gw, struct metric_file *file)
{
    auto_str struct str rest = STR_MAX(PLACE_BYTES);
    read_place(gw, file, &rest);
}

static int store_place(const struct gateway *gw, const struct metric_file *file, struct span rest,
                       struct err *err)
{
    auto_str struct str key = STR_MAX(2048), value = STR_MAX(PLACE_BYTES);
    place_key(file, &key);
    str_addf(&value, "%" PRIu64 " %" PRId64 "\n", file->inode, file->offset);
    str_add_span(&value, rest);
    return value_store_put(gw->store, str_text(&key), str_text(&value), err);
}

/* --- the kinds of files --- */

struct taking {
    const struct gateway *gw;
    const struct metric_file *file;
    struct gather gather;
    struct metric_seen *seen;
    struct str rest; /* of the place; is replaced */
};

static size_t count_lines(struct span text)
{
    struct span line;
    size_t count = 0;
    while (span_next_line(&text, &line))
        count++;
    return count;
}

/* A stream's points may have been posted before its file was read, and the other way round. */
static int take_jsonl(struct taking *taking, struct span lines, struct err *err)
{
    struct span stream = stream_of(taking->file->name);
    int64_t next = 0, seen = 0;
    if (!stream.len) {
        (void)metric_jsonl(lines, gather_row, &taking->gather);
        return 0;
    }
    (void)span_i64(str_span(&taking->rest), &seen);
    if (stream_get(taking->gw, taking->file->job_id, stream, &next, err) < 0)
        return -1;
    taking->gather.first_line = next > seen ? (size_t)(next - seen) : 0;
    (void)metric_jsonl(lines, gather_row, &taking->gather);
    seen += (int64_t)count_lines(lines);
    str_cut(&taking->rest, 0);
    str_addf(&taking->rest, "%" PRId64, seen);
    return seen > next ? stream_put(taking->gw, taking->file->job_id, stream, seen, err) : 0;
}

static int take_csv(struct taking *taking, struct span lines, struct err *err)
{
    (void)err;
    (void)metric_csv(&taking->rest, lines, gather_row, &taking->gather);
    return 0;
}

static int take_log(struct taking *taking, struct span lines, struct err *err)
{
    const struct metric_plan *plan = taking->gather.plan;
    struct log_reader reader = { plan->presets, plan->patterns, plan->pattern_count, -1, -1 };
    struct span rest = str_span(&taking->rest), word;
    (void)err;
    if (span_next(&rest, ' ', &word) && span_i64(word, &reader.epoch))
        (void)span_i64(rest, &reader.epochs);
    log_lines(&reader, lines, gather_row, &taking->gather);
    taking->seen->epoch = reader.epoch;
    taking->seen->epochs = reader.epochs;
    str_cut(&taking->rest, 0);
    str_addf(&taking->rest, "%" PRId64 " %" PRId64, reader.epoch, reader.epochs);
    return 0;
}

static const struct {
    int (*take)(struct taking *taking, struct span lines, struct err *err);
    enum series_source source;
} kinds[] = {
    [METRIC_JSONL] = { take_jsonl, SERIES_OF_FILE },
    [METRIC_CSV] = { take_csv, SERIES_OF_FILE },
    [METRIC_LOG] = { take_log, SERIES_OF_LOG },
};

/* The last line of a file may lack its newline. JSON shows whether it is whole; a row of a CSV that was cut
 * reads as one of another number. */
static struct span whole_lines(const struct metric_file *file, struct span bytes)
{
    if (file->kind == METRIC_JSONL && file->is_end)
        return bytes;
    if (file->kind == METRIC_LOG)
        return span_head(bytes, log_lines_whole(bytes, file->is_end));
    const char *end = bytes.len ? memrchr(bytes.ptr, '\n', bytes.len) : NULL;
    return end ? span_head(bytes, (size_t)(end - bytes.ptr) + 1) : (struct span){ 0 };
}

/* A log that holds no numbers need not be written about at every tick: it is read again from the last place.
 */
static bool is_worth_keeping(const struct taking *taking, const struct metric_file *next, int64_t kept)
{
    return next->kind != METRIC_LOG || taking->gather.curves || next->offset < kept ||
           next->offset - kept >= KEEP_PLACE_BYTES;
}

static int take(struct taking *taking, const struct metric_file *next, struct span lines, struct err *err)
{
    struct metric_file stored = *taking->file;
    read_place(taking->gw, &stored, &taking->rest);
    if (taking->file->offset == 0)
        str_cut(&taking->rest, 0);
    if (kinds[next->kind].take(taking, lines, err) < 0 || gather_store(&taking->gather, err) < 0)
        return -1;
    if (!is_worth_keeping(taking, next, stored.offset))
        return 0;
    return store_place(taking->gw, next, str_span(&taking->rest), err);
}

void metrics_take(const struct gateway *gw, const struct metric_plan *plan, struct metric_file *file,
                  struct span bytes, struct metric_seen *seen)
{
    struct err err;
    struct span whole = whole_lines(file, bytes);
    struct metric_file next = *file;
    *seen = (struct metric_seen){ (double)NAN, -1, -1 };
    if (!whole.len && bytes.len < MAX_METRIC_LINE_BYTES)
        return; /* the rest of the line is still to come */
    next.offset += (int64_t)(whole.len ? whole.len : bytes.len);
    struct taking taking = { .gw = gw, .file = file, .seen = seen, .rest = STR_MAX(PLACE_BYTES) };
    taking.gather = (struct gather){ .gw = gw,
                                     .plan = plan,
                                     .job_id = file->job_id,
                                     .now_us = clock_wall_us(gw->clock),
                                     .task = file->task,
                                     .source = kinds[file->kind].source,
                                     .last_step = (double)NAN };
    if (take(&taking, &next, whole, &err) < 0)
        log_warn("job %" PRId64 ": metrics not kept: %s", file->job_id, err.text);
    *file = next;
    seen->last_step = taking.gather.last_step;
    gather_clear(&taking.gather);
    str_clear(&taking.rest);
}
