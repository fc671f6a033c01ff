#include "domain/schema.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/config.h"
#include "domain/request.h"
#include "domain/schema_place.h"
#include "text/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct schema *const all[] = { &schema_project, &schema_clusters, &schema_daemon,
                                            &schema_request };

/* What is said of a text; NULL: it is fine. */
static void expect_project(const char *text, const char *expected)
{
    auto_errs struct errs errs = { 0 };
    auto_str struct str said = STR_MAX(65536);
    assert_int_equal(config_check("project", "p.yaml", span_of(text), &errs), expected ? -1 : 0);
    errs_text(&errs, &said);
    assert_string_equal(str_text(&said), expected ? expected : "");
}

static void expect_request(const char *json, const char *expected)
{
    auto_errs struct errs errs = { 0 };
    auto_request struct request *request = NULL;
    auto_str struct str said = STR_MAX(65536);
    assert_int_equal(request_parse(span_of(json), &request, &errs), expected ? -1 : 0);
    errs_text(&errs, &said);
    assert_string_equal(str_text(&said), expected ? expected : "");
}

static void every_row_is_whole(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(all); s++)
        for (size_t i = 0; i < all[s]->count; i++) {
            const struct schema_row *row = &all[s]->rows[i];
            auto_doc struct doc *doc = NULL;
            struct doc value = { 0 };
            struct err err = { 0 };
            assert_non_null(row->help);
            assert_true(row->help[strlen(row->help) - 1] == '.');
            assert_non_null(row->fallback);
            if (row->type == SCHEMA_CHOICE)
                assert_non_null(row->words);
            if (yaml_parse(span_of(row->fallback), NULL, &doc, NULL) < 0 ||
                schema_type(row, doc, &value, &err) < 0)
                fail_msg("default of %s: %s", row->path, err.text);
            doc_clear(&value);
            assert_ptr_equal(schema_row_at(all[s], row->path), row);
        }
}

static void a_file_of_written_out_defaults_loads(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(all); s++)
        for (size_t i = 0; i < all[s]->count; i++) {
            const struct schema_row *row = &all[s]->rows[i];
            auto_doc struct doc *doc = NULL;
            assert_int_equal(yaml_parse(span_of(row->fallback), NULL, &doc, NULL), 0);
            assert_true(schema_says_default(row, doc));
        }
}

static void unknown_keys_come_with_the_nearest(void **state)
{
    (void)state;
    expect_project("train_scrpt: x.py\n",
                   "p.yaml:1:1: train_scrpt: unknown key (did you mean train_script?)\n");
    expect_project("gpus: 2\n", "p.yaml:1:1: gpus: unknown key (did you mean resources.gpus?)\n");
    expect_project("resources:\n  gpuss: 2\n",
                   "p.yaml:2:3: resources.gpuss: unknown key (did you mean gpus?)\n");
    expect_project("zzzzzz: 2\n", "p.yaml:1:1: zzzzzz: unknown key\n");
    expect_project("resources.gpus: 2\n",
                   "p.yaml:1:1: resources.gpus: unknown key (keys are nested: resources: {gpus: ...})\n");
    expect_project("profiles: {a: {profiles: {}}}\n",
                   "p.yaml:1:16: profiles.a.profiles: does not belong in an overlay\n");
}

static void wrong_types_say_what_was_expected(void **state)
{
    (void)state;
    expect_project(
        "resources:\n  gpus: two\n  nodes: 0\n  time: 90\n  mem: [1]\n  exclusive: yes\n  cpus: '8'\n",
        "p.yaml:2:9: resources.gpus: expected a whole number from 0 to 1024, got \"two\"\n"
        "p.yaml:3:10: resources.nodes: expected a whole number from 1 to 100000, got 0\n"
        "p.yaml:4:9: resources.time: 90 is a bare number: write a unit, 90s, 90m or 90h\n"
        "p.yaml:5:8: resources.mem: expected a size like 64G or 512M, got a list\n"
        "p.yaml:6:14: resources.exclusive: expected true or false, got \"yes\" (write true)\n"
        "p.yaml:7:9: resources.cpus: expected a whole number from 1 to 100000, got \"8\" (without quotes)\n");
    expect_project("style: hydrra\nenv: [1]\nargs: --x\n",
                   "p.yaml:1:8: style: expected one of auto, args, hydra, env, got \"hydrra\"\n"
                   "p.yaml:2:6: env: expected a map, got a list\n"
                   "p.yaml:3:7: args: expected a list of strings, got \"--x\" (write [--x])\n");
    expect_project("- a\n", "p.yaml:1:1: expected a map, got a list\n");
    expect_project("env: {vars: {'a b': 1, C: [2]}}\n",
                   "p.yaml:1:21: env.vars: expected a name like a variable's name (letters, digits, _), "
                   "got \"a b\"\n");
    expect_project("resources: {gpus: 99999999999999999999}\n",
                   "p.yaml:1:19: resources.gpus: expected a whole number from 0 to 1024, got "
                   "99999999999999999999\n");
}

