#include "svc/render/render.h"

#include "base/limits.h"
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
        fail_msg("no %s in:\n%s", part, str_text(&m->rendered.script));
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
    assert_non_null(strstr(str_text(&json), "\"path\":\"slurm.partition\",\"origin\":\"project, "));
    assert_non_null(strstr(str_text(&json), ".mlops-config.yaml:2"));
    drop(&m);
}

/* It was "built-in", whatever it was made of. */
static void the_command_line_names_what_it_is_made_of(void **state)
{
    (void)state;
    struct made m = { 0 };
    auto_str struct str json = STR_MAX(65536), none = STR_MAX(65536);
    make(&m, CLUSTER("gres"), "command: [python3, a.py]\nargs: [x]\ndefault_overrides: {lr: 1}\n",
         "{\"project\": \"p\", \"overrides\": {\"n\": 2}, \"args\": [\"y\"]}");
    rendered_lines_json(&m.rendered, m.resolved, &json);
    const char *line = strstr(str_text(&json), "\"path\":\"args\",");
    assert_non_null(line);
    static const char *const parts[] = { "\"origin\":\"command: project, ", "; args: project, ",
                                         "; overrides: project, ", "; overrides: request /overrides/n",
                                         "; args: request /args\"" };
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        if (!(line = strstr(line, parts[i])))
            fail_msg("no %s in %s", parts[i], str_text(&json));
    drop(&m);
    m = (struct made){ 0 };
    make(&m, CLUSTER("gres"), "{}\n", "{\"project\": \"p\"}");
    rendered_lines_json(&m.rendered, m.resolved, &none);
    assert_non_null(strstr(str_text(&none), "\"path\":\"args\",\"origin\":\"built-in\""));
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
    drop(&m);
    m = (struct made){ 0 };
    make(&m, "clusters: [{name: w, type: local}]\n", "{}\n",
         "{\"project\": \"p\", \"slurm\": {\"qos\": \"x\"}}");
    assert_non_null(strstr(str_text(&m.rendered.warnings), "slurm.qos has no effect on w"));
    drop(&m);
    m = (struct made){ 0 };
    make(&m, "clusters: [{name: w, type: local}]\n", "slurm: {partition: x}\n", "{\"project\": \"p\"}");
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

static void each_key_has_its_option(void **state)
{
    (void)state;
    static const struct {
        const char *cluster, *project, *has, *lacks;
    } rows[] = {
        { CLUSTER("gres"), "resources: {gpus: 2, cpus_per_gpu: 3, tasks_per_node: 4}",
          "--cpus-per-task=\"2\"\n", NULL },
        { CLUSTER("gres"), "resources: {gpus: 0, cpus: 5}", "--cpus-per-task=\"5\"\n", NULL },
        { CLUSTER("gres"), "resources: {gpus: 2, mem_per_gpu: 1G}", "--mem=\"2048M\"\n", NULL },
        { CLUSTER("gres"), "resources: {mem: 0}", "--mem=\"0\"\n", NULL },
        { CLUSTER("gres"), "resources: {mem: 1K}", "--mem=\"1M\"\n", NULL },
        { CLUSTER("gres"), "resources: {exclusive: true}", "#SBATCH --exclusive\n", NULL },
        { CLUSTER("gres"), "resources: {exclusive: false}", "#SBATCH --nodes", "exclusive" },
        { CLUSTER("gres"), "slurm: {nice: -5}", "--nice=\"-5\"\n", NULL },
        { CLUSTER("gres"), "slurm: {begin: now+1hour}", "--begin=\"now+1hour\"\n", "--nice" },
        { CLUSTER("gres"), "env: {inherit: true}", "#SBATCH --nodes", "--export" },
        { CLUSTER("gres"), "slurm: {extra: {hold: true, requeue: false, wait-all-nodes: 1}}",
          "#SBATCH --hold\n#SBATCH --wait-all-nodes=\"1\"\n", "--requeue" },
        { CLUSTER("gres"), "slurm: {extra: {comment: mine}}", "--comment=\"mine\"\n", "--comment=\"jx" },
        { CLUSTER("gres") "    exclude_nodes: [n3, n4]\n", "slurm: {exclude: [n1]}",
          "--exclude=\"n1,n3,n4\"\n", NULL },
        { CLUSTER("gres") "    exclude_nodes: [n3]\n", "", "--exclude=\"n3\"\n", NULL },
        { CLUSTER("gres") "    gpus: {a100: {request: nvidia_a100}}\n",
          "resources: {gpus: 1, gpu_type: a100}", "--gres=\"gpu:nvidia_a100:1\"\n", NULL },
        { CLUSTER("gres") "    gpus: {a100: {mem: 80G}}\n", "resources: {gpus: 1, gpu_type: a100}",
          "--gres=\"gpu:a100:1\"\n", NULL },
        { CLUSTER("none"), "resources: {gpus: 0}", "#SBATCH --nodes", "gpu:" },
        { CLUSTER("partition"), "resources: {gpus: 2, gpu_type: a100}\nslurm: {partition: mine}",
          "--partition=\"mine\"\n", "a100" },
        { CLUSTER("partition"), "resources: {gpus: 2}", "--gres=\"gpu:2\"\n", "--partition" },
        { CLUSTER("constraint"), "resources: {gpus: 2}\nslurm: {constraint: x}", "--constraint=\"x\"\n",
          NULL },
        { CLUSTER("constraint"), "resources: {gpus: 2, gpu_type: a100}\nslurm: {constraint: x}",
          "--constraint=\"x&a100\"\n", NULL },
        { CLUSTER("constraint"), "resources: {gpus: 2, gpu_type: a100}\nslurm: {constraint: x|y}",
          "--constraint=\"(x|y)&a100\"\n", NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct made m = { 0 };
        make(&m, rows[i].cluster, rows[i].project, "{\"project\": \"p\"}");
        say(&m.errs);
        assert_int_equal(m.rc, 0);
        assert_has(&m, rows[i].has);
        if (rows[i].lacks && strstr(str_text(&m.rendered.script), rows[i].lacks))
            fail_msg("%s in row %zu", rows[i].lacks, i);
        drop(&m);
    }
}

static void what_a_process_runs_in_is_what_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *project, *has, *lacks;
    } rows[] = {
        { "env: {vars: {A: x y, B: null, C: 1}}", "export 'A'='x y'\nexport 'C'='1'\n", "'B'" },
        { "env: {venv: .venv}", "'.venv'", NULL },
        { "env: {venv: .venv}\nconda_env: ml", "conda activate 'ml'", ".venv" },
        { "env: {venv: .venv, activate: venv}\nconda_env: ml", "'.venv'", "activate 'ml'" },
        { "env: {venv: .venv, activate: mamba}\nconda_env: ml", "activate 'ml'", ".venv" },
        { "env: {venv: .venv, activate: conda}\nconda_env: ml", "activate 'ml'", ".venv" },
        { "env: {venv: .venv, activate: none}\nconda_env: ml", "#!", "activate 'ml'" },
        { "env: {modules: [cuda/12]}", "'cuda/12'", "purge" },
        { "env: {purge_modules: true}", "module purge", NULL },
        { "launch: {launcher: srun, master_port: 2345, kill_on_bad_exit: false}", "2345",
          "kill-on-bad-exit" },
        { "launch: {launcher: none}\nresources: {nodes: 2}", "#!", "srun " },
        { "shell: echo $HOME\ntrain_script: never.py", "echo $HOME", "never.py" },
        { "command: [echo, $HOME]\ntrain_script: never.py", "'echo' '$HOME'", "never.py" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct made m = { 0 };
        make(&m, CLUSTER("gres"), rows[i].project, "{\"project\": \"p\"}");
        say(&m.errs);
        assert_int_equal(m.rc, 0);
        assert_has(&m, rows[i].has);
        if (rows[i].lacks && strstr(str_text(&m.rendered.script), rows[i].lacks))
            fail_msg("%s in row %zu:\n%s", rows[i].lacks, i, str_text(&m.rendered.script));
        drop(&m);
    }
}

/* Each is refused at its key, and nothing of a script is left. */
static void what_no_option_may_hold_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *cluster, *project, *path;
    } rows[] = {
        { CLUSTER("gres"), "slurm: {constraint: \"a\\\"b\"}", "slurm.constraint" },
        { CLUSTER("gres"), "slurm: {extra: {job-name: x}}", "slurm.extra.job-name" },
        { CLUSTER("gres"), "slurm: {extra: {wrap: x}}", "slurm.extra.wrap" },
        { CLUSTER("gres"), "slurm: {exclude: [\"n 1\"]}", "slurm.exclude" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct made m = { 0 };
        make(&m, rows[i].cluster, rows[i].project, "{\"project\": \"p\"}");
        assert_int_equal(m.rc, -1);
        assert_string_equal(m.errs.items[0].path, rows[i].path);
        assert_int_equal(m.errs.items[0].line, 1);
        assert_int_equal(m.rendered.script.len, 0);
        drop(&m);
    }
}

