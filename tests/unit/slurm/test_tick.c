#include "slurm/tick.h"

#include "base/limits.h"
#include "rows.h"
#include "shell.h"

#include <time.h>

static const struct nonce frame_nonce = { "fedcba98765432100123456789abcdeX" };
static const struct nonce row_nonce = { SAMPLE_NONCE };

static struct tick_request request_of(const struct slurm_tick_job *jobs, size_t count)
{
    return (struct tick_request){ .frame = &frame_nonce,
                                  .rows = &row_nonce,
                                  .jobs = jobs,
                                  .job_count = count,
                                  .has_accounting = true,
                                  .want_queue = true };
}

/* The faked cluster: squeue and sacct print what the files hold; sacct notes which ids it was asked for. */
static void fake_cluster(const struct shell *shell, const char *rows, const char *accounting)
{
    shell_write(shell, "rows", rows, 0600);
    shell_write(shell, "accounting", accounting, 0600);
    shell_fake(shell, "squeue", "cat rows; exit $(cat squeue.rc 2>/dev/null || echo 0)");
    shell_fake(
        shell, "sacct",
        "x=\nwhile [ $# -gt 1 ]; do [ \"$1\" = -X ] && x='-X '; [ \"$1\" = -j ] && echo \"$x$2\" >> asked; "
        "shift; done\ncat accounting");
}

static void run(const struct shell *shell, const char *sh, const struct tick_request *request,
                struct str *out, struct slurm_tick_report *report)
{
    auto_str struct str program = STR_MAX(MAX_COMMAND_BYTES);
    struct err err = { .text = "" };
    if (tick_program(&program, request, &err) < 0)
        fail_msg("%s", err.text);
    shell_run(shell, sh, str_span(&program), out);
    if (tick_parse(str_span(out), &frame_nonce, &row_nonce, report, &err) < 0)
        fail_msg("%s", err.text);
}

static void a_tick_asks_accounting_only_about_what_left(void **state)
{
    (void)state;
    struct token a = rows_token(1), b = rows_token(2), c = rows_token(3), d = rows_token(4);
    const struct slurm_tick_job jobs[] = { { .id = "27", .token = a.text },
                                           { .id = "28", .token = b.text },
                                           { .id = "29", .token = c.text },
                                           { .id = "30", .token = d.text } };
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        struct shell shell;
        shell_setup(&shell);
        auto_str struct str rows = STR_MAX(100000), accounting = STR_MAX(100000), out = STR_MAX(100000);
        rows_add_squeue(&rows, "27", "RUNNING", "x\n30|RUNNING", a.text);
        rows_add_squeue(&rows, "28", "COMPLETED", "done", b.text);
        rows_add_squeue(&rows, "29", "RUNNING", "a stranger under our id", d.text);
        rows_add_sacct(&accounting, "28", "COMPLETED", "0:0", b.text);
        fake_cluster(&shell, str_text(&rows), str_text(&accounting));
        auto_tick_report struct slurm_tick_report report = { 0 };
        struct tick_request request = request_of(jobs, ARRAY_LEN(jobs));
        run(&shell, shells[i], &request, &out, &report);
        assert_true(tick_queue_is_good(&report));
        assert_true(tick_sacct_is_good(&report));
        assert_int_equal(report.queue.count, 3);
        assert_true(report.clock_s > 1000000000);
        assert_int_equal(report.gone_count, 3);
        assert_span(report.gone[0].id, "28");
        assert_span(report.gone[1].id, "29");
        assert_span(report.gone[2].token, d.text);
        assert_int_equal(report.sacct.count, 1);
        assert_false(report.nodes_part.asked);
        assert_false(report.recent_part.asked);
        auto_str struct str asked = shell_read(&shell, "asked");
        assert_string_equal(str_text(&asked), "28,29,30\n");
        shell_teardown(&shell);
    }
}

