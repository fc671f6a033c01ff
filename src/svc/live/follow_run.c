#include "svc/live/follow_run.h"

#include "base/log.h"
#include "base/mem.h"
#include "exec/tick_files.h"
#include "svc/fanout.h"
#include "svc/live/findings.h"
#include "svc/live/kept_logs.h"
#include "svc/live/verdicts.h"
#include "text/json_out.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_BYTES = 32 * 1024, MAX_RUN_FILES = 20000, HOLD_US = 30 * US_PER_S };

void run_log_name(int64_t attempt, int64_t task, struct str *out)
{
    str_addf(out, "attempt-%" PRId64, attempt);
    if (task >= 0)
        str_addf(out, ".%" PRId64, task);
    str_add(out, ".log");
}

/* --- its files --- */

/* "attempt-2.log", "attempt-1.7.log" */
static bool is_log(struct span name, struct run_file *file)
{
    struct span part;
    file->task = -1;
    if (!span_starts(name, "attempt-") || !span_ends(name, ".log"))
        return false;
    name = span_head(span_skip(name, 8), name.len - 8 - 4);
    if (!span_next(&name, '.', &part) || !span_i64(part, &file->attempt) || file->attempt < 1)
        return false;
    return name.len == 0 || span_i64(name, &file->task);
}

/* Its path in the run directory. */
static struct span name_in_run(const struct run *run, const char *path)
{
    return span_skip(span_of(path), strlen(run->token) + 1);
}

static struct metric_file numbers_of(const struct run *run, const struct run_file *file)
{
    return (struct metric_file){ .job_id = run->job_id,
                                 .name = name_in_run(run, file->path),
                                 .kind = file->kind,
                                 .task = file->task,
                                 .inode = file->inode,
                                 .offset = file->kind == METRIC_LOG ? file->numbers_at : file->offset };
}

static void run_file_free(struct run_file *file)
{
    mem_clear_str(&file->path);
    log_cache_clear(&file->cache);
    mem_free_ptr(&file->scan);
    mem_free_ptr(&file);
}

/* Its numbers' place was stored with the links found up to there. */
static void open_log(const struct gateway *gw, const struct run *run, struct run_file *file)
{
    auto_str struct str cache = STR_MAX(PATH_MAX);
    struct metric_file numbers = numbers_of(run, file);
    kept_logs_path(gw, run->job_id, numbers.name, &cache);
    log_cache_open(&file->cache, str_text(&cache));
    file->inode = file->cache.inode;
    file->offset = file->told = file->cache.end;
    metrics_resume(gw, &numbers);
    if (!file->cache
             .inode) /* a power cut took what was kept: the log is read again, its numbers count once */
        file->inode = numbers.inode;
    file->numbers_at = numbers.inode == file->inode ? numbers.offset : 0;
    file->scan = mem_zalloc(sizeof(*file->scan));
    file->scan->patterns = &run->links;
    struct log_place place = { run->job_id, file->attempt, file->task };
    int64_t from = file->numbers_at < file->cache.end ? file->numbers_at : file->cache.end;
    findings_resume(gw, &place, file->scan, &file->cache, from);
}

static bool has_room(struct run *run, size_t path_len)
{
    if (run->count < MAX_RUN_FILES && run->path_bytes + path_len <= MAX_ASK_PATH_BYTES)
        return true;
    if (!run->is_full)
        log_info("job %" PRId64 ": %zu of its files are followed; others are read when they are asked for",
                 run->job_id, run->count);
    run->is_full = true;
    return false;
}

