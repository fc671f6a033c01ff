/* Covers: svc/job_note. */
#include "unit/svc/fixture_group.h"

#include "store/call.h"
#include "svc/live/findings.h"
#include "svc/job_note.h"

static struct job *running(struct fixture *f)
{
    struct job *job = fixture_job(f, NULL);
    job->phase = PHASE_SUBMITTED;
    mem_replace_str(&job->sched_id, "7");
    jobs_enter(f->gw.jobs, job, JOB_STATE_RUNNING, NULL);
    fixture_turn(f, 1);
    return job;
}

static char *document(struct fixture *f, int64_t id)
{
    auto_str struct str text = STR_MAX(1 << 20);
    struct err err;
    fixture_turn(f, 1);
    if (query_job(&f->gw, id, &text, &err) < 0)
        fail_msg("%s", err.text);
    return str_steal(&text);
}

static void assert_shows(struct fixture *f, int64_t id, const char *part)
{
    auto_free char *text = document(f, id);
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

static void links_are_kept_once_with_their_line(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f)->id;
    struct log_place place = { id, 1, -1 };
    struct link_scan scan = { 0 };
    findings_take(&f->gw, &place, &scan,
                  SPAN_LIT("x\nwandb: https://wandb.ai/a/b/runs/1\nagain https://wandb.ai/a/b/ru"));
    findings_take(&f->gw, &place, &scan, SPAN_LIT("ns/1\nhttps://wandb.ai/a/b/runs/2"));
    findings_end(&f->gw, &place, &scan);
    assert_shows(
        f, id,
        "\"links\":[{\"kind\":\"wandb\",\"url\":\"https://wandb.ai/a/b/runs/1\",\"line\":2,\"attempt\":1},"
        "{\"kind\":\"wandb\",\"url\":\"https://wandb.ai/a/b/runs/2\",\"line\":4,\"attempt\":1}]");
}

/* How often a whole job was read. */
static int reads_of_jobs(const struct fixture *f)
{
    sqlite3_stmt *stmt = f->gw.store->stmts[SQL_JOB_GET];
    return stmt ? sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_RUN, 0) : 0;
}

static void a_flood_of_links_reads_an_ended_job_for_the_first_only(void **state)
{
    struct fixture *f = *state;
    struct job *job = running(f);
    int64_t id = job->id;
    struct log_place place = { id, 1, -1 };
    struct link_scan scan = { 0 };
    auto_str struct str text = STR_MAX(1 << 20);
    for (int i = 0; i < 2000; i++)
        str_addf(&text, "https://wandb.ai/a/b/runs/%d\n", 100 + i / 20);
    jobs_enter(f->gw.jobs, job, JOB_STATE_COMPLETED, NULL);
    fixture_turn(f, 1);
    assert_null(jobs_find(f->gw.jobs, id));
    int before = reads_of_jobs(f);
    findings_take(&f->gw, &place, &scan, str_span(&text));
    assert_in_range(reads_of_jobs(f) - before, 1, 20);
    assert_shows(f, id, "/runs/100\",\"line\":1,");
    assert_shows(f, id, "/runs/119\",\"line\":381,\"attempt\":1}]");
}

static void a_projects_patterns_come_from_what_was_resolved_for_the_job(void **state)
{
    struct fixture *f = *state;
    __attribute__((cleanup(link_patterns_clear))) struct link_patterns patterns = { 0 };
    struct job *job = job_new();
    struct token token = token_new(clock_wall_us(f->gw.clock));
    job->token = mem_dup_str(token.text);
    job->cluster = mem_dup_str("alder");
    static char script[] = "#!/bin/sh\n",
                resolved[] =
                    "{\"resources.gpus\":{\"value\":1},\"links.grafana\":{\"value\":\"https://g.example/*\","
                    "\"origin\":{\"layer\":\"project\"}},\"name\":{\"value\":\"links.\"}}";
    assert_int_equal(
        jobs_add_take(f->gw.jobs, job, &(struct job_script){ .script = script, .resolved = resolved }, NULL),
        0);
    fixture_turn(f, 1);
    findings_patterns(&f->gw, job->id, &patterns);
    assert_int_equal(patterns.count, 1);
    assert_string_equal(patterns.items[0].name, "grafana");
    assert_string_equal(patterns.items[0].address, "https://g.example/*");
}

static void a_log_of_links_is_kept_in_bounds(void **state)
{
    struct fixture *f = *state;
    int64_t id = running(f)->id;
    struct log_place place = { id, 1, -1 };
    struct link_scan scan = { 0 };
    for (int i = 0; i < 100; i++) {
        char line[100];
        snprintf(line, sizeof(line), "https://wandb.ai/a/b/runs/%d\n", i);
        findings_take(&f->gw, &place, &scan, span_of(line));
    }
    auto_free char *text = document(f, id);
    assert_non_null(strstr(text, "runs/19\""));
    assert_null(strstr(text, "runs/20\""));
}

static void a_scan_goes_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct log_cache cache;
    struct span fresh;
    struct link_scan scan = { 0 };
    char path[128];
    int64_t id = running(f)->id;
    struct log_place place = { id, 1, -1 };
    snprintf(path, sizeof(path), "%s/log", f->dir);
    log_cache_open(&cache, path);
    static const char text[] = "a\nhttps://wandb.ai/a/b/runs/76\nhttps://wandb.ai/a/b/ru";
    assert_int_equal(log_cache_put(&cache, 0, span_of(text), false, &fresh, NULL), 0);
    findings_resume(&f->gw, &place, &scan, &cache,
                    2); /* what was found behind the first line is not stored */
    assert_shows(f, id, "\"url\":\"https://wandb.ai/a/b/runs/76\",\"line\":2");
    findings_take(&f->gw, &place, &scan, SPAN_LIT("ns/77\n"));
    assert_shows(f, id, "\"url\":\"https://wandb.ai/a/b/runs/77\",\"line\":3");
    log_cache_clear(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(links_are_kept_once_with_their_line),
        TEST(a_flood_of_links_reads_an_ended_job_for_the_first_only),
        TEST(a_projects_patterns_come_from_what_was_resolved_for_the_job),
        TEST(a_log_of_links_is_kept_in_bounds),
        TEST(a_scan_goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