/* A long constraint with a type: refused or whole, never an option without its value. */
static void a_long_constraint_is_not_lost(void **state)
{
    (void)state;
    auto_str struct str project = STR_MAX(8192);
    str_addf(&project, "resources: {gpus: 1, gpu_type: a100}\nslurm: {constraint: %01500d}\n", 0);
    struct made m = { 0 };
    make(&m, CLUSTER("constraint"), str_text(&project), "{\"project\": \"p\"}");
    say(&m.errs);
    if (m.rc == 0)
        assert_has(&m, "0&a100\"\n");
    drop(&m);
}

static void an_own_template_is_refused_where_it_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = { "echo {{name}}\n", "#!/bin/bash\necho {{nope}}\n" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct made m = { .in = { .template_text = span_of(texts[i]), .template_file = "own.sh" } };
        make(&m, CLUSTER("gres"), "", "{\"project\": \"p\"}");
        assert_int_equal(m.rc, -1);
        assert_string_equal(m.errs.items[0].file, "own.sh");
        assert_int_equal(m.errs.items[0].line, i + 1);
        drop(&m);
    }
}

/* It fits alone, but not with the options before it: none of it is sent. */
static void a_script_is_whole_or_none(void **state)
{
    (void)state;
    static char text[MAX_SCRIPT_BYTES - 100];
    memset(text, '#', sizeof(text));
    memcpy(text, "#!/bin/bash\n", 12);
    struct made m = { .in = { .template_text = { text, sizeof(text) },
                              .template_file = "own.sh",
                              .template_is_trusted = true } };
    make(&m, CLUSTER("gres"), "", "{\"project\": \"p\"}");
    assert_int_equal(m.rc, -1);
    assert_int_equal(m.errs.items[0].code, ERR_TOO_LARGE);
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
        cmocka_unit_test(the_command_line_names_what_it_is_made_of),
        cmocka_unit_test(own_template_may_not_bring_options),
        cmocka_unit_test(existing_keys_take_effect),
        cmocka_unit_test(forbidden_options_are_told_with_their_key),
        cmocka_unit_test(each_key_has_its_option),
        cmocka_unit_test(what_a_process_runs_in_is_what_was_asked_for),
        cmocka_unit_test(what_no_option_may_hold_is_refused),
        cmocka_unit_test(a_long_constraint_is_not_lost),
        cmocka_unit_test(an_own_template_is_refused_where_it_is_none),
        cmocka_unit_test(a_script_is_whole_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
