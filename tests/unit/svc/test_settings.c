#include "fixture_group.h"

#include "svc/health.h"
#include "svc/reload.h"

static void bad_clusters_file_is_refused_and_the_old_one_stays_in_force(void **state)
{
    struct fixture *f = *state;
    auto_errs struct errs errs = { 0 };
    auto_str struct str ready = STR_MAX(1 << 20);
    fixture_write(f->clusters, "clusters:\n  - name: birch\n    hots: me@x\n");
    assert_int_equal(settings_load(f->gw.settings, &errs), -1);
    assert_true(errs.count > 0);
    assert_string_equal(settings_clusters(f->gw.settings)->items[0].name, "alder");
    assert_non_null(settings_problem(f->gw.settings));
    assert_true(health_ready(&f->gw, &ready));
    assert_true(span_has(str_span(&ready), "{\"name\":\"configuration\",\"ok\":false"));
}

static void errors_of_both_files_are_told_at_once(void **state)
{
    struct fixture *f = *state;
    auto_errs struct errs errs = { 0 };
    fixture_write(f->clusters, "clusters:\n  - name: birch\n    hots: me@x\n");
    snprintf(f->extra, sizeof(f->extra), "log: {levle: info}\n");
    assert_int_equal(settings_load(f->gw.settings, &errs), -1);
    assert_int_equal(errs.count, 2);
    assert_non_null(strstr(settings_problem(f->gw.settings), "levle"));
    assert_non_null(strstr(settings_problem(f->gw.settings), "hots"));
    assert_non_null(strstr(settings_problem(f->gw.settings), "; ")); /* one line of a log, and of /readyz */
    assert_null(strchr(settings_problem(f->gw.settings), '\n'));
}

static void a_rule_that_is_none_is_refused_with_its_words(void **state)
{
    struct fixture *f = *state;
    auto_errs struct errs errs = { 0 };
    snprintf(f->extra, sizeof(f->extra), "webhooks: {allow: [10.0.0.0/99]}\n");
    assert_int_equal(settings_load(f->gw.settings, &errs), -1);
    assert_string_equal(errs.items[0].path, "webhooks.allow");
    assert_int_equal(settings_daemon(f->gw.settings)->webhooks_allow.count, 0);
}

static void second_reading_changes_what_it_can_and_names_the_rest(void **state)
{
    struct fixture *f = *state;
    auto_errs struct errs errs = { 0 };
    auto_str struct str ready = STR_MAX(1 << 20);
    const char *state_dir = settings_daemon(f->gw.settings)->state_dir;
    snprintf(f->extra, sizeof(f->extra),
             "listen: 127.0.0.1:9\nretention: {events: 2d}\nlog: {level: debug}\n");
    assert_int_equal(settings_load(f->gw.settings, &errs), 0);
    const struct daemon_config *now = settings_daemon(f->gw.settings);
    assert_int_equal(now->retention_events_s, 2 * 86400);
    assert_int_equal(now->log_level, LOG_DEBUG);
    assert_int_equal(now->listen_port, 8470);
    assert_ptr_equal(now->state_dir, state_dir);
    assert_non_null(strstr(settings_kept(f->gw.settings), "listen"));
    assert_true(health_ready(&f->gw, &ready));
    assert_true(span_has(str_span(&ready), "in force from the next start on"));
    f->extra[0] = '\0';
    assert_int_equal(settings_load(f->gw.settings, &errs), 0);
    assert_null(settings_kept(f->gw.settings));
}

static void reload_adds_changes_and_retires_clusters(void **state)
{
    struct fixture *f = *state;
    struct job *job = fixture_job(f, NULL);
    struct cluster *alder = fleet_find(f->gw.fleet, "alder");
    fixture_write(f->clusters, "clusters:\n  - name: birch\n    type: slurm\n    host: me@birch.example\n");
    assert_int_equal(reload(&f->gw), 0);
    assert_non_null(fleet_find(f->gw.fleet, "birch")->executor);
    assert_ptr_equal(fleet_find(f->gw.fleet, "alder"), alder);
    assert_null(alder->config);
    assert_null(alder->executor);
    assert_int_equal(job->state, JOB_STATE_SUBMITTING); /* its jobs are not gone */
    assert_null(settings_problem(f->gw.settings));
    fixture_write(f->clusters, "clusters: [nonsense]\n");
    assert_int_equal(reload(&f->gw), -1);
    assert_non_null(fleet_find(f->gw.fleet, "birch")->executor);
}

