/* From a request to a committed intent, over real git, tar and store, and a fake executor.
 * Covers: svc/submit/submit_job, svc/submit/submit_record, svc/project/snapshot,
 * svc/project/projects, svc/project/project_file, svc/cluster/facts, svc/services, svc/services_edge,
 * svc/services_looks, svc/watch/closing, svc/submit/spool.
 */
#include "unit/svc/submit_fixture.h"

#include "base/limits.h"

#include <dirent.h>
#include <fcntl.h>

static void request_becomes_a_job_with_its_snapshot(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &seen);
    if (!seen.answer.ok)
        fail_msg("%s", seen.text);
    struct job *job = jobs_find(f->gw.jobs, seen.answer.job_id);
    assert_non_null(strstr(job->code, "code/p/"));
    assert_non_null(strstr(job->argv, "\"lr=0.1\",\"a b\""));
    assert_non_null(strstr(job->commit, "\"dirty\":false"));
    assert_int_equal(job->time_s, 600);
    fixture_turn(f, 1);
    assert_int_equal(fake.stages, 1);
    assert_string_equal(fake.stage.detail, strrchr(job->code, '/') + 1);
}

static void secret_reaches_only_its_file(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &seen);
    struct job *job = jobs_find(f->gw.jobs, seen.answer.job_id);
    struct job_script script = { 0 };
    assert_int_equal(job_store_script(f->gw.store, job->id, &script, NULL), 0);
    assert_null(strstr(script.script, "s3cr3t"));
    assert_null(strstr(script.request, "s3cr3t"));
    assert_null(strstr(script.resolved, "s3cr3t"));
    assert_null(strstr(seen.text, "s3cr3t"));
    job_script_clear(&script);
    auto_str struct str lines = STR_MAX(1000);
    assert_int_equal(spool_get_secrets(f->state, job->token, &lines, NULL), 0);
    assert_true(
        span_starts(str_span(&lines), "export TOKEN='s3cr3t it'\\''s'\nexport SLUICE_METRICS_TOKEN=slm_"));
}

static void assert_is_json(const char *text)
{
    auto_doc struct doc *doc = NULL;
    struct err err;
    if (json_parse(span_of(text), &doc, &err) < 0)
        fail_msg("%zu bytes: %s", strlen(text), err.text);
}

/* Each value stands beside its origin, and a byte may take six: that is a multiple of the request. */
static void what_is_kept_of_a_large_request_is_whole(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    struct job_script script = { 0 };
    auto_str struct str body = STR_MAX(MAX_SUBMIT_BODY_BYTES), shown = STR_MAX(MAX_OUTPUT_BYTES);
    str_add(&body, "{\"project\":\"p\",\"environment\":{\"TOKEN\":\"x\"},\"env\":{\"vars\":{\"A\":\"1\"");
    for (int i = 0; i < 4000; i++)
        str_addf(&body, ",\"V_%0120d\":\"%d\"", i, i);
    str_add(&body, "}},\"args\":[\"a");
    for (int i = 0; i < 200000; i++)
        str_add(&body, i % 1000 ? "\x7f" : "\",\"");
    str_add(&body, "\"]}");
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, str_text(&body), &seen);
    if (!seen.answer.ok)
        fail_msg("%s", seen.text);
    assert_int_equal(job_store_script(f->gw.store, seen.answer.job_id, &script, NULL), 0);
    assert_is_json(script.request);
    assert_is_json(script.resolved);
    job_script_clear(&script);
    assert_int_equal(query_job(&f->gw, seen.answer.job_id, &shown, NULL), 0);
    assert_is_json(str_text(&shown));
}

/* A request whose values are larger than what is kept, and one that is larger than its values. */
static void what_is_too_large_to_keep_is_refused(void **state)
{
    static const struct {
        const char *key;
        const char *letter; /* args may hold what JSON writes as six bytes */
        int bytes, item_bytes;
    } lists[] = { { "args", "\x7f", 750000, 1000 }, { "tags", "a", 5000000, 90 } };
    struct fixture *f = *state;
    make_project(f, project_yaml);
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        struct seen seen = { 0 };
        auto_str struct str body = STR_MAX(MAX_OUTPUT_BYTES);
        str_addf(&body, "{\"project\":\"p\",\"environment\":{\"TOKEN\":\"x\"},\"%s\":[\"a", lists[k].key);
        for (int i = 0; i < lists[k].bytes; i++)
            str_add(&body, i % lists[k].item_bytes ? lists[k].letter : "\",\"");
        str_add(&body, "\"]}");
        ask_and_wait(f, SUBMIT_REAL, str_text(&body), &seen);
        assert_false(seen.answer.ok);
        assert_non_null(strstr(seen.text, "exceeds 4194304 bytes"));
    }
}

