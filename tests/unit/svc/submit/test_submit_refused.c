/* Requests that become no job: each is told in words, and nothing of it stays behind.
 * Covers: svc/submit/submit, svc/submit/submit_job, svc/submit/submit_record, svc/reload.
 */
#include "unit/svc/submit_fixture.h"

#include "base/limits.h"
#include "store/db.h"
#include "store/inside.h"
#include "support/fault_vfs.h"
#include "support/valgrind.h"
#include "svc/reload.h"

#include <dirent.h>

static struct fault_plan plan = { .good_writes = -1 };

static const char plain_yaml[] = "train_script: train.py\nresources: {gpus: 0}\n";

/* Asks, and wants to be refused with these words. */
static void refused(struct fixture *f, const char *json, const char *words)
{
    struct seen seen = { 0 };
    ask_and_wait(f, SUBMIT_REAL, json, &seen);
    assert_false(seen.answer.ok);
    if (!strstr(seen.text, words))
        fail_msg("\"%s\" is not in: %s", words, seen.text);
}

static void use_clusters(struct fixture *f, const char *yaml)
{
    fixture_write(f->clusters, yaml);
    assert_int_equal(reload(&f->gw), 0);
}

static unsigned count_secrets(const struct fixture *f)
{
    char path[128];
    unsigned count = 0;
    snprintf(path, sizeof(path), "%s/secrets", f->state);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

/* Not now, and not after a restart, when what was accepted is sent. */
static void assert_no_job(struct fixture *f)
{
    int64_t stored = -1;
    fixture_turn(f, 1);
    assert_int_equal(jobs_active_count(f->gw.jobs), 0);
    assert_int_equal(db_int(f->gw.store->writer, "SELECT count(*) FROM job", &stored, NULL), 0);
    assert_int_equal(stored, 0);
    assert_int_equal(count_secrets(f), 0);
    launch_resume_all(f->gw.launch);
    fixture_turn(f, 60000);
    assert_int_equal(fake.submits + fake.stages, 0);
}

#define BIRCH "  - {name: birch, type: slurm, host: me@birch.example}\n"
#define CEDAR "  - {name: cedar, type: slurm, host: me@cedar.example, enabled: false}\n"

static void project_and_cluster_must_be_clear(void **state)
{
    struct fixture *f = *state;
    make_project(f, plain_yaml);
    refused(f, "{}", "project: name a registered project");
    use_clusters(f, "clusters:\n" CEDAR);
    refused(f, "{\"project\":\"p\"}", "cluster: name one (configured: cedar)");
    use_clusters(f, "clusters:\n  - {name: alder, type: slurm, host: me@login.example}\n" BIRCH CEDAR);
    refused(f, "{\"project\":\"p\"}", "cluster: name one (configured: ");
    refused(f, "{\"project\":\"p\",\"cluster\":\"cedar\"}", "cluster: cedar is disabled");
    use_clusters(f, "clusters:\n" BIRCH CEDAR);
    refused(f, "{\"project\":\"p\",\"cluster\":\"alder\"}",
            "cluster: there is no alder (configured: cedar, birch)");
    assert_no_job(f);
}

static void what_no_layer_allows_is_refused(void **state)
{
    struct fixture *f = *state;
    make_project(f, plain_yaml);
    refused(f, "{\"project\":\"p\",\"environment\":{\"OTHER\":\"x\"}}", "neither env.pass nor env.secrets");
    refused(f, "{\"project\":\"p\",\"notify\":{\"to\":[\"nobody\"]}}", "there is no notifier nobody");
    refused(f, "{\"project\":\"p\",\"template\":\"missing.sh\"}", "template");
    assert_no_job(f);
}

static void code_that_cannot_be_taken_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[128];
    make_project(f, plain_yaml);
    snprintf(path, sizeof(path), "%s/p/new.py", f->dir);
    fixture_write(path, "new\n");
    refused(f, "{\"project\":\"p\",\"code\":{\"require_clean\":true}}", "uncommitted changes");
    char *moved = mem_dup_str(path);
    snprintf(path, sizeof(path), "%s/p", f->dir);
    snprintf(moved, strlen(moved), "%s/q", f->dir);
    assert_int_equal(rename(path, moved), 0);
    free(moved);
    refused(f, "{\"project\":\"p\"}", "/p");
    fixture_write(path, "a file in its place");
    refused(f, "{\"project\":\"p\"}", "the folder of project p is gone");
    assert_int_equal(
        db_exec(f->gw.store->writer, "UPDATE project SET path = '/' || hex(zeroblob(100000))", NULL), 0);
    refused(f, "{\"project\":\"p\"}", "the folder of project p is gone: /0000");
    assert_no_job(f);
}