/* "[python3 train.py]" would be one word, and no such program is there. */
static void a_commands_hint_can_be_run(void **state)
{
    (void)state;
    expect_project("command: python3  train.py\n",
                   "p.yaml:1:10: command: expected a list of strings, got \"python3  train.py\" "
                   "(write [python3, train.py], or shell: python3  train.py)\n");
    expect_project("command: python3 a.py | tee x\n",
                   "p.yaml:1:10: command: expected a list of strings, got \"python3 a.py | tee x\" "
                   "(a list of words, or: shell: python3 a.py | tee x)\n");
    expect_project("command: ''\n",
                   "p.yaml:1:10: command: expected a list of strings, got \"\" (write [])\n");
}

static void strings_stay_strings(void **state)
{
    (void)state;
    expect_project(
        "conda_env: no\ntrain_script: 012\nshell: ${HOME}\ndefault_overrides: {a: 1e-3, b: no, c: 24:00:00}\n"
        "resources: {time: 24:00:00}\n",
        NULL);
}

static void what_has_not_come_is_refused_unless_it_says_the_default(void **state)
{
    (void)state;
    expect_project(
        "requeue: {max: 10, when: [preempt, node_fail]}\nretry: {backoff: 60}\ncode: {mode: snapshot}\n"
        "sweep: null\ncontainer: {runtime: none, image: null, mounts: []}\nwandb: {}\n",
        NULL);
    expect_project(
        "requeue: {max: 3}\ncode: {mode: git}\nsweep: {method: grid}\ncontainer: {runtime: pyxis}\n",
        "p.yaml:1:16: requeue.max: not supported yet (leave it out, or at its default 10)\n"
        "p.yaml:2:14: code.mode: git is not supported yet; so far: snapshot, in_place\n"
        "p.yaml:3:8: sweep: not supported yet (leave it out, or at its default null)\n"
        "p.yaml:4:22: container.runtime: pyxis is not supported yet; so far: none\n");
}

static void paths_do_not_leave_the_repository(void **state)
{
    (void)state;
    expect_project(
        "train_script: ../x.py\ntemplate: /etc/passwd\ncode: {path: work/x}\n",
        "p.yaml:1:15: train_script: expected a string with a path inside the repository (not from /, no "
        "..), got \"../x.py\"\n"
        "p.yaml:2:11: template: expected a string with a path inside the repository (not from /, no ..), "
        "got \"/etc/passwd\"\n"
        "p.yaml:3:14: code.path: expected a string with a path from / or ~/ without .., got \"work/x\"\n");
}

static void overlays_are_checked_like_the_file(void **state)
{
    (void)state;
    expect_project(
        "profiles:\n  big: {resources: {gpus: x}}\nclusters:\n  alder: {slurm: {qos: 'a b'}}\n",
        "p.yaml:2:27: profiles.big.resources.gpus: expected a whole number from 0 to 1024, got \"x\"\n"
        "p.yaml:4:24: clusters.alder.slurm.qos: expected a string of letters, digits and _ . , + -, not "
        "beginning with -, got \"a b\"\n");
}

static void a_declared_default_must_fit_its_declaration(void **state)
{
    (void)state;
    expect_project("params:\n  lr: {type: float, min: 0, default: -1}\n  opt: {type: choice}\n",
                   "p.yaml:2:38: params.lr.default: lr is -1: at least 0\n"
                   "p.yaml:3:8: params.opt: a choice needs choices\n");
    expect_project("params:\n  opt: {type: choice}\nresources: {gpus: x}\n",
                   "p.yaml:2:8: params.opt: a choice needs choices\n"
                   "p.yaml:3:19: resources.gpus: expected a whole number from 0 to 1024, got \"x\"\n");
}