static void array_tasks_are_live_by_row_or_by_range(void **state)
{
    (void)state;
    struct token a = rows_token(1), b = rows_token(2);
    const struct slurm_tick_job jobs[] = { { .id = "27_1", .token = a.text },
                                           { .id = "27_2", .token = a.text },
                                           { .id = "27_4", .token = a.text },
                                           { .id = "27_9", .token = a.text },
                                           { .id = "27", .token = a.text },
                                           { .id = "31_5", .token = b.text },
                                           { .id = "27", .token = a.text, .is_asked_of = true } };
    struct shell shell;
    shell_setup(&shell);
    auto_str struct str rows = STR_MAX(100000);
    rows_add_squeue(&rows, "27_[4-8:2,10%2]", "PENDING", "arr", a.text);
    rows_add_squeue(&rows, "27_1", "RUNNING", "arr", a.text);
    rows_add_squeue(&rows, "27_2", "FAILED", "arr", a.text);
    rows_add_squeue(&rows, "31_[1-3,...]", "PENDING", "cut", b.text);
    fake_cluster(&shell, str_text(&rows), "");
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(100000);
        auto_tick_report struct slurm_tick_report report = { 0 };
        struct tick_request request = request_of(jobs, ARRAY_LEN(jobs));
        run(&shell, shells[i], &request, &out, &report);
        assert_int_equal(report.gone_count, 4); /* "27" lives, and is asked of; twice, as it was handed in */
        assert_span(report.gone[0].id, "27_2");
        assert_span(report.gone[1].id, "27_9");
        assert_span(report.gone[3].id, "27");
    }
    shell_teardown(&shell);
}

static void a_failed_squeue_says_nothing_about_any_job(void **state)
{
    (void)state;
    struct token a = rows_token(1);
    const struct slurm_tick_job jobs[] = { { .id = "27", .token = a.text } };
    struct shell shell;
    shell_setup(&shell);
    fake_cluster(&shell, "", "");
    shell_write(&shell, "squeue.rc", "1", 0600);
    auto_str struct str out = STR_MAX(100000);
    auto_tick_report struct slurm_tick_report report = { 0 };
    struct tick_request request = request_of(jobs, 1);
    run(&shell, "dash", &request, &out, &report);
    assert_false(tick_queue_is_good(&report));
    assert_int_equal(report.queue_part.rc, 1);
    assert_false(report.gone_part.asked);
    assert_false(report.sacct_part.asked);
    assert_false(shell_has(&shell, "asked"));
    shell_teardown(&shell);
}

static void an_error_with_exit_status_0_is_no_good_answer(void **state)
{
    (void)state;
    struct token a = rows_token(1);
    const struct slurm_tick_job jobs[] = { { .id = "27", .token = a.text } };
    struct shell shell;
    shell_setup(&shell);
    fake_cluster(&shell, "", "");
    shell_fake(&shell, "squeue", "echo 'slurm_load_jobs error: Socket timed out' >&2");
    auto_str struct str out = STR_MAX(100000), out2 = STR_MAX(100000);
    auto_tick_report struct slurm_tick_report report = { 0 }, warned = { 0 };
    struct tick_request request = request_of(jobs, 1);
    run(&shell, "dash", &request, &out, &report);
    assert_false(tick_queue_is_good(&report));
    shell_fake(&shell, "squeue", "echo 'squeue: warning: this site always warns' >&2");
    run(&shell, "dash", &request, &out2, &warned);
    assert_true(tick_queue_is_good(&warned));
    shell_teardown(&shell);
}

static void without_accounting_the_exit_files_tell(void **state)
{
    (void)state;
    struct token a = rows_token(1), b = rows_token(2);
    const struct slurm_tick_job jobs[] = { { .id = "27", .token = a.text }, { .id = "28", .token = b.text } };
    struct shell shell;
    char runs[128], name[256];
    shell_setup(&shell);
    fake_cluster(&shell, "", "");
    snprintf(runs, sizeof(runs), "%s/it's runs", shell.dir);
    assert_int_equal(mkdir(runs, 0700), 0);
    snprintf(name, sizeof(name), "%s/%s", runs, a.text);
    assert_int_equal(mkdir(name, 0700), 0);
    snprintf(name, sizeof(name), "it's runs/%s/exit", a.text);
    shell_write(&shell, name, "3\nsecond line\n", 0600);
    snprintf(name, sizeof(name), "it's runs/%s/exit.4", a.text);
    shell_write(&shell, name, "0", 0600);
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(100000);
        auto_tick_report struct slurm_tick_report report = { 0 };
        struct tick_request request = request_of(jobs, 2);
        request.has_accounting = false;
        request.runs_dir = runs;
        run(&shell, shells[i], &request, &out, &report);
        assert_false(report.sacct_part.asked);
        assert_int_equal(report.exit_count, 2);
        assert_span(report.exits[0].id, "27");
        assert_span(report.exits[0].file, "exit");
        assert_span(report.exits[0].text, "3");
        assert_span(report.exits[1].file, "exit.4");
    }
    shell_teardown(&shell);
}