static void secret_without_a_value_is_told(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, "{\"project\":\"p\"}", &seen);
    assert_false(seen.answer.ok);
    assert_non_null(strstr(seen.text, "TOKEN has no value"));
}

static void same_tree_has_the_same_name(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &first);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &second);
    assert_string_equal(jobs_find(f->gw.jobs, first.answer.job_id)->code,
                        jobs_find(f->gw.jobs, second.answer.job_id)->code);
}

/* As old as what spool_prune takes away. */
static void make_old(const char *path)
{
    const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
}

static unsigned count_files(const char *path)
{
    unsigned count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_type == DT_REG;
    closedir(dir);
    return count;
}

static void known_tree_keeps_its_tar_and_drops_the_new_one(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 };
    struct stat before, after;
    auto_str struct str path = STR_MAX(512), spool = STR_MAX(512);
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &first);
    const char *code = jobs_find(f->gw.jobs, first.answer.job_id)->code;
    spool_tar_path(f->state, strrchr(code, '/') + 1, &path);
    str_addf(&spool, "%s/spool", f->state);
    make_old(str_text(&path));
    assert_int_equal(stat(str_text(&path), &before), 0);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &second);
    assert_int_equal(stat(str_text(&path), &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    assert_true(after.st_mtime > before.st_mtime);
    assert_int_equal(count_files(str_text(&spool)), 1);
}

static void cut_tar_is_written_again(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 };
    struct stat before, after;
    auto_str struct str path = STR_MAX(512);
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &first);
    spool_tar_path(f->state, strrchr(jobs_find(f->gw.jobs, first.answer.job_id)->code, '/') + 1, &path);
    assert_int_equal(stat(str_text(&path), &before), 0);
    assert_int_equal(truncate(str_text(&path), before.st_size / 2), 0);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &second);
    assert_int_equal(stat(str_text(&path), &after), 0);
    assert_int_equal(after.st_size, before.st_size);
}

static void two_of_one_key_under_way_make_one_job(void **state)
{
    struct fixture *f = *state;
    struct seen first = { 0 }, second = { 0 };
    make_project(f, project_yaml);
    ask(f, SUBMIT_REAL, with_secret, "ci-1", &first);
    ask(f, SUBMIT_REAL, with_secret, "ci-1", &second);
    wait_for(f, &first, 1);
    assert_int_equal(second.calls, 1);
    assert_int_equal(first.answer.job_id, second.answer.job_id);
    assert_int_equal(jobs_active_count(f->gw.jobs), 1);
}

static void key_is_one_request_of_one_scope(void **state)
{
    struct fixture *f = *state;
    struct seen seen[5] = { { 0 } };
    struct err err = { 0 };
    auto_doc struct doc *body = NULL;
    make_project(f, project_yaml);
    ask(f, SUBMIT_REAL, with_secret, NULL, &seen[0]); /* has no key to be compared */
    ask(f, SUBMIT_REAL, with_secret, "ci-1", &seen[1]);
    ask(f, SUBMIT_REAL, with_secret, "ci-2", &seen[2]);
    ask(f, SUBMIT_RENDER, with_secret, "ci-1", &seen[3]); /* makes no job: nothing to keep */
    assert_int_equal(json_parse(span_of(with_secret), &body, NULL), 0);
    struct submit_call call = {
        .body = body, .user = "me", .idempotency_key = "ci-1", .body_hash = "another"
    };
    call.idempotency_scope = "me POST";
    assert_int_equal(submit_start(f->gw.submit, &call, keep, &seen[4], &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    call.idempotency_scope = "you POST";
    assert_int_equal(submit_start(f->gw.submit, &call, keep, &seen[4], &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(seen); i++)
        wait_for(f, &seen[i], 1);
    assert_int_equal(jobs_active_count(f->gw.jobs), 4);
    assert_non_null(strstr(seen[3].text, "#SBATCH"));
}

static void record_has_what_was_asked_for(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 }, plain = { 0 };
    make_project(f, "train_script: train.py\n");
    ask_and_wait(
        f, SUBMIT_REAL,
        "{\"project\":\"p\",\"tags\":[\"a\",\"b\",\"a\"],\"group\":\"sweep\",\"slurm\":{\"partition\":"
        "\"gpu\"},"
        "\"code\":{\"mode\":\"in_place\"},\"resources\":{\"gpus\":1,\"gpu_type\":[\"a100\",\"h100\"]}}",
        &seen);
    if (!seen.answer.ok)
        fail_msg("%s", seen.text);
    const struct job *job = jobs_find(f->gw.jobs, seen.answer.job_id);
    assert_string_equal(job->tags, "[\"a\",\"b\"]");
    assert_string_equal(job->group, "sweep");
    assert_string_equal(job->partition, "gpu");
    assert_string_equal(job->gpu_type, "a100");
    assert_string_equal(job->args, "[]");
    assert_null(job->code);
    ask_and_wait(f, SUBMIT_REAL, "{\"project\":\"p\",\"resources\":{\"gpus\":1,\"gpu_type\":[]}}", &plain);
    if (!plain.answer.ok)
        fail_msg("%s", plain.text);
    assert_null(jobs_find(f->gw.jobs, plain.answer.job_id)->gpu_type);
}

static void every_error_of_a_request_is_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL,
                 "{\"project\":\"p\",\"resorces\":{},\"resources\":{\"gpus\":-1,\"time\":\"soon\"}}", &seen);
    assert_false(seen.answer.ok);
    assert_non_null(strstr(seen.text, "resorces"));
    assert_non_null(strstr(seen.text, "gpus"));
    assert_non_null(strstr(seen.text, "time"));
}