static struct job *sent_job(struct fixture *f)
{
    struct job *job = fixture_job(f, NULL);
    job->phase = PHASE_SUBMITTED;
    job->state = JOB_STATE_RUNNING;
    jobs_change(f->gw.jobs, job, "submitted", NULL);
    fixture_turn(f, 0);
    return job;
}

static void jobs_of_a_cluster_that_left_the_file_are_stale(void **state)
{
    struct fixture *f = *state;
    struct job *job = sent_job(f);
    fixture_write(f->clusters, "clusters:\n  - name: birch\n    type: slurm\n    host: me@birch.example\n");
    assert_int_equal(reload(&f->gw), 0);
    fixture_turn(f, 0);
    assert_true(job->stale);
    fixture_write(f->clusters, fixture_clusters);
    assert_int_equal(reload(&f->gw), 0);
    fleet_note(f->gw.fleet, fleet_find(f->gw.fleet, "alder"), NULL, 1000);
    assert_false(job->stale);
}

/* Everything about them is below it. */
static void a_workspace_stays_while_jobs_are_below_it(void **state)
{
    struct fixture *f = *state;
    auto_str struct str text = STR_MAX(4096);
    struct job *job = sent_job(f);
    str_addf(&text, "%s    workspace: /elsewhere\n", fixture_clusters);
    fixture_write(f->clusters, str_text(&text));
    assert_int_equal(reload(&f->gw), -1);
    const char *said = settings_problem(f->gw.settings);
    if (!strstr(said, "the workspace of cluster alder cannot become /elsewhere while 1 of its jobs"))
        fail_msg("%s", said);
    assert_true(jobs_enter(f->gw.jobs, job, JOB_STATE_COMPLETED, NULL));
    fixture_turn(f, 0);
    assert_int_equal(reload(&f->gw), 0);
}

static void apply_clusters(struct fixture *f, const char *text)
{
    auto_errs struct errs errs = { 0 };
    fixture_write(f->clusters, text);
    assert_int_equal(settings_load(f->gw.settings, &errs), 0);
    assert_int_equal(fleet_apply(f->gw.fleet, NULL), 0);
}

static void a_cluster_that_left_the_file_or_was_disabled_comes_back(void **state)
{
    struct fixture *f = *state;
    static const char other[] = "clusters:\n  - name: birch\n    type: slurm\n    host: me@birch.example\n";
    static const char disabled[] = "clusters:\n  - name: alder\n    type: slurm\n    host: me@login.example\n"
                                   "    enabled: false\n";
    apply_clusters(f, other);
    apply_clusters(f, fixture_clusters); /* as it was before it left */
    assert_non_null(fleet_find(f->gw.fleet, "alder")->executor);
    assert_non_null(fleet_find(f->gw.fleet, "alder")->config);
    apply_clusters(f, disabled);
    apply_clusters(f, disabled); /* unchanged, and still without an executor */
    assert_null(fleet_find(f->gw.fleet, "alder")->executor);
    apply_clusters(f, fixture_clusters);
    assert_non_null(fleet_find(f->gw.fleet, "alder")->executor);
}

static void missing_clusters_file_is_told_with_its_path(void **state)
{
    struct fixture *f = *state;
    auto_errs struct errs errs = { 0 };
    assert_int_equal(unlink(f->clusters), 0);
    assert_int_equal(settings_load(f->gw.settings, &errs), -1);
    assert_non_null(strstr(errs.items[0].text, "clusters.yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_clusters_file_is_refused_and_the_old_one_stays_in_force),
        TEST(errors_of_both_files_are_told_at_once),
        TEST(a_rule_that_is_none_is_refused_with_its_words),
        TEST(second_reading_changes_what_it_can_and_names_the_rest),
        TEST(reload_adds_changes_and_retires_clusters),
        TEST(jobs_of_a_cluster_that_left_the_file_are_stale),
        TEST(a_workspace_stays_while_jobs_are_below_it),
        TEST(a_cluster_that_left_the_file_or_was_disabled_comes_back),
        TEST(missing_clusters_file_is_told_with_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
