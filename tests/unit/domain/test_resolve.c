#include "domain/params.h"
#include "domain/resolve.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct set { /* one whole resolution */
    struct project_config *project;
    struct clusters_config *clusters;
    struct request *request;
    struct resolved *resolved;
    struct errs errs;
    struct resolve_input in;
    int rc;
};

static void set_up(struct set *s, const char *project, const char *clusters, const char *request)
{
    *s = (struct set){ 0 };
    assert_int_equal(project_config_parse(span_of(project), PROJECT_FILE, &s->project, &s->errs), 0);
    assert_int_equal(clusters_config_parse(span_of(clusters), "clusters.yaml", &s->clusters, &s->errs), 0);
    assert_int_equal(request_parse(span_of(request), &s->request, &s->errs), 0);
    s->in = (struct resolve_input){ .request = s->request,
                                    .project = s->project,
                                    .cluster = &s->clusters->items[0] };
}

static void run(struct set *s)
{
    s->rc = resolve(&s->in, &s->resolved, &s->errs);
    if (s->rc < 0 || s->errs.count == 0)
        return;
    fail();
}

static void run_ok(struct set *s)
{
    run(s);
    auto_str struct str text = STR_MAX(65536);
    errs_text(&s->errs, &text);
    assert_string_equal(str_text(&text), "");
}

static void clear(struct set *s)
{
    resolved_free(s->resolved);
    request_free(s->request);
    clusters_config_free(s->clusters);
    project_config_free(s->project);
    errs_clear(&s->errs);
}

static void expect_origin(const struct set *s, const char *path, const char *expected)
{
    auto_str struct str text = STR_MAX(1024);
    origin_text(resolved_origin(s->resolved, path), &text);
    assert_string_equal(str_text(&text), expected);
}

static void expect_errors(struct set *s, const char *expected)
{
    auto_str struct str text = STR_MAX(65536);
    run(s);
    assert_int_equal(s->rc, -1);
    assert_null(s->resolved);
    errs_text(&s->errs, &text);
    assert_string_equal(str_text(&text), expected);
}

static void expect_argv(const struct set *s, const char *expected)
{
    auto_payload struct payload payload = { 0 };
    auto_str struct str text = STR_MAX(65536);
    struct err err = { 0 };
    if (payload_build(s->resolved, &payload, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < payload.argv.count; i++)
        str_addf(&text, "%s%s", i ? " | " : "", payload.argv.items[i].text);
    assert_string_equal(str_text(&text), expected);
}

#define SLURM "clusters:\n- name: alder\n  host: me@login\n"

static void built_in_defaults_hold_without_any_file(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "", SLURM, "{}");
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.gpus", -1), 1);
    assert_int_equal(resolved_int(s.resolved, "resources.time", -1), 86400);
    assert_int_equal(resolved_int(s.resolved, "resources.mem", -1), INT64_C(64) << 30);
    assert_string_equal(resolved_str(s.resolved, "train_script"), "train.py");
    assert_null(resolved_str(s.resolved, "slurm.partition"));
    expect_origin(&s, "resources.gpus", "built-in");
    expect_argv(&s, "python3 | train.py");
    clear(&s);
}

static void each_layer_wins_over_the_ones_below(void **state)
{
    struct set s;
    (void)state;
    set_up(&s,
           "slurm: {account: p, qos: p, constraint: p, reservation: p}\n"
           "profiles:\n  big:\n    slurm: {constraint: f, reservation: f}\n"
           "clusters:\n  alder:\n    slurm: {qos: c, constraint: c, reservation: c}\n",
           "clusters:\n- name: alder\n  slurm: {partition: e, account: e, qos: e}\n",
           "{\"profile\":\"big\",\"slurm\":{\"reservation\":\"r\"}}");
    run_ok(&s);
    assert_string_equal(resolved_str(s.resolved, "slurm.partition"), "e");
    assert_string_equal(resolved_str(s.resolved, "slurm.account"), "p");
    assert_string_equal(resolved_str(s.resolved, "slurm.qos"), "c");
    assert_string_equal(resolved_str(s.resolved, "slurm.constraint"), "f");
    assert_string_equal(resolved_str(s.resolved, "slurm.reservation"), "r");
    expect_origin(&s, "slurm.partition", "cluster alder, clusters.yaml:3:22");
    expect_origin(&s, "slurm.account", "project, .mlops-config.yaml:1:18");
    expect_origin(&s, "slurm.qos", "project for cluster alder, .mlops-config.yaml:7:18");
    expect_origin(&s, "slurm.constraint", "profile big, .mlops-config.yaml:4:25");
    expect_origin(&s, "slurm.reservation", "request /slurm/reservation");
    clear(&s);
}