static void nodes_and_demand_come_when_asked(void **state)
{
    (void)state;
    struct shell shell;
    shell_setup(&shell);
    auto_str struct str nodes = sample_read("t3-end.scontrol-node-o.out");
    auto_str struct str rows = STR_MAX(10000);
    for (int i = 0; i < 3; i++)
        str_addf(&rows, "%s\037gpu\037gres:gpu:a100:2\0371\037Priority\n", SAMPLE_NONCE);
    str_addf(&rows, "%s\037gpu\037gres:gpu:a100:2\0371\037JobHeldUser\n", SAMPLE_NONCE);
    str_addf(&rows, "%s\037cpu\037N/A\0371\037Priority\n", SAMPLE_NONCE);
    str_add(&rows, "forged\037gpu\037gres:gpu:8\0371\037Priority\n");
    fake_cluster(&shell, str_text(&rows), "");
    shell_write(&shell, "nodes", str_text(&nodes), 0600);
    shell_fake(&shell, "scontrol", "[ \"$*\" = 'show node -d -o' ] && cat nodes");
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(100000);
        auto_tick_report struct slurm_tick_report report = { 0 };
        struct tick_request request = request_of(NULL, 0);
        request.want_queue = false;
        request.want_nodes = request.want_demand = true;
        run(&shell, shells[i], &request, &out, &report);
        assert_false(report.queue_part.asked);
        assert_int_equal(report.nodes_part.rc, 0);
        assert_int_equal(report.nodes.count, 5);
        assert_int_equal(report.demand_count, 2);
        bool is_cpu_first = span_is(report.demand[0].partitions, "cpu"); /* awk keeps no order */
        const struct tick_demand *gpu = &report.demand[is_cpu_first], *cpu = &report.demand[!is_cpu_first];
        assert_int_equal(gpu->jobs, 3);
        assert_span(gpu->gres, "gres:gpu:a100:2");
        assert_int_equal(gpu->nodes, 1);
        assert_int_equal(cpu->jobs, 1);
    }
    shell_teardown(&shell);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ten_thousand_jobs_are_one_quick_tick(void **state)
{
    (void)state;
    enum { JOBS = 10000 };
    static struct token tokens[JOBS];
    static char ids[JOBS][16];
    static struct slurm_tick_job jobs[JOBS];
    auto_str struct str rows = STR_MAX(32 * 1024 * 1024);
    for (int i = 0; i < JOBS; i++) {
        tokens[i] = rows_token(i + 1);
        snprintf(ids[i], sizeof(ids[i]), "%d", 1000 + i);
        jobs[i] = (struct slurm_tick_job){ .id = ids[i], .token = tokens[i].text };
        if (i % 10)
            rows_add_squeue(&rows, ids[i], "PENDING", "many", tokens[i].text);
    }
    struct shell shell;
    shell_setup(&shell);
    fake_cluster(&shell, str_text(&rows), "");
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(64 * 1024 * 1024);
        auto_tick_report struct slurm_tick_report report = { 0 };
        struct tick_request request = request_of(jobs, JOBS);
        request.gone_from = i ? 5000 : 0; /* the next tick asks about others */
        double start = seconds_now();
        run(&shell, shells[i], &request, &out, &report);
        print_message("10,000 jobs through %s: %.2f s\n", shells[i], seconds_now() - start);
        assert_int_equal(report.queue.count, JOBS - JOBS / 10);
        assert_int_equal(report.gone_count, MAX_TICK_GONE);
        assert_int_equal(report.gone_left, JOBS / 10 - MAX_TICK_GONE);
        assert_span(report.gone[0].id, i ? "6000" : "1000");
        assert_int_equal(report.gone_next, i ? 0 : 5000);
    }
    auto_str struct str asked = shell_read(&shell, "asked");
    size_t chunks = 0;
    for (size_t i = 0; i < asked.len; i++)
        chunks += asked.buf[i] == '\n';
    assert_int_equal(chunks, 2 * MAX_TICK_GONE / SACCT_CHUNK_IDS);
    shell_teardown(&shell);
}

