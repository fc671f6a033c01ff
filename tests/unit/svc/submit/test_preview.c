/* What would be sent, and what the scheduler would say of it: nothing is stored, nothing runs. */
#include "unit/svc/submit_fixture.h"

#include "svc/reload.h"

static void add_file(const struct fixture *f, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    fixture_write(path, text);
}

static void shows(struct fixture *f, const char *json, const char *words)
{
    struct seen seen = { 0 };
    ask_and_wait(f, SUBMIT_RENDER, json, &seen);
    if (!seen.answer.ok || !strstr(seen.text, words))
        fail_msg("\"%s\" is not in: %s", words, seen.text);
    assert_int_equal(jobs_active_count(f->gw.jobs), 0);
}

static void the_script_has_what_the_request_says(void **state)
{
    struct fixture *f = *state;
    make_project(f, project_yaml);
    shows(f, "{\"project\":\"p\"}", "\"name\":\"p\"");
    shows(f, "{\"project\":\"p\"}", "#SBATCH --time");
    shows(f, "{\"project\":\"p\"}", "\"resources.time\"");
    shows(f, "{\"project\":\"p\",\"profile\":\"quick\"}", "lr=1");
    shows(f, "{\"project\":\"p\",\"name\":\"mine\"}", "\"name\":\"mine\"");
    shows(f, "{\"project\":\"p\",\"environment\":{\"EDITOR\":\"ed it\"}}", "='ed it'\\n");
    shows(f, "{\"project\":\"p\",\"code\":{\"mode\":\"in_place\"}}", "/p");
    shows(f, "{\"project\":\"p\",\"code\":{\"mode\":\"in_place\",\"path\":\"/shared/code\"}}",
          "/shared/code");
}

static void a_template_is_read_where_it_was_named(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { 0 };
    make_project(f, project_yaml);
    add_file(f, "p/own.sh", "#!/bin/bash\necho of {{project}}\n");
    add_file(f, "p/raw.sh", "#!/bin/bash\necho {{{project}}}\n");
    add_file(f, "site.sh", "#!/bin/bash\necho at {{{project}}}\n");
    shows(f, "{\"project\":\"p\",\"template\":\"own.sh\"}", "echo of 'p'\\n");
    ask_and_wait(f, SUBMIT_RENDER, "{\"project\":\"p\",\"template\":\"raw.sh\"}", &seen);
    assert_non_null(strstr(seen.text, "raw.sh:2:6"));
    fixture_write(f->clusters,
                  "clusters:\n  - {name: alder, type: slurm, host: me@login.example, template: site.sh}\n");
    assert_int_equal(reload(&f->gw), 0);
    shows(f, "{\"project\":\"p\"}", "echo at p\\n");
}

static struct seen dry_run(struct fixture *f, const struct test_result *result, const struct err *err)
{
    struct seen seen = { 0 };
    ask(f, SUBMIT_DRY_RUN, "{\"project\":\"p\"}", NULL, &seen);
    for (int i = 0; i < 20000 && !fake.test.is_open; i++) {
        fixture_turn(f, 1);
        answer_facts();
        child_pause();
    }
    assert_true(fake.test.is_open);
    fake.test.is_open = false;
    fake.test.test(fake.test.ctx, result, err);
    assert_int_equal(seen.calls, 1);
    return seen;
}

static void a_dry_run_tells_what_the_scheduler_says(void **state)
{
    struct fixture *f = *state;
    make_project(f, project_yaml);
    struct seen seen = dry_run(f, &(struct test_result){ .accepted = true, .start_s = 86400 }, NULL);
    assert_non_null(strstr(seen.text, "\"test\":{\"accepted\":true,\"start_at\":\"1970-01-02T00:00:00"));
    seen = dry_run(f,
                   &(struct test_result){
                       .start_s = SEEN_ABSENT, .upstream = "Invalid account", .field = "slurm.account" },
                   NULL);
    assert_non_null(
        strstr(seen.text,
               "\"test\":{\"accepted\":false,\"upstream\":\"Invalid account\",\"field\":\"slurm.account\""));
    seen = dry_run(f, NULL, &(struct err){ .code = ERR_OFFLINE, .text = "no route to alder" });
    assert_false(seen.answer.ok);
    assert_string_equal(seen.text, "no route to alder");
}

static void a_dry_run_needs_the_cluster(void **state)
{
    struct fixture *f = *state;
    struct seen seen[2] = { 0 };
    make_project(f, project_yaml);
    ask_and_wait(f, SUBMIT_RENDER, "{\"project\":\"p\",\"template\":\"missing.sh\"}", &seen[0]);
    assert_non_null(strstr(seen[0].text, "missing.sh"));
    fake.refuses = true;
    ask_and_wait(f, SUBMIT_DRY_RUN, "{\"project\":\"p\"}", &seen[1]);
    assert_string_equal(seen[1].text, "the fake refuses");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_script_has_what_the_request_says),
        TEST(a_template_is_read_where_it_was_named),
        TEST(a_dry_run_tells_what_the_scheduler_says),
        TEST(a_dry_run_needs_the_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