static void null_unsets_what_lower_layers_said(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "slurm: {qos: long}\nenv: {vars: {A: 1, B: 2}}\n", SLURM,
           "{\"slurm\":{\"qos\":null},\"env\":{\"vars\":{\"A\":null}}}");
    run_ok(&s);
    assert_null(resolved_str(s.resolved, "slurm.qos"));
    expect_origin(&s, "slurm.qos", "request /slurm/qos");
    assert_int_equal(resolved_doc(s.resolved, "env.vars")->count, 1);
    assert_string_equal(resolved_doc(s.resolved, "env.vars")->items[0].key, "B");
    clear(&s);
}

static void maps_merge_by_key_and_lists_replace(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "env: {vars: {A: project, B: project}, modules: [cuda]}\n",
           "clusters:\n- name: alder\n  env: {vars: {A: site, C: site}, modules: [site, gcc]}\n",
           "{\"env\":{\"vars\":{\"B\":\"request\"}}}");
    run_ok(&s);
    const struct doc *vars = resolved_doc(s.resolved, "env.vars");
    assert_int_equal(vars->count, 3);
    assert_string_equal(doc_get(vars, "A")->text, "project");
    assert_string_equal(doc_get(vars, "B")->text, "request");
    assert_string_equal(doc_get(vars, "C")->text, "site");
    expect_origin(&s, "env.vars.A", "project, .mlops-config.yaml:1:17");
    expect_origin(&s, "env.vars.B", "request /env/vars/B");
    expect_origin(&s, "env.vars.C", "cluster alder, clusters.yaml:3:28");
    assert_int_equal(resolved_doc(s.resolved, "env.modules")->count, 1);
    clear(&s);
}

static void the_five_keys_of_existing_projects_take_effect(void **state)
{
    struct set s;
    (void)state;
    set_up(&s,
           "conda_env: torch\ntrain_script: src/train.py\ninstall_editable: true\npackage_name: my_pkg\n"
           "default_overrides:\n  trainer.max_epochs: 10\n  model: resnet\n",
           SLURM, "{\"overrides\":{\"model\":\"vit\",\"lr\":0.001},\"args\":[\"--fast\"]}");
    run_ok(&s);
    assert_string_equal(resolved_str(s.resolved, "conda_env"), "torch");
    assert_string_equal(resolved_str(s.resolved, "env.activate"), "conda");
    assert_true(resolved_bool(s.resolved, "install_editable"));
    assert_string_equal(resolved_str(s.resolved, "package_name"), "my_pkg");
    expect_argv(&s, "python3 | src/train.py | trainer.max_epochs=10 | model=vit | lr=0.001 | --fast");
    expect_origin(&s, "overrides.model", "request /overrides/model");
    expect_origin(&s, "overrides.trainer.max_epochs", "project, .mlops-config.yaml:6:23");
    clear(&s);
}

static void declared_parameters_become_flags(void **state)
{
    struct set s;
    (void)state;
    set_up(&s,
           "params:\n  lr: {type: float, default: 1e-3}\n  epochs: {type: int, flag: -e}\n"
           "  amp: {type: bool, default: true}\n  log: {type: bool, default: false}\n"
           "  cache: {type: bool, default: false, flag: --cache/--no-cache}\n  shift: {type: float}\n",
           SLURM, "{\"overrides\":{\"epochs\":3,\"shift\":-1}}");
    run_ok(&s);
    expect_argv(&s, "python3 | train.py | -e | 3 | --shift=-1 | --lr | 1e-3 | --amp | --no-cache");
    clear(&s);
}