static void with_a_git_that_cannot_be_started_there_is_no_snapshot(void **state)
{
    if (spawn_errors_are_lost())
        skip();
    struct fixture *f = *state;
    auto_free char *before = mem_dup_str(getenv("PATH"));
    char path[128];
    make_project(f, plain_yaml);
    snprintf(path, sizeof(path), "%s/git", f->dir);
    fixture_write(path, "not executable");
    setenv("PATH", f->dir, 1);
    refused(f, "{\"project\":\"p\"}", "cannot start git");
    setenv("PATH", before, 1);
    assert_no_job(f);
}

static void secrets_have_a_limit(void **state)
{
    struct fixture *f = *state;
    auto_str struct str json = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    make_project(f, project_yaml);
    str_add(&json, "{\"project\":\"p\",\"environment\":{\"TOKEN\":\"");
    for (int i = 0; i < MAX_CONFIG_BYTES; i += 16)
        str_add(&json, "0123456789abcdef");
    str_add(&json, "\"}}");
    refused(f, str_text(&json), "env.secrets: more than");
    assert_no_job(f);
}

/* The job is not in the store then, though nothing is wrong with that: its client was told "no". */
static void job_without_its_files_is_none(void **state)
{
    struct fixture *f = *state;
    char path[128];
    make_project(f, project_yaml);
    snprintf(path, sizeof(path), "%s/secrets", f->state);
    assert_int_equal(rmdir(path), 0);
    refused(f, with_secret, "secrets");
    fixture_write(path, "");
    refused(f, "{\"project\":\"p\",\"env\":{\"secrets\":[]}}", "secrets");
    assert_no_job(f);
}

static void store_that_cannot_begin_takes_no_job(void **state)
{
    struct fixture *f = *state;
    sqlite3 *other = NULL;
    char path[128];
    make_project(f, project_yaml);
    snprintf(path, sizeof(path), "%s/sluice.db", f->state);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(db_exec(other, "BEGIN IMMEDIATE", NULL), 0);
    sqlite3_busy_timeout(f->gw.store->writer, 0);
    refused(f, with_secret, "locked");
    assert_int_equal(db_exec(other, "ROLLBACK", NULL), 0);
    sqlite3_close(other);
    assert_no_job(f);
}

static void what_belongs_to_a_job_takes_it_along(void **state)
{
    struct fixture *f = *state;
    make_project(f, project_yaml);
    assert_int_equal(db_exec(f->gw.store->writer, "ALTER TABLE job_token RENAME TO lost", NULL), 0);
    refused(f, with_secret, "SQL logic error");
    assert_no_job(f);
    assert_int_equal(db_exec(f->gw.store->writer,
                             "ALTER TABLE lost RENAME TO job_token; ALTER TABLE idempotency RENAME TO lost",
                             NULL),
                     0);
    struct seen seen = { 0 };
    ask(f, SUBMIT_REAL, with_secret, "ci-1", &seen);
    wait_for(f, &seen, 1);
    assert_false(seen.answer.ok);
    assert_no_job(f);
}

static void turn_that_is_not_committed_answers_no(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    plan = (struct fault_plan){ .write_code = SQLITE_FULL, .writes_fail = -1 };
    ask_and_wait(f, SUBMIT_REAL, with_secret, &seen);
    plan = (struct fault_plan){ .good_writes = -1 };
    assert_false(seen.answer.ok);
    assert_int_equal(seen.answer.err.code, ERR_FULL);
    assert_non_null(strstr(seen.text, "the job could not be stored: "));
    assert_no_job(f);
}

static void projects_that_cannot_be_read_are_no_missing_ones(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(db_exec(f->gw.store->writer, "ALTER TABLE project RENAME TO lost", NULL), 0);
    refused(f, "{\"project\":\"p\"}", "SQL logic error");
}

static void end_of_the_gateway_is_an_answer(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, plain_yaml);
    ask(f, SUBMIT_REAL, "{\"project\":\"p\"}", NULL, &seen);
    fixture_turn(f, 1);
    fixture_restart(f);
    assert_int_equal(seen.calls, 1);
    assert_false(seen.answer.ok);
    assert_no_job(f);
    submit_free(NULL);
    launch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(project_and_cluster_must_be_clear),
        TEST(what_no_layer_allows_is_refused),
        TEST(code_that_cannot_be_taken_is_refused),
        TEST(with_a_git_that_cannot_be_started_there_is_no_snapshot),
        TEST(secrets_have_a_limit),
        TEST(job_without_its_files_is_none),
        TEST(store_that_cannot_begin_takes_no_job),
        TEST(what_belongs_to_a_job_takes_it_along),
        TEST(turn_that_is_not_committed_answers_no),
        TEST(projects_that_cannot_be_read_are_no_missing_ones),
        TEST(end_of_the_gateway_is_an_answer),
    };
    fault_vfs_install(&plan);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
