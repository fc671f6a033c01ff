#include "fixture_group.h"

#include "svc/health.h"

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

static void reload_adds_changes_and_retires_clusters(void **state)
{
    struct fixture *f = *state;
    auto_errs struct errs errs = { 0 };
    struct job *job = fixture_job(f, NULL);
    struct cluster *alder = fleet_find(f->gw.fleet, "alder");
    fixture_write(f->clusters, "clusters:\n  - name: birch\n    type: slurm\n    host: me@birch.example\n");
    assert_int_equal(settings_load(f->gw.settings, &errs), 0);
    assert_int_equal(fleet_apply(f->gw.fleet, NULL), 0);
    assert_non_null(fleet_find(f->gw.fleet, "birch")->executor);
    assert_ptr_equal(fleet_find(f->gw.fleet, "alder"), alder);
    assert_null(alder->config);
    assert_null(alder->executor);
    assert_int_equal(job->state, JOB_STATE_SUBMITTING); /* its jobs are not gone */
    assert_null(settings_problem(f->gw.settings));
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
        TEST(reload_adds_changes_and_retires_clusters),
        TEST(missing_clusters_file_is_told_with_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