static void overrides_are_held_against_their_declaration(void **state)
{
    struct set s;
    (void)state;
    set_up(&s,
           "params:\n  lr: {type: float, min: 0, max: 1}\n  epochs: {type: int}\n"
           "  opt: {type: choice, choices: [sgd, adam]}\ndefault_overrides:\n  lr: 2\n",
           SLURM, "{\"overrides\":{\"epochs\":\"many\",\"opt\":\"lion\"}}");
    expect_errors(&s, ".mlops-config.yaml:6:7: overrides.lr: lr is 2: at most 1\n"
                      "overrides.epochs: epochs is \"many\": expected a whole number\n"
                      "overrides.opt: opt is \"lion\": one of sgd, adam\n");
    assert_string_equal(s.errs.items[1].pointer, "/overrides/epochs");
    clear(&s);
}

static void command_and_shell_of_one_layer_exclude_each_other(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "command: [make]\nshell: make\n", SLURM, "{}");
    expect_errors(&s, ".mlops-config.yaml:2:8: shell: excludes command, which is set here too: project, "
                      ".mlops-config.yaml:1:10 (leave one of them out)\n");
    clear(&s);
    set_up(&s, "command: [make]\n", SLURM, "{\"shell\":\"echo hi\",\"args\":[\"a b\"]}");
    run_ok(&s);
    expect_argv(&s, "bash | -euo | pipefail | -c | echo hi | bash | a b");
    clear(&s);
}

static void a_script_in_the_request_replaces_the_projects_command(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "command: [torchrun, x.py]\n", SLURM, "{\"train_script\":\"eval.py\"}");
    run_ok(&s);
    expect_argv(&s, "python3 | eval.py");
    clear(&s);
}

static void gpus_default_to_none_where_the_cluster_has_none(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "", "", "{}");
    s.in.has_no_gpus = true;
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.gpus", -1), 0);
    expect_origin(&s, "resources.gpus", "cluster local has no GPUs");
    assert_true(resolved_is_default(s.resolved, "resources.gpus"));
    clear(&s);
    set_up(&s, "resources: {gpus: 2}\n", "", "{}");
    s.in.has_no_gpus = true;
    expect_errors(&s,
                  ".mlops-config.yaml:1:19: resources.gpus: asks for GPUs, and cluster local has none (0, or "
                  "another cluster)\n");
    clear(&s);
}

static void the_default_time_is_lowered_and_a_given_one_refused(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "slurm: {partition: short}\n", SLURM, "{}");
    s.in.max_time_s = 3600;
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.time", 0), 3600);
    expect_origin(&s, "resources.time", "lowered to the limit of partition short");
    clear(&s);
    set_up(&s, "slurm: {partition: short}\n", SLURM, "{\"resources\":{\"time\":\"2h\"}}");
    s.in.max_time_s = 3600;
    expect_errors(&s, "resources.time: 2h is over the limit of partition short, 01:00:00\n");
    clear(&s);
}

static void the_default_time_is_left_out_where_nobody_knows_the_limits(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "", SLURM, "{}");
    s.in.are_limits_unknown = true;
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.time", 0), 0);
    expect_origin(&s, "resources.time", "left to the partition: what it allows is not known yet");
    clear(&s);
    set_up(&s, "", SLURM, "{\"resources\":{\"time\":\"2h\"}}");
    s.in.are_limits_unknown = true;
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.time", 0), 7200);
    clear(&s);
}

static void built_in_sizes_fit_the_largest_node_and_leave_its_other_gpus_of_use(void **state)
{
    struct set s;
    const int64_t mib = 1 << 20;
    (void)state;
    set_up(&s, "", SLURM, "{}");
    s.in.node = (struct node_size){ .cpus = 4, .mem_bytes = 64000 * mib, .gpus = 4 };
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.mem", 0), 16000 * mib);
    assert_string_equal(doc_scalar_text(resolved_doc(s.resolved, "resources.mem")), "16000M");
    assert_int_equal(resolved_int(s.resolved, "resources.cpus", 0), 1);
    expect_origin(&s, "resources.mem",
                  "lowered to what a node there has, by its GPUs: its largest has 62.5G");
    clear(&s);
    set_up(&s, "resources: {gpus: 0}\n", SLURM, "{}");
    s.in.node = (struct node_size){ .cpus = 16, .mem_bytes = 64000 * mib, .gpus = 4 };
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.mem", 0), 64000 * mib);
    assert_int_equal(resolved_int(s.resolved, "resources.cpus", 0), 8);
    clear(&s);
    set_up(&s, "resources: {mem: 100G}\n", SLURM, "{}"); /* what somebody asked for is Slurm's to refuse */
    s.in.node = (struct node_size){ .cpus = 16, .mem_bytes = 64000 * mib, .gpus = 4 };
    run_ok(&s);
    assert_int_equal(resolved_int(s.resolved, "resources.mem", 0), 100 * 1024 * mib);
    clear(&s);
}