/* What a tick asks about 27 to 30, arrays of so many tasks, that all have gone; and where the next one goes
 * on. */
static void big_arrays_are_asked_about_in_turn(void **state)
{
    (void)state;
    enum { MOST = MAX_TICK_TASKS };
    static const struct {
        size_t tasks[4], from;
        const char *asked;
        size_t next, left;
    } cases[] = { { { 1000, MOST - 1001, 0, 1 }, 0, "27,28,29", 3, 1 },
                  { { 1000, MOST, 1, 1 }, 0, "27", 1, 3 },
                  { { 1000, MOST, 1, 1 }, 1, "28", 2, 3 },
                  { { 1000, MOST + 1, 1, 1 }, 1, "-X 28", 2, 3 },
                  { { 1000, MOST + 1, 1, 1 }, 2, "29,30,27", 1, 1 } };
    struct token token = rows_token(1);
    struct slurm_tick_job jobs[] = { { .id = "27", token.text },
                                     { .id = "28", token.text },
                                     { .id = "29", token.text },
                                     { .id = "30", token.text } };
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        size_t n = i / 2;
        struct shell shell;
        shell_setup(&shell);
        fake_cluster(&shell, "", "");
        auto_str struct str out = STR_MAX(100000);
        auto_tick_report struct slurm_tick_report report = { 0 };
        for (size_t j = 0; j < ARRAY_LEN(jobs); j++)
            jobs[j].tasks = cases[n].tasks[j];
        struct tick_request request = request_of(jobs, ARRAY_LEN(jobs));
        request.gone_from = cases[n].from;
        run(&shell, shells[i % 2], &request, &out, &report);
        auto_str struct str asked = shell_read(&shell, "asked");
        if (!span_is(span_trim(str_span(&asked)), cases[n].asked))
            fail_msg("case %zu: asked %s", n, str_text(&asked));
        assert_int_equal(report.gone_left, cases[n].left);
        assert_int_equal(report.gone_next, cases[n].next);
        shell_teardown(&shell);
    }
    jobs[0].tasks = MOST + 1; /* nobody else has gone */
    auto_str struct str out = STR_MAX(100000);
    auto_tick_report struct slurm_tick_report report = { 0 };
    struct shell shell;
    shell_setup(&shell);
    fake_cluster(&shell, "", "");
    struct tick_request request = request_of(jobs, 1);
    run(&shell, shells[0], &request, &out, &report);
    auto_str struct str asked = shell_read(&shell, "asked");
    assert_span(span_trim(str_span(&asked)), "-X 27");
    assert_int_equal(report.gone_count, 1);
    assert_int_equal(report.gone_left, 0);
    shell_teardown(&shell);
}

static void a_cut_answer_says_nothing(void **state)
{
    (void)state;
    struct token a = rows_token(1);
    const struct slurm_tick_job jobs[] = { { .id = "27", .token = a.text } };
    struct shell shell;
    shell_setup(&shell);
    auto_str struct str rows = STR_MAX(100000), out = STR_MAX(100000);
    rows_add_squeue(&rows, "27", "RUNNING", "x", a.text);
    fake_cluster(&shell, str_text(&rows), "");
    auto_tick_report struct slurm_tick_report report = { 0 };
    struct tick_request request = request_of(jobs, 1);
    run(&shell, "dash", &request, &out, &report);
    for (size_t len = 0; len + 1 < out.len; len++) {
        struct slurm_tick_report cut = { 0 };
        struct err err;
        char *copy = mem_dup_bytes(out.buf, len);
        assert_int_equal(tick_parse((struct span){ copy, len }, &frame_nonce, &row_nonce, &cut, &err), -1);
        assert_int_equal(err.code, ERR_CORRUPT);
        assert_null(cut.queue.rows);
        mem_free_ptr(&copy);
    }
    shell_teardown(&shell);
}

