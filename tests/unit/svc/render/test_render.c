#include "svc/render/render.h"

#include "domain/project.h"
#include "domain/request.h"
#include "text/json_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const char token[] = "jx01h455vb4pex5vsknk084sn02q";

struct made {
    struct clusters_config *clusters;
    struct project_config *project;
    struct request *request;
    struct resolved *resolved;
    struct rendered rendered;
    struct errs errs;
    int rc;
    struct render_input in;
};

static void say(const struct errs *errs)
{
    auto_str struct str text = STR_MAX(8192);
    errs_text(errs, &text);
    if (errs->count)
        print_message("%s\n", str_text(&text));
}

static void make(struct made *m, const char *clusters, const char *project, const char *request)
{
    if (clusters_config_parse(span_of(clusters), "clusters.yaml", &m->clusters, &m->errs) < 0 ||
        project_config_parse(span_of(project), ".mlops-config.yaml", &m->project, &m->errs) < 0 ||
        request_parse(span_of(request), &m->request, &m->errs) < 0) {
        say(&m->errs);
        fail();
    }
    struct resolve_input in = { .request = m->request,
                                .project = m->project,
                                .cluster = &m->clusters->items[0] };
    if (resolve(&in, &m->resolved, &m->errs) < 0) {
        say(&m->errs);
        fail();
    }
    m->in.resolved = m->resolved;
    m->in.cluster = in.cluster;
    m->in.token = token;
    m->in.name = "a job";
    m->in.project = "p";
    m->rc = render_job(&m->in, &m->rendered, &m->errs);
}

static void drop(struct made *m)
{
    rendered_clear(&m->rendered);
    resolved_free(m->resolved);
    request_free(m->request);
    project_config_free(m->project);
    clusters_config_free(m->clusters);
    errs_clear(&m->errs);
}

static void assert_has(const struct made *m, const char *part)
{
    if (!strstr(str_text(&m->rendered.script), part))
        fail_msg("no %s in:\n%.1500s", part, str_text(&m->rendered.script));
}

#define CLUSTER(style) "clusters:\n  - name: c\n    host: me@login\n    gpu_request_style: " style "\n"