static struct run_file *add_file(const struct gateway *gw, struct run *run, struct span path)
{
    if (!has_room(run, path.len))
        return NULL;
    struct run_file *file = mem_zalloc(sizeof(*file));
    file->path = span_dup(path);
    if (!tick_files_is_path(file->path)) {
        run_file_free(file);
        return NULL;
    }
    struct span name = name_in_run(run, file->path);
    if (is_log(name, file)) {
        file->kind = METRIC_LOG;
        open_log(gw, run, file);
    } else {
        const struct metric_plan *plan = run_numbers_plan(run->numbers);
        file->kind = metric_plan_kind(plan, name.ptr);
        file->task = run->is_array ? metric_plan_task(plan, name.ptr) : -1;
        struct metric_file numbers = numbers_of(run, file);
        metrics_resume(gw, &numbers);
        file->inode = numbers.inode;
        file->offset = numbers.offset;
    }
    *vec_push(run->files, run->count, run->cap) = file;
    HASH_ADD_KEYPTR(hh, run->by_path, file->path, path.len, file);
    run->path_bytes += path.len;
    run->logs += file->kind == METRIC_LOG;
    return file;
}

static struct run_file *find_file(const struct run *run, struct span path)
{
    struct run_file *file = NULL;
    HASH_FIND(hh, run->by_path, path.ptr, path.len, file);
    return file;
}

/* What an earlier life of the gateway has kept of it. */
static void find_kept(const struct gateway *gw, struct run *run, const struct job *job)
{
    for (int64_t attempt = 1; attempt <= job->attempt; attempt++) {
        auto_str struct str path = STR_MAX(256);
        str_addf(&path, "%s/", run->token);
        run_log_name(attempt, -1, &path);
        struct run_file *file = add_file(gw, run, str_span(&path));
        if (file && !file->offset) {
            run->count--;
            run->logs--;
            run->path_bytes -= strlen(file->path);
            HASH_DELETE(hh, run->by_path, file);
            run_file_free(file);
        }
    }
}

struct run *run_new(const struct gateway *gw, const struct job *job)
{
    struct run *run = mem_zalloc(sizeof(*run));
    run->job_id = job->id;
    run->token = mem_dup_str(job->token);
    run->is_array = job->array != NULL;
    run->numbers = run_numbers_new(gw, job->id, run->is_array);
    findings_patterns(gw, job->id, &run->links);
    if (!job->array)
        find_kept(gw, run, job);
    return run;
}

void run_free(struct run *run)
{
    HASH_CLEAR(hh, run->by_path);
    for (size_t i = 0; i < run->count; i++)
        run_file_free(run->files[i]);
    mem_free_ptr(&run->files);
    run_numbers_free(run->numbers);
    link_patterns_clear(&run->links);
    mem_clear_str(&run->token);
    mem_free_ptr(&run);
}

/* --- bytes --- */

/* The longest head that does not end within a character. */
static size_t whole_characters(struct span bytes)
{
    for (size_t back = 1; back <= 3 && back <= bytes.len; back++) {
        unsigned char c = (unsigned char)bytes.ptr[bytes.len - back];
        if (c < 0x80)
            break;
        if (c < 0xc0)
            continue; /* the middle of one */
        size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        return need > back ? bytes.len - back : bytes.len;
    }
    return bytes.len;
}

static void tell(const struct gateway *gw, const struct run *run, const struct run_file *file,
                 struct span bytes)
{
    auto_str struct str data = STR_MAX((size_t)TELL_BYTES * 8);
    struct json_out out = { .to = &data };
    json_open_object(&out);
    json_member_int(&out, "job", run->job_id);
    json_member_int(&out, "attempt", file->attempt);
    if (file->task >= 0)
        json_member_int(&out, "task", file->task);
    json_member_int(&out, "offset", file->told);
    json_member_int(&out, "bytes", (int64_t)bytes.len);
    json_member_span(&out, "text", bytes);
    json_close_object(&out);
    fanout_publish(gw->fanout, FANOUT_LOG, run->job_id, "log", str_span(&data));
}

/* New bytes in pieces of whole characters; what is left of one waits for its rest. A job that has ended has
 * no rest to wait for. */
static void tell_new(const struct gateway *gw, const struct run *run, struct run_file *file)
{
    if (!fanout_watches_log(gw->fanout, run->job_id)) {
        file->told = file->cache.end;
        return;
    }
    if (file->told < file->cache.base)
        file->told = file->cache.base;
    while (file->told < file->cache.end) {
        auto_str struct str bytes = STR_MAX(TELL_BYTES);
        if (log_cache_read(&file->cache, file->told, TELL_BYTES, &bytes, NULL) < 0)
            return;
        struct span whole = span_head(str_span(&bytes), whole_characters(str_span(&bytes)));
        if (!whole.len)
            return;
        tell(gw, run, file, whole);
        file->told += (int64_t)whole.len;
    }
}

