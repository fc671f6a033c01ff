/* Covers: svc/live/follow_run, svc/live/unread. */
#include "unit/svc/fixture_group.h"

#include "store/metric_store.h"
#include "store/inside.h"
#include "svc/live/follow.h"
#include "svc/live/logs.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>

static struct job *running(struct fixture *f, const char *array)
{
    struct job *job = fixture_job(f, array);
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1);
    return job;
}

static struct cluster *alder(struct fixture *f)
{
    return fleet_find(f->gw.fleet, "alder");
}

/* One request for bytes, answered with these of the file. */
static bool give(struct fixture *f, const struct job *job, const char *name, struct seen_file file,
                 const char *bytes)
{
    char path[80];
    assert_non_null(follow_begin(f->gw.follow, alder(f)));
    (void)snprintf(path, sizeof(path), "%s/%s", job->token, name);
    file.path = span_of(path);
    file.bytes = span_of(bytes);
    struct tick_report report = { .files = &file, .file_count = 1 };
    return follow_end(f->gw.follow, alder(f), &report);
}

static void assert_kept(struct fixture *f, int64_t job_id, int64_t attempt, int64_t task, const char *text)
{
    struct log_cache cache = { 0 };
    auto_str struct str got = STR_MAX(1 << 20);
    assert_true(follow_cache(f->gw.follow, job_id, attempt, task, &cache));
    assert_int_equal(log_cache_read(&cache, cache.base, 1 << 20, &got, NULL), 0);
    assert_string_equal(str_text(&got), text);
    log_cache_clear(&cache);
}

static void a_running_job_is_asked_from_where_it_was_read(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, NULL);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 3 }, "one");
    const struct tick_follow *ask = follow_begin(f->gw.follow, alder(f));
    assert_int_equal(ask->token_count, 1);
    assert_string_equal(ask->tokens[0], job->token);
    assert_int_equal(ask->known_count, 1);
    assert_int_equal(ask->known[0].offset, 3);
    assert_int_equal(ask->known[0].inode, 5);
    follow_end(f->gw.follow, alder(f), NULL);
    assert_kept(f, job->id, 1, -1, "one");
}

/* All paths of a tick stand in its program: 60 arrays of so many logs take turns, and none is left out. */
static void many_files_are_asked_for_in_turn(void **state)
{
    enum { JOBS = 6, EACH = 6000 };
    struct fixture *f = *state;
    const struct job *jobs[JOBS];
    auto_free char(*paths)[96] = mem_zalloc((size_t)EACH * sizeof(*paths));
    auto_free struct seen_file *files = mem_zalloc(EACH * sizeof(*files));
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = running(f, "0-9999");
        for (int j = 0; j < EACH; j++) {
            (void)snprintf(paths[j], sizeof(paths[j]), "%s/metrics-%06d-of-the-run.csv", jobs[i]->token, j);
            files[j] = (struct seen_file){ .path = span_of(paths[j]), .inode = (uint64_t)j + 1 };
        }
        (void)follow_begin(f->gw.follow, alder(f));
        (void)follow_end(f->gw.follow, alder(f), &(struct tick_report){ .files = files, .file_count = EACH });
    }
    unsigned asked[JOBS] = { 0 };
    for (int turn = 0; turn < 2 * JOBS; turn++) {
        size_t bytes = 0;
        const struct tick_follow *ask = follow_begin(f->gw.follow, alder(f));
        for (size_t i = 0; i < ask->known_count; i++)
            bytes += strlen(ask->known[i].path);
        assert_true(bytes && bytes <= 1500 * 1000);
        for (size_t i = 0; i < ask->token_count; i++)
            for (int j = 0; j < JOBS; j++)
                asked[j] += strcmp(ask->tokens[i], jobs[j]->token) == 0;
        (void)follow_end(f->gw.follow, alder(f), &(struct tick_report){ 0 });
    }
    for (int j = 0; j < JOBS; j++)
        assert_true(asked[j] >= JOBS);
}