static void options_stand_behind_the_first_line(void **state)
{
    (void)state;
    struct made m = { 0 };
    make(&m, CLUSTER("gres"),
         "slurm: {partition: gpu, account: ml, exclude: [n1, n2]}\nresources: {gpus: 2, gpu_type: a100, mem: "
         "1G}\n",
         "{\"project\": \"p\", \"slurm\": {\"array\": \"0-3%2\"}}");
    say(&m.errs);
    assert_int_equal(m.rc, 0);
    assert_true(span_starts(str_span(&m.rendered.script), "#!/bin/bash\n#SBATCH --job-name=\"a job\"\n"));
    static const char *const parts[] = {
        "\n#SBATCH --comment=\"jx01h455vb4pex5vsknk084sn02q\"\n",
        "\n#SBATCH --output=\"slurm.log\"\n",
        "\n#SBATCH --export=\"NIL\"\n",
        "\n#SBATCH --gres=\"gpu:a100:2\"\n",
        "\n#SBATCH --mem=\"1024M\"\n",
        "\n#SBATCH --time=\"1-00:00:00\"\n",
        "\n#SBATCH --partition=\"gpu\"\n",
        "\n#SBATCH --account=\"ml\"\n",
        "\n#SBATCH --exclude=\"n1,n2\"\n",
        "\n#SBATCH --array=\"0-3%2\"\nunset SLURM_EXPORT_ENV\nrun_dir=$PWD\n",
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        assert_has(&m, parts[i]);
    drop(&m);
}

static void a_task_beyond_the_clusters_largest_is_refused_at_its_key(void **state)
{
    (void)state;
    static const char clusters[] = CLUSTER("gres") "    slurm: {max_array: 1000}\n";
    struct made m = { 0 };
    make(&m, clusters, "slurm: {array: \"0-3,1000\"}\n", "{\"project\": \"p\"}");
    assert_int_equal(m.rc, 0);
    drop(&m);
    m = (struct made){ 0 };
    make(&m, clusters, "slurm: {array: \"0-3,1001%4\"}\n", "{\"project\": \"p\"}");
    assert_int_equal(m.rc, -1);
    assert_string_equal(m.errs.items[0].path, "slurm.array");
    assert_int_equal(m.errs.items[0].line, 1);
    assert_non_null(strstr(m.errs.items[0].text, "1001"));
    drop(&m);
}

static void a_secrets_value_never_reaches_the_script(void **state)
{
    (void)state;
    struct made m = { 0 };
    struct doc *given = NULL;
    assert_int_equal(
        json_parse(SPAN_LIT("{\"A\": \"open\", \"B\": \"hush\", \"C\": \"hush\"}"), &given, NULL), 0);
    m.in.pass = given;
    make(&m, CLUSTER("gres"), "env: {pass: [A, C, D], secrets: [B, C]}\n", "{\"project\": \"p\"}");
    assert_int_equal(m.rc, 0);
    assert_has(&m, "export 'A'='open'\n");
    assert_null(strstr(str_text(&m.rendered.script), "hush"));
    doc_free(given);
    drop(&m);
}

static void each_style_asks_for_gpus_its_way(void **state)
{
    (void)state;
    static const struct {
        const char *cluster, *has;
    } rows[] = {
        { CLUSTER("gpus"), "--gpus=\"a100:4\"" },
        { CLUSTER("gpus_per_node"), "--gpus-per-node=\"a100:2\"" },
        { CLUSTER("constraint"), "--gres=\"gpu:2\"\n" },
        { CLUSTER("constraint"), "--constraint=\"a100\"\n" },
        { CLUSTER("partition"), "--partition=\"a100\"\n" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct made m = { 0 };
        make(&m, rows[i].cluster, "resources: {nodes: 2, gpus: 2, gpu_type: a100}\n", "{\"project\": \"p\"}");
        say(&m.errs);
        assert_int_equal(m.rc, 0);
        assert_has(&m, rows[i].has);
        assert_has(&m, "run_payload srun '--kill-on-bad-exit=1' bash");
        drop(&m);
    }
}

static void lines_know_their_config_path(void **state)
{
    (void)state;
    struct made m = { 0 };
    auto_str struct str json = STR_MAX(65536);
    make(&m, CLUSTER("gres"), "slurm:\n  partition: gpu\nenv: {setup: [echo hi]}\n", "{\"project\": \"p\"}");
    rendered_lines_json(&m.rendered, m.resolved, &json);
    bool has_partition = false, has_setup = false;
    for (size_t i = 0; i < m.rendered.line_count; i++) {
        struct span rest = str_span(&m.rendered.script), line = { "", 0 };
        for (unsigned n = 0; n < m.rendered.lines[i].line; n++)
            (void)span_next_line(&rest, &line);
        if (strcmp(m.rendered.lines[i].path, "slurm.partition") == 0)
            has_partition = span_is(line, "#SBATCH --partition=\"gpu\"");
        if (strcmp(m.rendered.lines[i].path, "env.setup") == 0)
            has_setup |= span_starts(line, "eval 'echo hi'");
    }
    assert_true(has_partition);
    assert_true(has_setup);
    assert_non_null(strstr(str_text(&json), ".mlops-config.yaml:2"));
    drop(&m);
}

static void own_template_may_not_bring_options(void **state)
{
    (void)state;
    struct made m = { .in = { .template_text =
                                  SPAN_LIT("#!/bin/bash\n#SBATCH --wrap=x\necho {{name}} {{nope}}\n"),
                              .template_file = "own.sh" } };
    make(&m, CLUSTER("gres"), "", "{\"project\": \"p\"}");
    assert_int_equal(m.rc, -1);
    assert_int_equal(m.errs.items[0].line, 2);
    drop(&m);
    struct made n = { .in = { .template_text = SPAN_LIT("#!/bin/bash\necho {{name}}\n"),
                              .template_file = "own.sh" } };
    make(&n, CLUSTER("gres"), "", "{\"project\": \"p\"}");
    assert_int_equal(n.rc, 0);
    assert_has(&n, "unset SLURM_EXPORT_ENV\necho 'a job'\n");
    drop(&n);
}

static void existing_keys_take_effect(void **state)
{
    (void)state;
    struct made m = { 0 };
    make(&m, "clusters: [{name: w, type: local}]\n",
         "conda_env: ml\ntrain_script: run.py\ndefault_overrides: {lr: 0.1, name: "
         "\"it's\"}\ninstall_editable: true\n"
         "package_name: pkg\nslurm: {partition: x}\n",
         "{\"project\": \"p\"}");
    say(&m.errs);
    assert_int_equal(m.rc, 0);
    assert_has(&m, "conda activate 'ml'");
    assert_has(&m, "'python3' -m pip uninstall -y 'pkg'");
    assert_has(&m, "'python3' -m pip install -e .");
    assert_has(&m, "fill 'python3' 'run.py' 'lr=0.1' 'name=it'\\''s'\n");
    assert_string_equal(str_text(&m.rendered.argv), "[\"python3\",\"run.py\",\"lr=0.1\",\"name=it's\"]");
    assert_non_null(strstr(str_text(&m.rendered.warnings), "slurm.partition has no effect on w"));
    assert_null(strstr(str_text(&m.rendered.script), "#SBATCH"));
    drop(&m);
}

static void forbidden_options_are_told_with_their_key(void **state)
{
    (void)state;
    struct made m = { 0 };
    make(&m, CLUSTER("gres"), "slurm: {extra: {output: /tmp/x, no-such: 1}}\n", "{\"project\": \"p\"}");
    assert_int_equal(m.rc, -1);
    assert_true(m.errs.count >= 2);
    assert_int_equal(m.rendered.script.len, 0);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_behind_the_first_line),
        cmocka_unit_test(a_task_beyond_the_clusters_largest_is_refused_at_its_key),
        cmocka_unit_test(a_secrets_value_never_reaches_the_script),
        cmocka_unit_test(each_style_asks_for_gpus_its_way),
        cmocka_unit_test(lines_know_their_config_path),
        cmocka_unit_test(own_template_may_not_bring_options),
        cmocka_unit_test(existing_keys_take_effect),
        cmocka_unit_test(forbidden_options_are_told_with_their_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