static void take_numbers(struct run *run, struct run_file *file, bool is_end)
{
    struct metric_file numbers = numbers_of(run, file);
    numbers.is_end = is_end;
    run_numbers_log(run->numbers, &numbers, &file->cache, is_end);
    file->numbers_at = numbers.offset;
}

static void take_log(const struct gateway *gw, struct run *run, struct run_file *file,
                     const struct seen_file *seen, bool is_new)
{
    struct err err;
    struct span fresh;
    int64_t before = file->cache.end;
    if (is_new)
        file->told = file->numbers_at = seen->offset;
    file->cache.inode = seen->inode;
    file->cache.max_bytes = kept_logs_share(gw, run->logs); /* each may keep as much as the others */
    int rc = log_cache_put(&file->cache, seen->offset, seen->bytes, is_new, &fresh, &err);
    if (rc < 0)
        log_warn("job %" PRId64 ": log not kept: %s", run->job_id, err.text);
    file->is_short = rc < 0 && log_cache_is_begun(&file->cache);
    if (file->is_short)
        run->hold_until_us = clock_mono_us(gw->clock) + HOLD_US;
    file->offset = file->cache.end;
    if (is_new || seen->offset > before) /* whatever was begun has no rest; its lines are counted anew */
        *file->scan =
            (struct link_scan){ .line = seen->offset ? LOG_LINES_UNKNOWN : 0, .patterns = &run->links };
    struct log_place place = { run->job_id, file->attempt, file->task };
    findings_take(gw, &place, file->scan, fresh);
    take_numbers(run, file, false);
    tell_new(gw, run, file);
}

/* After a restart a file may come from its beginning again: what was stored is skipped. */
static void take_metrics(struct run *run, struct run_file *file, const struct seen_file *seen, bool is_new)
{
    if (is_new || seen->offset > file->offset)
        file->offset = seen->offset;
    struct metric_file numbers = numbers_of(run, file);
    numbers.is_end = run->is_last && seen->offset + (int64_t)seen->bytes.len >= seen->size;
    struct span fresh = span_skip(seen->bytes, (size_t)(file->offset - seen->offset));
    if (file->kind == METRIC_NONE)
        numbers.offset += (int64_t)fresh.len;
    else
        run_numbers_file(run->numbers, &numbers, fresh);
    file->offset = numbers.offset;
}

void run_take(const struct gateway *gw, struct run *run, const struct seen_file *seen)
{
    struct run_file *file = find_file(run, seen->path);
    if (!file)
        file = add_file(gw, run, seen->path);
    if (!file)
        return;
    bool is_new = (file->inode && file->inode != seen->inode) || seen->size < file->offset;
    file->inode = seen->inode;
    run->has_new = run->has_new || seen->bytes.len || is_new;
    if (file->kind == METRIC_LOG)
        take_log(gw, run, file, seen, is_new);
    else
        take_metrics(run, file, seen, is_new);
}

void run_judge(const struct gateway *gw, const struct run *run)
{
    struct verdict_log *logs = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct run_file *file = run->files[i];
        if (file->kind == METRIC_LOG)
            *vec_push(logs, count, cap) = (struct verdict_log){ file->attempt, file->task, &file->cache };
    }
    verdicts_note(gw, run->job_id, logs, count);
    free(logs);
}

void run_close(const struct gateway *gw, struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        struct err err;
        struct run_file *file = run->files[i];
        struct log_place place = { run->job_id, file->attempt, file->task };
        if (file->kind != METRIC_LOG)
            continue;
        findings_end(gw, &place, file->scan);
        take_numbers(run, file, true);
        if (file->is_short) /* its end is not here: it is read on the cluster */
            continue;
        if (log_cache_close(&file->cache, &err) < 0)
            log_warn("job %" PRId64 ": %s", run->job_id, err.text);
    }
    run->is_over = true;
}