static void a_run_with_too_many_files_is_full(void **state)
{
    enum { FILES = 20001 };
    struct fixture *f = *state;
    const struct job *job = running(f, "0-99999");
    auto_free char(*paths)[64] = mem_zalloc((size_t)FILES * sizeof(*paths));
    auto_free struct seen_file *files = mem_zalloc(FILES * sizeof(*files));
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/metrics-%d.csv", job->token, i);
        files[i] = (struct seen_file){ .path = span_of(paths[i]), .inode = (uint64_t)i + 1 };
    }
    const struct tick_follow *ask = follow_begin(f->gw.follow, alder(f));
    assert_int_equal(ask->full_count, 0);
    (void)follow_end(f->gw.follow, alder(f), &(struct tick_report){ .files = files, .file_count = FILES });
    ask = follow_begin(f->gw.follow, alder(f));
    assert_int_equal(ask->full_count, 1);
    assert_string_equal(ask->full[0], job->token);
    assert_true(ask->known_count && ask->known_count < FILES);
    (void)follow_end(f->gw.follow, alder(f), NULL);
}

static void one_request_at_a_time(void **state)
{
    struct fixture *f = *state;
    running(f, NULL);
    assert_non_null(follow_begin(f->gw.follow, alder(f)));
    assert_null(follow_begin(f->gw.follow, alder(f)));
    follow_end(f->gw.follow, alder(f), NULL);
    assert_non_null(follow_begin(f->gw.follow, alder(f)));
    follow_end(f->gw.follow, alder(f), NULL);
}

static void a_job_in_the_queue_is_not_asked_for(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_PENDING, NULL);
    fixture_turn(f, 1);
    assert_null(follow_begin(f->gw.follow, alder(f)));
}

static void offsets_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, NULL);
    int64_t id = job->id;
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 4 }, "one\n");
    fixture_restart(f);
    job = jobs_find(f->gw.jobs, id);
    const struct tick_follow *ask = follow_begin(f->gw.follow, alder(f));
    assert_int_equal(ask->known_count, 1);
    assert_int_equal(ask->known[0].offset, 4);
    assert_int_equal(ask->known[0].inode, 5);
    follow_end(f->gw.follow, alder(f), NULL);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 8, .offset = 4 }, "two\n");
    assert_kept(f, id, 1, -1, "one\ntwo\n");
}

static int add_count(void *ctx, const struct series_row *row, struct err *err)
{
    (void)err;
    str_addf(ctx, "%.*s=%lld ", SPAN_FMT(row->name), (long long)row->count);
    return 0;
}

/* What is kept of a log is not synced, what is stored of its numbers is. */
static void numbers_of_a_log_whose_copy_is_lost_count_once(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, NULL);
    int64_t id = job->id;
    static const char text[] = "step 1 loss: 0.5\nstep 2 loss: 0.4\n";
    static const char more[] = "step 1 loss: 0.5\nstep 2 loss: 0.4\nstep 3 loss: 0.3\n";
    auto_str struct str counts = STR_MAX(200);
    struct log_cache cache = { 0 };
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = (int64_t)strlen(text) }, text);
    assert_true(follow_cache(f->gw.follow, id, 1, -1, &cache));
    assert_int_equal(truncate(cache.path, 0), 0);
    log_cache_clear(&cache);
    fixture_restart(f);
    job = jobs_find(f->gw.jobs, id);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = (int64_t)strlen(more) }, more);
    assert_int_equal(metric_store_list(f->gw.store, id, add_count, &counts, NULL), 0);
    assert_string_equal(str_text(&counts), "loss=3 ");
    assert_kept(f, id, 1, -1, more);
}

static void attempts_and_tasks_have_a_log_each(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, "1-3");
    give(f, job, "attempt-1.2.log", (struct seen_file){ .inode = 5, .size = 3 }, "two");
    give(f, job, "attempt-2.2.log", (struct seen_file){ .inode = 6, .size = 5 }, "again");
    assert_kept(f, job->id, 1, 2, "two");
    assert_kept(f, job->id, 2, 2, "again");
    struct log_cache cache;
    assert_false(follow_cache(f->gw.follow, job->id, 1, 1, &cache));
}

static int name_of(void *ctx, const struct series_row *row, struct err *err)
{
    (void)err;
    str_addf(ctx, "%.*s ", SPAN_FMT(row->name));
    return 0;
}

/* A program that writes a file a task need not name its points; one job's file of that name has plain ones.
 */
static void a_tasks_file_gives_curves_of_its_task(void **state)
{
    struct fixture *f = *state;
    static const char points[] = "{\"step\":1,\"loss\":0.5}\n";
    const struct job *array = running(f, "1-3");
    give(f, array, "metrics-2.jsonl", (struct seen_file){ .inode = 5, .size = 24 }, points);
    give(f, array, "metrics.jsonl", (struct seen_file){ .inode = 6, .size = 24 }, points);
    auto_str struct str names = STR_MAX(200);
    assert_int_equal(metric_store_list(f->gw.store, array->id, name_of, &names, NULL), 0);
    assert_non_null(strstr(str_text(&names), "task2/loss "));
    assert_non_null(strstr(str_text(&names), "loss "));
    str_cut(&names, 0);
    const struct job *job = running(f, NULL);
    give(f, job, "metrics-2.jsonl", (struct seen_file){ .inode = 7, .size = 24 }, points);
    assert_int_equal(metric_store_list(f->gw.store, job->id, name_of, &names, NULL), 0);
    assert_string_equal(str_text(&names), "loss ");
}