static void what_the_cluster_does_not_allow_is_said(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "resources: {gpu_type: h100}\nslurm: {partition: 'gpu,debug'}\n",
           "clusters:\n- name: alder\n  allowed_partitions: [gpu, cpu]\n  allowed_gpu_types: [a100]\n", "{}");
    expect_errors(&s,
                  ".mlops-config.yaml:1:23: resources.gpu_type: h100 is not allowed on cluster alder (a100)\n"
                  ".mlops-config.yaml:2:20: slurm.partition: partition debug is not allowed on cluster alder "
                  "(gpu, cpu)\n");
    clear(&s);
}

static void a_value_for_the_environment_must_be_declared(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "env: {pass: [A], secrets: [B]}\n", "clusters:\n- name: alder\n",
           "{\"environment\": {\"A\": \"1\", \"B\": \"2\", \"C\": \"3\"}}");
    expect_errors(&s, "environment.C: is in neither env.pass nor env.secrets (name it in one of them)\n");
    clear(&s);
}

static void gpu_types_are_chosen_by_preference_and_by_memory(void **state)
{
    static const char clusters[] =
        "clusters:\n- name: alder\n  gpus:\n    v100: {mem: 32G}\n    a100: {mem: 80G}\n"
        "    a40: {mem: 48G}\n";
    struct set s;
    (void)state;
    set_up(&s, "resources: {gpu_type: [h100, a100, v100]}\n", clusters, "{}");
    run_ok(&s);
    assert_string_equal(resolved_str(s.resolved, "resources.gpu_type"), "a100");
    clear(&s);
    set_up(&s, "resources: {gpu_mem: 40G}\n", clusters, "{}");
    run_ok(&s);
    assert_string_equal(resolved_str(s.resolved, "resources.gpu_type"), "a40");
    clear(&s);
    set_up(&s, "resources: {gpu_mem: 100G}\n", clusters, "{}");
    expect_errors(
        &s, ".mlops-config.yaml:1:22: resources.gpu_mem: no GPU type with 100G is known on cluster alder "
            "(clusters.yaml: gpus: {TYPE: {mem: 80G}})\n");
    clear(&s);
}

static void several_nodes_start_by_srun_with_a_task_a_gpu(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "resources: {nodes: 2, gpus: 4}\n", SLURM, "{}");
    run_ok(&s);
    assert_string_equal(resolved_str(s.resolved, "launch.launcher"), "srun");
    assert_int_equal(resolved_int(s.resolved, "resources.tasks_per_node", 0), 4);
    clear(&s);
    set_up(&s, "resources: {gpus: 4}\n", SLURM, "{}");
    run_ok(&s);
    assert_string_equal(resolved_str(s.resolved, "launch.launcher"), "none");
    assert_int_equal(resolved_int(s.resolved, "resources.tasks_per_node", 0), 1);
    clear(&s);
    set_up(&s, "resources: {nodes: 2}\n", "", "{}");
    expect_errors(
        &s, ".mlops-config.yaml:1:20: resources.nodes: this cluster is one machine that runs one task a job "
            "(1, or a Slurm cluster)\n");
    clear(&s);
    set_up(&s, "slurm: {dependency: 'afterok:7', begin: tomorrow, partition: gpu}\n", "", "{}");
    expect_errors(
        &s, ".mlops-config.yaml:1:21: slurm.dependency: that a job waits for others needs a Slurm cluster\n"
            ".mlops-config.yaml:1:41: slurm.begin: a time before which it does not start needs a Slurm "
            "cluster\n");
    clear(&s);
}

