/* The commented examples, the files of existing users, and bad files with the words said of them. */
#include "domain/config.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/cluster.h"
#include "domain/params.h"
#include "domain/resolve.h"
#include "domain/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char *read_file(const char *path)
{
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("cannot open %s: run the tests from the repository's root", path);
    for (int c; (c = fgetc(file)) != EOF;)
        str_add_char(&text, (char)c);
    (void)fclose(file);
    return str_steal(&text);
}

static char *said_of(const char *path, const char *name)
{
    auto_free char *text = read_file(path);
    auto_errs struct errs errs = { 0 };
    auto_str struct str said = STR_MAX(65536);
    int rc = config_check(NULL, name, span_of(text), &errs);
    errs_text(&errs, &said);
    assert_int_equal(rc<0, errs.count> 0);
    return str_steal(&said);
}

static void examples_and_existing_files_load(void **state)
{
    static const char *const paths[] = { "config/mlops-config.example.yaml",
                                         "config/clusters.example.yaml",
                                         "config/sluice.example.yaml",
                                         "config/example-project/.mlops-config.yaml",
                                         "tests/data/config/existing/clusters.yaml",
                                         "tests/data/config/existing/.mlops-config.yaml" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        auto_free char *said = said_of(paths[i], paths[i]);
        assert_string_equal(said, "");
    }
}

static bool has_later(struct span key)
{
    for (size_t i = 0; i < schema_project.count; i++) {
        const struct schema_row *row = &schema_project.rows[i];
        bool is_below = strncmp(row->path, key.ptr, key.len) == 0 && strchr(".", row->path[key.len]);
        if (is_below && (row->later_words || row->flags & SCHEMA_LATER))
            return true;
    }
    return false;
}

/* The example's last words name nothing that works. */
static void what_the_example_says_is_missing_is_missing(void **state)
{
    static const char begin[] = "may be written out:";
    auto_free char *text = read_file("config/mlops-config.example.yaml");
    const char *from = strstr(text, begin);
    size_t count = 0;
    (void)state;
    assert_non_null(from);
    for (from += sizeof(begin) - 1; *from; count++) {
        from += strspn(from, ",.# \n");
        struct span key = { from, strcspn(from, ", \n") };
        from += key.len + strspn(from + key.len, ",.# \n");
        key.len -= key.ptr[key.len - 1] == '.';
        if (!has_later(key))
            fail_msg("%.*s is supported", SPAN_FMT(key));
    }
    assert_true(count > 5);
}

/* UPDATE=1 writes the expected words anew: read them aloud. */
static void bad_files_are_told_everything_at_once(void **state)
{
    static const char *const names[] = { "mlops-config.yaml", "clusters.yaml", "anchors.yaml",
                                         "broken.yaml" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_str struct str path = STR_MAX(256), expected_path = STR_MAX(256);
        str_addf(&path, "tests/data/config/bad/%s", names[i]);
        str_addf(&expected_path, "%s.expected", str_text(&path));
        auto_free char *text = read_file(str_text(&path));
        auto_errs struct errs errs = { 0 };
        auto_str struct str said = STR_MAX(65536);
        assert_int_equal(config_check(i == 1 ? "clusters" : "project", names[i], span_of(text), &errs), -1);
        errs_text(&errs, &said);
        if (getenv("UPDATE")) {
            FILE *file = fopen(str_text(&expected_path), "we");
            assert_non_null(file);
            (void)fputs(str_text(&said), file);
            assert_int_equal(fclose(file), 0);
        }
        auto_free char *expected = read_file(str_text(&expected_path));
        assert_string_equal(str_text(&said), expected);
    }
}

static void existing_overrides_arrive_as_written(void **state)
{
    auto_free char *text = read_file("tests/data/config/existing/.mlops-config.yaml");
    auto_project_config struct project_config *project = NULL;
    auto_clusters_config struct clusters_config *clusters = clusters_config_builtin();
    auto_resolved struct resolved *resolved = NULL;
    auto_payload struct payload payload = { 0 };
    (void)state;
    assert_int_equal(project_config_parse(span_of(text), PROJECT_FILE, &project, NULL), 0);
    const struct resolve_input in = { .project = project, .cluster = &clusters->items[0] };
    assert_int_equal(resolve(&in, &resolved, NULL), 0);
    assert_int_equal(payload_build(resolved, &payload, NULL), 0);
    static const char *const argv[] = { "python3",
                                        "scripts/train.py",
                                        "trainer.max_epochs=100",
                                        "data.root=/data/imagenet",
                                        "model/backbone=resnet50",
                                        "+experiment=baseline",
                                        "seed=42" };
    assert_int_equal(payload.argv.count, ARRAY_LEN(argv));
    for (size_t i = 0; i < ARRAY_LEN(argv); i++)
        assert_string_equal(payload.argv.items[i].text, argv[i]);
}

static void run_payload(const struct payload *payload, const char *run_dir)
{
    char *argv[64] = { 0 };
    assert_true(payload->argv.count < ARRAY_LEN(argv));
    for (size_t i = 0; i < payload->argv.count; i++)
        argv[i] = payload->argv.items[i].text;
    argv[0] = (char *)"/usr/bin/python3";
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)setenv("SLUICE_RUN_DIR", run_dir, 1);
        if (chdir("config/example-project") == 0 && freopen("/dev/null", "w", stdout))
            (void)execv(argv[0], argv);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static double first_number(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    assert_non_null(at);
    return strtod(at + strlen(key), NULL);
}

static void the_example_project_really_trains(void **state)
{
    auto_free char *text = read_file("config/example-project/.mlops-config.yaml");
    auto_project_config struct project_config *project = NULL;
    auto_clusters_config struct clusters_config *clusters = clusters_config_builtin();
    auto_request struct request *request = NULL;
    auto_resolved struct resolved *resolved = NULL;
    auto_payload struct payload payload = { 0 };
    char run_dir[] = "/tmp/sluice-test-XXXXXX";
    auto_str struct str path = STR_MAX(256);
    (void)state;
    assert_int_equal(project_config_parse(span_of(text), PROJECT_FILE, &project, NULL), 0);
    assert_int_equal(
        request_parse(SPAN_LIT("{\"profile\":\"quick\",\"overrides\":{\"lr\":0.05}}"), &request, NULL), 0);
    const struct resolve_input in = { .request = request,
                                      .project = project,
                                      .cluster = &clusters->items[0] };
    assert_int_equal(resolve(&in, &resolved, NULL), 0);
    assert_int_equal(payload_build(resolved, &payload, NULL), 0);
    assert_non_null(mkdtemp(run_dir));
    run_payload(&payload, run_dir);
    str_addf(&path, "%s/metrics.jsonl", run_dir);
    auto_free char *metrics = read_file(str_text(&path));
    assert_int_equal(unlink(str_text(&path)), 0);
    assert_int_equal(rmdir(run_dir), 0);
    const char *last = metrics, *next;
    while ((next = strchr(last, '\n')) && next[1])
        last = next + 1;
    assert_true(first_number(last, "\"loss\": ") < first_number(metrics, "\"loss\": ") / 4);
    assert_true(first_number(last, "\"acc\": ") > 0.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_and_existing_files_load),
        cmocka_unit_test(what_the_example_says_is_missing_is_missing),
        cmocka_unit_test(bad_files_are_told_everything_at_once),
        cmocka_unit_test(existing_overrides_arrive_as_written),
        cmocka_unit_test(the_example_project_really_trains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