static void a_cut_or_replaced_file_starts_anew(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, NULL);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 9 }, "long text");
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 2 }, "ab");
    assert_kept(f, job->id, 1, -1, "ab");
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 6, .size = 3 }, "xyz");
    assert_kept(f, job->id, 1, -1, "xyz");
}

static void who_reads_along_goes_on_with_what_takes_a_logs_place(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    unsigned renewals = LOGS_NOTHING_READ;
    struct log_call call = { .job_id = job->id, .task = -1 };
    assert_int_equal(logs_find(f->gw.logs, &call, NULL), 0);
    assert_int_equal(call.attempt, 1);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 4 }, "long");
    call.offset = 4;
    logs_go_on(f->gw.logs, &call, false, &renewals);
    assert_int_equal(call.offset, 4);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 2 }, "ab");
    logs_go_on(f->gw.logs, &call, false, &renewals);
    assert_int_equal(call.offset, 0); /* cut, though not by its size alone */
    call.offset = 1;
    give(f, job, "attempt-2.log", (struct seen_file){ .inode = 6, .size = 3 }, "new");
    logs_go_on(f->gw.logs, &call, false, &renewals);
    assert_int_equal(call.attempt, 1); /* a byte of it was not read yet */
    call.offset = 2;
    logs_go_on(f->gw.logs, &call, true, &renewals);
    assert_int_equal(call.attempt, 1); /* asked for by its number */
    logs_go_on(f->gw.logs, &call, false, &renewals);
    assert_int_equal(call.attempt, 2);
    assert_int_equal(call.offset, 0);
}

/* No byte twice: who comes back to a log that was cut before goes on where it was. */
static void who_comes_back_to_a_cut_log_keeps_its_place(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, NULL);
    static const struct {
        int64_t asked, got;
    } cases[] = { { 1, 1 }, { 2, 2 }, { 0, 0 }, { -1, -1 }, { 9, 0 } };
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 9 }, "long text");
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 2 }, "ab");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned renewals = LOGS_NOTHING_READ;
        struct log_call call = { .job_id = job->id, .task = -1, .attempt = 1, .offset = cases[i].asked };
        logs_go_on(f->gw.logs, &call, true, &renewals);
        assert_int_equal(call.offset, cases[i].got);
        logs_go_on(f->gw.logs, &call, true, &renewals);
        assert_int_equal(call.offset, cases[i].got);
    }
}

static void a_closed_log_is_not_sent_twice(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    int64_t id = job->id;
    unsigned renewals = 1; /* it was cut, and then taken up anew from what was kept */
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 4 }, "long");
    fixture_restart(f);
    struct log_call call = { .job_id = id, .task = -1, .attempt = 1, .offset = 4 };
    logs_go_on(f->gw.logs, &call, false, &renewals);
    assert_int_equal(call.offset, 4);
}

static void names_that_are_no_logs_are_left_alone(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, NULL);
    give(f, job, "attempt-x.log", (struct seen_file){ .inode = 5, .size = 1 }, "x");
    give(f, job, "attempt-0.log", (struct seen_file){ .inode = 5, .size = 1 }, "x");
    give(f, job, "../attempt-1.log", (struct seen_file){ .inode = 5, .size = 1 }, "x");
    const struct tick_follow *ask = follow_begin(f->gw.follow, alder(f));
    assert_int_equal(ask->known_count, 2); /* so that their bytes do not come again */
    assert_int_equal(ask->known[1].offset, 1);
    struct log_cache cache;
    assert_false(follow_cache(f->gw.follow, job->id, 0, -1, &cache));
    assert_false(follow_cache(f->gw.follow, job->id, 1, -1, &cache));
    follow_end(f->gw.follow, alder(f), NULL);
}

static void count(void *ctx)
{
    ++*(int *)ctx;
}