static void an_unknown_profile_names_those_there_are(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "profiles: {big: {}, small: {}}\n", SLURM, "{\"profile\":\"huge\"}");
    expect_errors(&s, "profile: no profile is called huge (the project has big, small)\n");
    clear(&s);
}

static void placeholders_that_have_not_come_are_refused(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "args: ['--out={run_dir}/x', '{\"a\": 1}', '${HOME}']\n", SLURM, "{\"args\":[\"{trial}\"]}");
    expect_errors(&s, "request.args: {trial} is not supported yet; so far: {run_id}, {run_dir}, {seed}\n");
    clear(&s);
}

static void parameters_of_style_env_become_variables(void **state)
{
    struct set s;
    auto_payload struct payload payload = { 0 };
    (void)state;
    set_up(&s, "style: env\ndefault_overrides: {LR: 0.1}\n", SLURM, "{}");
    run_ok(&s);
    assert_int_equal(payload_build(s.resolved, &payload, NULL), 0);
    assert_int_equal(payload.argv.count, 2);
    assert_string_equal(doc_get(&payload.env, "LR")->text, "0.1");
    clear(&s);
}

static void every_leaf_is_shown_with_its_origin(void **state)
{
    struct set s;
    auto_str struct str text = STR_MAX(1 << 20);
    struct json_out out = { .to = &text };
    (void)state;
    set_up(&s, "slurm: {qos: long}\n", SLURM, "{}");
    run_ok(&s);
    resolved_json(s.resolved, &out);
    assert_true(span_has(str_span(&text),
                         "\"slurm.qos\":{\"value\":\"long\",\"origin\":{\"layer\":\"project\",\"file\":"
                         "\".mlops-config.yaml\",\"line\":1,\"column\":14,"
                         "\"text\":\"project, .mlops-config.yaml:1:14\"}}"));
    assert_true(resolved_count(s.resolved) > 80);
    clear(&s);
}

static void a_links_address_must_be_one(void **state)
{
    struct set s;
    (void)state;
    set_up(&s, "links:\n  grafana: https://grafana.example.org/d/*\n  other: d/*\n", SLURM, "{}");
    expect_errors(&s,
                  ".mlops-config.yaml:3:10: links.other: is no address that begins with http:// or https:// "
                  "(https://grafana.example.org/d/*)\n");
    clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_defaults_hold_without_any_file),
        cmocka_unit_test(each_layer_wins_over_the_ones_below),
        cmocka_unit_test(null_unsets_what_lower_layers_said),
        cmocka_unit_test(maps_merge_by_key_and_lists_replace),
        cmocka_unit_test(the_five_keys_of_existing_projects_take_effect),
        cmocka_unit_test(declared_parameters_become_flags),
        cmocka_unit_test(overrides_are_held_against_their_declaration),
        cmocka_unit_test(command_and_shell_of_one_layer_exclude_each_other),
        cmocka_unit_test(a_script_in_the_request_replaces_the_projects_command),
        cmocka_unit_test(gpus_default_to_none_where_the_cluster_has_none),
        cmocka_unit_test(the_default_time_is_lowered_and_a_given_one_refused),
        cmocka_unit_test(the_default_time_is_left_out_where_nobody_knows_the_limits),
        cmocka_unit_test(built_in_sizes_fit_the_largest_node_and_leave_its_other_gpus_of_use),
        cmocka_unit_test(what_the_cluster_does_not_allow_is_said),
        cmocka_unit_test(a_value_for_the_environment_must_be_declared),
        cmocka_unit_test(gpu_types_are_chosen_by_preference_and_by_memory),
        cmocka_unit_test(several_nodes_start_by_srun_with_a_task_a_gpu),
        cmocka_unit_test(an_unknown_profile_names_those_there_are),
        cmocka_unit_test(placeholders_that_have_not_come_are_refused),
        cmocka_unit_test(parameters_of_style_env_become_variables),
        cmocka_unit_test(every_leaf_is_shown_with_its_origin),
        cmocka_unit_test(a_links_address_must_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