static void requests_are_checked_with_json_pointers(void **state)
{
    auto_errs struct errs errs = { 0 };
    struct request *request = NULL;
    (void)state;
    assert_int_equal(request_parse(SPAN_LIT("{\"resources\":{\"gpus\":\"2\"},\"nope\":1}"), &request, &errs),
                     -1);
    assert_int_equal(errs.count, 2);
    assert_string_equal(errs.items[0].pointer, "/resources/gpus");
    assert_string_equal(errs.items[0].path, "resources.gpus");
    assert_null(errs.items[0].file);
    assert_string_equal(errs.items[1].pointer, "/nope");
}

static void requests_carry_sections_and_their_own_fields(void **state)
{
    (void)state;
    expect_request(
        "{\"project\":\"resnet\",\"cluster\":\"alder\",\"resources\":{\"gpus\":4,\"gpu_type\":\"a100\","
        "\"time\":\"2h\"},\"args\":[\"lr=3e-4\",\"\\u0007 'x' $(y)\\n\"],\"tags\":[\"a\"],\"priority\":-5}",
        NULL);
    expect_request("{\"name\":\"a\\\"b\"}",
                   "name: expected a string on one line without \" and \\, at most 200 bytes, got "
                   "\"a\"b\"\n");
    expect_request("{\"profiles\":{},\"version\":1}",
                   "profiles: belongs in the project's file, not in a request\n"
                   "version: belongs in the project's file, not in a request\n");
    expect_request("{\"resources\":{\"gpus\":-1,\"time\":3600}}",
                   "resources.gpus: expected a whole number from 0 to 1024, got -1\n"
                   "resources.time: 3600 is a bare number: write a unit, 3600s, 3600m or 3600h\n");
    expect_request("[1]", "expected a map, got a list\n");
}

static void huge_requests_are_refused_soon(void **state)
{
    auto_str struct str keys = STR_MAX(4 << 20), vars = STR_MAX(4 << 20);
    (void)state;
    str_add(&keys, "{\"k\":1");
    str_add(&vars, "{\"env\":{\"vars\":{\"A\":1");
    for (int i = 0; i < 20000; i++) {
        str_addf(&keys, ",\"k%d\":1", i);
        str_addf(&vars, ",\"A%d\":1", i);
    }
    str_add(&keys, "}");
    str_add(&vars, "}}}");
    auto_errs struct errs errs = { 0 };
    struct request *request = NULL;
    assert_int_equal(request_parse(str_span(&keys), &request, &errs), -1);
    assert_int_equal(errs.count, MAX_CONFIG_ERRORS);
    assert_int_equal(errs.more, MAX_CONFIG_ERRORS);
    expect_request(str_text(&vars), "env.vars: 20001 entries: at most 4096\n");
}

static void the_kind_of_a_file_is_found_by_name_or_keys(void **state)
{
    (void)state;
    assert_string_equal(config_kind("/x/.mlops-config.yaml", SPAN_LIT("")), "project");
    assert_string_equal(config_kind("clusters.example.yaml", SPAN_LIT("")), "clusters");
    assert_string_equal(config_kind("x.yaml", SPAN_LIT("clusters:\n- name: a\n")), "clusters");
    assert_string_equal(config_kind("x.yaml", SPAN_LIT("train_script: a.py\nclusters: {a: {}}\n")),
                        "project");
    assert_string_equal(config_kind("x.yaml", SPAN_LIT("listen: '[::1]:1'\n")), "sluice");
    assert_null(config_kind("x.yaml", SPAN_LIT("a: 1\n")));
    auto_errs struct errs errs = { 0 };
    assert_int_equal(config_check(NULL, "x.yaml", SPAN_LIT("a: 1\n"), &errs), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(a_file_of_written_out_defaults_loads),
        cmocka_unit_test(unknown_keys_come_with_the_nearest),
        cmocka_unit_test(wrong_types_say_what_was_expected),
        cmocka_unit_test(a_commands_hint_can_be_run),
        cmocka_unit_test(strings_stay_strings),
        cmocka_unit_test(what_has_not_come_is_refused_unless_it_says_the_default),
        cmocka_unit_test(paths_do_not_leave_the_repository),
        cmocka_unit_test(overlays_are_checked_like_the_file),
        cmocka_unit_test(a_declared_default_must_fit_its_declaration),
        cmocka_unit_test(requests_are_checked_with_json_pointers),
        cmocka_unit_test(requests_carry_sections_and_their_own_fields),
        cmocka_unit_test(huge_requests_are_refused_soon),
        cmocka_unit_test(the_kind_of_a_file_is_found_by_name_or_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