static void errors_of_the_project_file_name_their_line(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, "train_script: a.py\nresources:\n  gpu: 1\n");
    ask_and_wait(f, SUBMIT_REAL, "{\"project\":\"p\"}", &seen);
    assert_false(seen.answer.ok);
    assert_non_null(strstr(seen.text, ".mlops-config.yaml:3:"));
}

static void unknown_project_and_cluster_are_told_in_words(void **state)
{
    struct fixture *f = *state;
    struct seen project = { 0 }, cluster = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, "{\"project\":\"q\"}", &project);
    assert_non_null(strstr(project.text, "no project q is registered"));
    assert_int_equal(project.answer.err.code, ERR_NOT_FOUND);
    ask_and_wait(f, SUBMIT_REAL, "{\"project\":\"p\",\"cluster\":\"birch\"}", &cluster);
    assert_non_null(strstr(cluster.text, "there is no birch (configured: alder)"));
    assert_int_equal(cluster.answer.err.code, ERR_NOT_FOUND);
}

static void secrets_are_taken_away_once_the_job_is_over(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_REAL, with_secret, &seen);
    struct job *job = jobs_find(f->gw.jobs, seen.answer.job_id);
    auto_free char *token = mem_dup_str(job->token);
    fixture_turn(f, 1);
    fake.stage.is_open = false;
    fake.stage.plain(fake.stage.ctx, NULL);
    fixture_turn(f, 1);
    fake.submit.is_open = false;
    fake.submit.submit(fake.submit.ctx, &(struct submit_result){ .end = SUBMIT_ACCEPTED, .sched_id = "5" });
    fixture_turn(f, 1);
    auto_str struct str lines = STR_MAX(1000);
    assert_int_equal(spool_get_secrets(f->state, token, &lines, NULL), 0);
    assert_int_equal(lines.len, 0);
    fixture_restart(f); /* what is to be done is on disk */
    job = jobs_find_token(f->gw.jobs, span_of(token));
    fleet_find(f->gw.fleet, "alder")->unreachable = false;
    jobs_enter(f->gw.jobs, job, JOB_STATE_CANCELLED, NULL);
    for (int i = 0; i < 2000 && !fake.closes; i++) {
        fixture_turn(f, 1);
        child_pause();
    }
    assert_int_equal(fake.closes, 1);
    assert_string_equal(fake.closed, token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(request_becomes_a_job_with_its_snapshot),
        TEST(secret_reaches_only_its_file),
        TEST(what_is_kept_of_a_large_request_is_whole),
        TEST(what_is_too_large_to_keep_is_refused),
        TEST(secret_without_a_value_is_told),
        TEST(same_tree_has_the_same_name),
        TEST(known_tree_keeps_its_tar_and_drops_the_new_one),
        TEST(cut_tar_is_written_again),
        TEST(two_of_one_key_under_way_make_one_job),
        TEST(key_is_one_request_of_one_scope),
        TEST(record_has_what_was_asked_for),
        TEST(every_error_of_a_request_is_told_at_once),
        TEST(errors_of_the_project_file_name_their_line),
        TEST(unknown_project_and_cluster_are_told_in_words),
        TEST(secrets_are_taken_away_once_the_job_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