static void a_watched_job_is_read_between_the_ticks(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    const struct job *job = running(f, NULL);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 1 }, "x");
    struct log_watch *watch = follow_watch(f->gw.follow, job->id, count, &calls);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 2, .offset = 1 }, "y");
    assert_int_equal(calls, 1);
    follow_unwatch(watch);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 3, .offset = 2 }, "z");
    assert_int_equal(calls, 1);
    assert_kept(f, job->id, 1, -1, "xyz");
}

/* Nothing was read of it before the gateway went; when it is back the job is already over. */
static void a_job_that_ended_unseen_is_read_and_judged_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    int64_t id = job->id;
    char token[TOKEN_CHARS + 1], path[80];
    (void)snprintf(token, sizeof(token), "%s", job->token);
    jobs_enter(f->gw.jobs, job, JOB_STATE_FAILED, NULL);
    fixture_turn(f, 1);
    fixture_restart(f);
    assert_null(jobs_find(f->gw.jobs, id));
    int64_t until_us = clock_mono_us(&clock_real) + 30 * US_PER_S;
    while (!fake.tick.is_open && clock_mono_us(&clock_real) < until_us)
        fixture_turn(f, 100);
    assert_true(fake.tick.is_open);
    (void)snprintf(path, sizeof(path), "%s/attempt-1.log", token);
    static const char text[] = "https://wandb.ai/a/b/runs/1\nCUDA out of memory\n";
    struct seen_file file = {
        .path = span_of(path), .inode = 5, .size = sizeof(text) - 1, .bytes = span_of(text)
    };
    struct tick_report report = { .files = &file, .file_count = 1 };
    fake.tick.is_open = false;
    fake.tick.tick(fake.tick.ctx, &report, NULL);
    fixture_turn(f, 1);
    assert_kept(f, id, 1, -1, text);
    auto_str struct str doc = STR_MAX(1 << 20);
    assert_int_equal(query_job(&f->gw, id, &doc, NULL), 0);
    assert_non_null(strstr(str_text(&doc), "\"verdict\":{\"code\":\"gpu_oom\""));
    assert_non_null(strstr(str_text(&doc), "https://wandb.ai/a/b/runs/1"));
}

static int64_t asked_from(struct fixture *f, const char *end)
{
    int64_t offset = -1;
    const struct tick_follow *ask = follow_begin(f->gw.follow, alder(f));
    for (size_t i = 0; ask && i < ask->known_count; i++)
        if (span_ends(span_of(ask->known[i].path), end))
            offset = ask->known[i].offset;
    if (ask)
        follow_end(f->gw.follow, alder(f), NULL);
    return offset;
}

static void let_files_grow_to(rlim_t bytes)
{
    struct rlimit limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Not asked for at once: a log of many megabytes would come with each tick while our disk is full. */
static void what_could_not_be_kept_of_a_log_is_asked_for_again(void **state)
{
    struct fixture *f = *state;
    const struct job *job = running(f, NULL);
    const struct seen_file more = { .inode = 5, .size = 8, .offset = 4 };
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 5, .size = 4 }, "one\n");
    let_files_grow_to(166);
    give(f, job, "attempt-1.log", more, "two\n");
    let_files_grow_to(RLIM_INFINITY);
    assert_kept(f, job->id, 1, -1, "one\n");
    assert_null(follow_begin(f->gw.follow, alder(f)));
    fixture_turn(f, 31 * 1000);
    assert_int_equal(asked_from(f, "attempt-1.log"), 4);
    give(f, job, "attempt-1.log", more, "two\n");
    assert_kept(f, job->id, 1, -1, "one\ntwo\n");
}

static void answer_look(struct fixture *f, const struct seen_file *file)
{
    struct tick_report report = { .files = file, .file_count = file ? 1 : 0 };
    int64_t until_us = clock_mono_us(&clock_real) + 30 * US_PER_S;
    while (!fake.tick.is_open && clock_mono_us(&clock_real) < until_us)
        fixture_turn(f, 1000);
    assert_true(fake.tick.is_open);
    fake.tick.is_open = false;
    fake.tick.tick(fake.tick.ctx, &report, NULL);
    fixture_turn(f, 1);
}