static void read_any(struct span text)
{
    auto_tick_report struct slurm_tick_report report = { 0 };
    (void)tick_parse(text, &frame_nonce, &row_nonce, &report, NULL);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100000);
    const char *f = frame_nonce.text;
    struct token a = rows_token(1);
    str_addf(&text, "\n%s BEGIN\n\n%s + squeue\n", f, f);
    rows_add_squeue(&text, "27", "RUNNING", "x", a.text);
    str_addf(&text, "\n%s - squeue 0\n\n%s + gone\n28 %s\n+3\n\n%s - gone 0\n\n%s + exits\n", f, f, a.text, f,
             f);
    str_addf(&text, "%s\03728\037exit\0370\n\n%s - exits 0\n\n%s END 0\n", SAMPLE_NONCE, f, f);
    sample_torture(str_span(&text), 3000, read_any);
}

static void values_that_could_inject_are_refused(void **state)
{
    (void)state;
    struct token a = rows_token(1);
    const struct slurm_tick_job bad[] = { { .id = "27;id", .token = a.text },
                                          { .id = "27_", .token = a.text },
                                          { .id = "", .token = a.text },
                                          { .id = "27", .token = "x'y" },
                                          { .id = "1234567890123456789", .token = a.text },
                                          { .id = "27_123456789012", .token = a.text },
                                          { .id = "27_3x", .token = a.text } };
    auto_str struct str program = STR_MAX(100000);
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct tick_request request = request_of(&bad[i], 1);
        assert_int_equal(tick_program(&program, &request, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(program.len, 0);
    }
    struct tick_request request = request_of(NULL, 0);
    request.runs_dir = "relative";
    assert_int_equal(tick_program(&program, &request, &err), -1);
    request = request_of(NULL, 0);
    request.user = "$(id)";
    assert_int_equal(tick_program(&program, &request, &err), -1);
    request = request_of(NULL, 0);
    request.cluster = "a b";
    assert_int_equal(tick_program(&program, &request, &err), -1);
    const struct tick_request parts[] = { { .recent_window_s = 60, .has_accounting = true },
                                          { .want_nodes = true },
                                          { .want_demand = true } };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        request = parts[i];
        request.frame = &frame_nonce;
        request.rows = &row_nonce;
        request.bin_dir = "relative";
        assert_int_equal(tick_program(&program, &request, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(program.len, 0);
        request.bin_dir = "/opt/bin";
        request.cluster = "bed";
        request.has_accounting = i > 0;
        assert_int_equal(tick_program(&program, &request, NULL), 0);
        assert_int_equal(span_has(str_span(&program), " -M bed"),
                         i > 0); /* without accounting nothing recent */
        str_cut(&program, 0);
    }
}

static int read_section(const char *name, struct span text, const struct nonce *rows,
                        struct slurm_tick_report *report)
{
    struct frame_section section = { span_of(name), text, 0, true };
    return tick_read(&(struct frame){ .items = &section, .count = 1, .begun = true, .ended = true }, rows,
                     report, NULL);
}

static void lines_that_are_none_of_ours_are_left_out(void **state)
{
    (void)state;
    auto_tick_report struct slurm_tick_report exits = { 0 }, demand = { 0 };
    auto_str struct str text = STR_MAX(10000);
    str_add(&text, SAMPLE_NONCE "\n" SAMPLE_NONCE "x\nother\n" SAMPLE_NONCE "\037\n" SAMPLE_NONCE "\03727\n");
    str_add(&text, SAMPLE_NONCE "\03727\037exit\0370 0 9\n");
    assert_int_equal(read_section("exits", str_span(&text), &row_nonce, &exits), 0);
    assert_int_equal(exits.exit_count, 1);
    assert_span(exits.exits[0].file, "exit");
    str_cut(&text, 0);
    str_add(&text, "x\n" SAMPLE_NONCE "\037\n" SAMPLE_NONCE "\037x\037gpu\037gpu:1\0371\n" SAMPLE_NONCE
                   "\0373\n" SAMPLE_NONCE "\0373\037gpu\n" SAMPLE_NONCE "\0373\037gpu\037gres/gpu:2\0371\n");
    assert_int_equal(read_section("demand", str_span(&text), &row_nonce, &demand), 0);
    assert_int_equal(demand.demand_count, 1);
    assert_int_equal(demand.demand[0].jobs, 3);
}

static void the_gone_are_cut_at_what_one_tick_asks_about(void **state)
{
    (void)state;
    auto_tick_report struct slurm_tick_report report = { 0 };
    auto_str struct str text = STR_MAX(100000);
    struct token a = rows_token(1);
    str_add(&text, "noblank\n27 notoken\n+\n+x 1\n+1\n+1 x\n");
    for (int i = 0; i <= MAX_TICK_GONE; i++)
        str_addf(&text, "%d %s\n", i + 1, a.text);
    str_add(&text, "+7 500\n");
    assert_int_equal(read_section("gone", str_span(&text), &row_nonce, &report), 0);
    assert_int_equal(report.gone_count, MAX_TICK_GONE);
    assert_int_equal(report.gone_left, 7);
    assert_int_equal(report.gone_next, 500);
}

static void an_answer_is_good_only_whole_and_understood(void **state)
{
    (void)state;
    static const struct {
        struct tick_part part;
        size_t rejected;
        bool is_good;
    } rows[] = { { { true, 0 }, 0, true },
                 { { false, 0 }, 0, false },
                 { { true, 1 }, 0, false },
                 { { true, -1 }, 0, false },
                 { { true, 0 }, 1, false } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slurm_tick_report report = { .queue_part = rows[i].part, .sacct_part = rows[i].part };
        report.queue.rejected = report.sacct.rejected = rows[i].rejected;
        assert_int_equal(tick_queue_is_good(&report), rows[i].is_good);
        assert_int_equal(tick_sacct_is_good(&report), rows[i].is_good);
    }
    struct frame_section cut = { SPAN_LIT("squeue"), { "", 0 }, -1, false };
    auto_tick_report struct slurm_tick_report report = { 0 };
    const struct frame frame = { .items = &cut, .count = 1, .begun = true, .ended = true };
    assert_int_equal(tick_read(&frame, &row_nonce, &report, NULL), 0);
    assert_int_equal(report.queue_part.rc, -1);
}

static void a_nonce_that_is_none_is_our_own_error(void **state)
{
    (void)state;
    struct slurm_tick_report report = { 0 };
    const struct nonce none = { "short" };
    assert_int_equal(read_section("squeue", span_of(""), &none, &report), -1);
    assert_null(report.queue.rows);
}

static void more_nodes_than_can_be_kept_make_no_answer(void **state)
{
    (void)state;
    struct slurm_tick_report report = { 0 };
    auto_str struct str text = STR_MAX((size_t)4 << 20);
    for (int i = 0; i <= MAX_NODES; i++)
        str_addf(&text, "NodeName=n%d State=IDLE\n", i);
    assert_int_equal(read_section("nodes", str_span(&text), &row_nonce, &report), -1);
    assert_null(report.nodes.nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tick_asks_accounting_only_about_what_left),
        cmocka_unit_test(array_tasks_are_live_by_row_or_by_range),
        cmocka_unit_test(a_failed_squeue_says_nothing_about_any_job),
        cmocka_unit_test(an_error_with_exit_status_0_is_no_good_answer),
        cmocka_unit_test(without_accounting_the_exit_files_tell),
        cmocka_unit_test(nodes_and_demand_come_when_asked),
        cmocka_unit_test(ten_thousand_jobs_are_one_quick_tick),
        cmocka_unit_test(big_arrays_are_asked_about_in_turn),
        cmocka_unit_test(a_cut_answer_says_nothing),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(values_that_could_inject_are_refused),
        cmocka_unit_test(lines_that_are_none_of_ours_are_left_out),
        cmocka_unit_test(the_gone_are_cut_at_what_one_tick_asks_about),
        cmocka_unit_test(an_answer_is_good_only_whole_and_understood),
        cmocka_unit_test(a_nonce_that_is_none_is_our_own_error),
        cmocka_unit_test(more_nodes_than_can_be_kept_make_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
