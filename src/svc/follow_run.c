#include "svc/follow_run.h"

#include "base/log.h"
#include "base/mem.h"
#include "svc/fanout.h"
#include "svc/findings.h"
#include "svc/kept_logs.h"
#include "svc/metrics.h"
#include "svc/verdicts.h"
#include "text/json_out.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_BYTES = 32 * 1024, MAX_RUN_FILES = 20000 };

void run_log_name(int64_t attempt, int64_t task, struct str *out)
{
    str_addf(out, "attempt-%" PRId64, attempt);
    if (task >= 0)
        str_addf(out, ".%" PRId64, task);
    str_add(out, ".log");
}

/* --- its files --- */

/* False for a name that we do not read. */
static bool read_name(struct span name, struct run_file *file)
{
    struct span part;
    file->task = -1;
    if (span_starts(name, "metrics")) {
        file->kind = span_ends(name, ".csv") ? RUN_FILE_CSV : RUN_FILE_JSONL;
        return true;
    }
    if (!span_starts(name, "attempt-") || !span_ends(name, ".log"))
        return false;
    name = span_head(span_skip(name, 8), name.len - 8 - 4);
    if (!span_next(&name, '.', &part) || !span_i64(part, &file->attempt) || file->attempt < 1)
        return false;
    return name.len == 0 || span_i64(name, &file->task);
}

static void run_file_free(struct run_file *file)
{
    mem_clear_str(&file->path);
    log_cache_clear(&file->cache);
    mem_free_ptr(&file->scan);
    mem_free_ptr(&file);
}

/* Each of its logs may keep as much as the others. */
static void share_limit(const struct gateway *gw, struct run *run)
{
    size_t logs = 0;
    for (size_t i = 0; i < run->count; i++)
        logs += run->files[i]->kind == RUN_FILE_LOG;
    for (size_t i = 0; i < run->count; i++)
        run->files[i]->cache.max_bytes = kept_logs_share(gw, logs);
}

static struct run_file *add_file(const struct gateway *gw, struct run *run, struct span path)
{
    struct run_file found = { 0 };
    struct span name = span_skip(path, strlen(run->token) + 1);
    if (run->count >= MAX_RUN_FILES || !read_name(name, &found))
        return NULL;
    struct run_file *file = mem_zalloc(sizeof(*file));
    *file = found;
    file->path = span_dup(path);
    if (file->kind == RUN_FILE_LOG) {
        auto_str struct str cache = STR_MAX(PATH_MAX);
        kept_logs_path(gw, run->job_id, name, &cache);
        log_cache_open(&file->cache, str_text(&cache));
        file->inode = file->cache.inode;
        file->offset = file->told = file->cache.end;
        file->scan = mem_alloc(sizeof(*file->scan));
        findings_resume(file->scan, &file->cache);
    } else {
        struct metric_file metrics = { .job_id = run->job_id, .name = name };
        metrics_resume(gw, &metrics);
        file->inode = metrics.inode;
        file->offset = metrics.offset;
    }
    *vec_push(run->files, run->count, run->cap) = file;
    share_limit(gw, run);
    return file;
}

static struct run_file *find_file(struct run *run, struct span path)
{
    for (size_t i = run->count; i-- > 0;) /* the newest attempt is what is asked for most */
        if (span_is(path, run->files[i]->path))
            return run->files[i];
    return NULL;
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
            run_file_free(file);
        }
    }
}

struct run *run_new(const struct gateway *gw, const struct job *job)
{
    struct run *run = mem_zalloc(sizeof(*run));
    run->job_id = job->id;
    run->token = mem_dup_str(job->token);
    run->cluster = mem_dup_str(job->cluster);
    if (!job->array)
        find_kept(gw, run, job);
    return run;
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        run_file_free(run->files[i]);
    mem_free_ptr(&run->files);
    mem_clear_str(&run->token);
    mem_clear_str(&run->cluster);
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

static void take_log(const struct gateway *gw, struct run *run, struct run_file *file,
                     const struct seen_file *seen, bool is_new)
{
    struct err err;
    struct span fresh;
    int64_t before = file->cache.end;
    if (is_new)
        file->told = seen->offset;
    file->cache.inode = seen->inode;
    if (log_cache_put(&file->cache, seen->offset, seen->bytes, is_new, &fresh, &err) < 0)
        log_warn("job %" PRId64 ": log not kept: %s", run->job_id, err.text);
    file->offset = file->cache.end;
    if (is_new || seen->offset > before) /* whatever was begun has no rest; its lines are counted anew */
        *file->scan = (struct link_scan){ .line = seen->offset ? LOG_LINES_UNKNOWN : 0 };
    struct log_place place = { run->job_id, file->attempt, file->task };
    findings_take(gw, &place, file->scan, fresh);
    findings_progress(gw, run->job_id, fresh, &run->progress);
    tell_new(gw, run, file);
}

/* After a restart a file may come from its beginning again: what was stored is skipped. */
static void take_metrics(const struct gateway *gw, const struct run *run, struct run_file *file,
                         const struct seen_file *seen, bool is_new)
{
    struct metric_file metrics = { .job_id = run->job_id,
                                   .name = span_skip(span_of(file->path), strlen(run->token) + 1),
                                   .is_csv = file->kind == RUN_FILE_CSV,
                                   .inode = seen->inode,
                                   .offset = is_new ? seen->offset : file->offset };
    if (seen->offset > metrics.offset)
        metrics.offset = seen->offset;
    metrics_take(gw, &metrics, span_skip(seen->bytes, (size_t)(metrics.offset - seen->offset)));
    file->offset = metrics.offset;
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
    if (file->kind == RUN_FILE_LOG)
        take_log(gw, run, file, seen, is_new);
    else
        take_metrics(gw, run, file, seen, is_new);
}

void run_judge(const struct gateway *gw, const struct run *run)
{
    struct verdict_log *logs = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct run_file *file = run->files[i];
        if (file->kind == RUN_FILE_LOG)
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
        if (file->kind != RUN_FILE_LOG)
            continue;
        findings_end(gw, &place, file->scan);
        if (log_cache_close(&file->cache, &err) < 0)
            log_warn("job %" PRId64 ": %s", run->job_id, err.text);
    }
    run->is_over = true;
}