/* A program that was ended, or that joins its lines by newlines. */
static void the_last_line_of_numbers_may_lack_its_newline(void **state)
{
    static const char text[] = "{\"step\":1,\"loss\":4}\n{\"step\":2,\"loss\":3}";
    static const char csv[] = "step,acc\n1,0.5\n2,0.";
    struct fixture *f = *state;
    struct job *job = running(f, NULL);
    int64_t id = job->id;
    char path[80];
    auto_str struct str counts = STR_MAX(200);
    (void)snprintf(path, sizeof(path), "%s/metrics.jsonl", job->token);
    struct seen_file file = { .path = span_of(path), .inode = 5, .size = sizeof(text) - 1 };
    give(f, job, "metrics.csv", (struct seen_file){ .inode = 6, .size = sizeof(csv) - 1 }, csv);
    give(f, job, "metrics.jsonl", file, text);
    assert_int_equal(asked_from(f, "metrics.jsonl"), 20);
    jobs_enter(f->gw.jobs, job, JOB_STATE_COMPLETED, NULL);
    fixture_turn(f, 1);
    file.offset = 20;
    file.bytes = span_of(text + 20);
    for (int looks = 0; looks < 3; looks++)
        answer_look(f, &file);
    assert_int_equal(metric_store_list(f->gw.store, id, add_count, &counts, NULL), 0);
    assert_string_equal(str_text(&counts), "acc=1 loss=2 ");
}

static int refuse(void *ctx)
{
    (void)ctx;
    return 1;
}

static void fail_the_commit(struct fixture *f)
{
    (void)sqlite3_commit_hook(f->gw.store->writer, refuse, NULL);
    assert_int_equal(store_flush(f->gw.store, NULL), -1);
    (void)sqlite3_commit_hook(f->gw.store->writer, NULL, NULL);
}

static const char *shown(struct fixture *f, int64_t id, struct str *doc)
{
    str_cut(doc, 0);
    assert_int_equal(query_job(&f->gw, id, doc, NULL), 0);
    return str_text(doc);
}

static void what_a_failed_commit_took_along_is_read_again(void **state)
{
    static const char one[] = "{\"step\":1,\"loss\":4}\n", two[] = "{\"step\":2,\"loss\":3}\n";
    static const char log[] = "first\nhttps://wandb.ai/a/b/runs/1\n";
    struct fixture *f = *state;
    auto_str struct str doc = STR_MAX(1 << 20);
    const struct job *job = running(f, NULL);
    int64_t id = job->id;
    give(f, job, "metrics.jsonl", (struct seen_file){ .inode = 5, .size = sizeof(one) - 1 }, one);
    fixture_turn(f, 1);
    give(f, job, "attempt-1.log", (struct seen_file){ .inode = 6, .size = sizeof(log) - 1 }, log);
    struct seen_file more = { .inode = 5, .size = sizeof(one) + sizeof(two) - 2, .offset = sizeof(one) - 1 };
    give(f, job, "metrics.jsonl", more, two);
    fail_the_commit(f);
    job = jobs_find(f->gw.jobs, id);
    assert_null(strstr(shown(f, id, &doc), "runs/1"));
    assert_null(follow_begin(f->gw.follow, alder(f))); /* not at once: the disk is still full */
    fixture_turn(f, 6000);
    (void)asked_from(f, "metrics.jsonl");
    give(f, job, "metrics.jsonl", more, two);
    assert_int_equal(asked_from(f, "attempt-1.log"), sizeof(log) - 1);
    fixture_turn(f, 1);
    assert_non_null(strstr(shown(f, id, &doc), "\"loss\":{\"last\":3"));
    assert_non_null(strstr(shown(f, id, &doc), "https://wandb.ai/a/b/runs/1\",\"line\":2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_running_job_is_asked_from_where_it_was_read),
        TEST(one_request_at_a_time),
        TEST(many_files_are_asked_for_in_turn),
        TEST(a_run_with_too_many_files_is_full),
        TEST(a_job_in_the_queue_is_not_asked_for),
        TEST(offsets_survive_a_restart),
        TEST(numbers_of_a_log_whose_copy_is_lost_count_once),
        TEST(attempts_and_tasks_have_a_log_each),
        TEST(a_tasks_file_gives_curves_of_its_task),
        TEST(a_cut_or_replaced_file_starts_anew),
        TEST(who_comes_back_to_a_cut_log_keeps_its_place),
        TEST(who_reads_along_goes_on_with_what_takes_a_logs_place),
        TEST(a_closed_log_is_not_sent_twice),
        TEST(names_that_are_no_logs_are_left_alone),
        TEST(a_watched_job_is_read_between_the_ticks),
        TEST(what_a_failed_commit_took_along_is_read_again),
        TEST(what_could_not_be_kept_of_a_log_is_asked_for_again),
        TEST(the_last_line_of_numbers_may_lack_its_newline),
        TEST(a_job_that_ended_unseen_is_read_and_judged_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
