#include "slurm/sacct.h"

#include "sample.h"
#include "shell.h"

#define N SAMPLE_MARK

/* One row: id, state, exit, submit, rss, cpu, name; the rest is as usual. */
static void add_row(struct str *to, const char *id, const char *state, const char *code, int submit,
                    const char *name)
{
    str_addf(to, "%s" N "27" N "%s" N "%s" N "0:0" N "%d" N "Unknown" N "%d" N "%d" N "60" N, id, state, code,
             submit, submit + 10, submit + 70);
    bool is_step = strchr(id, '.') != NULL;
    str_add(to, is_step ? "2888K" N "00:01.500" N : N "00:01.000" N);
    str_addf(to,
             "gpu" N "ml" N "normal" N "gpu01" N "cpu=1,gres/gpu=2" N "cpu=1" N "None" N "%s" N "" N "%s" N
             "%s" N "\n",
             name, is_step ? "" : "/w/runs/" SAMPLE_TOKEN, is_step ? "" : "sbatch /w/x");
}

static void a_job_is_read_with_its_steps_folded_in(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100000);
    auto_sacct struct sacct rows = { 0 };
    struct nonce nonce = sample_nonce();
    add_row(&text, "27_3", "FAILED", "3:0", 1795186400, "train");
    add_row(&text, "27_3.batch", "FAILED", "3:0", 1795186400, "batch");
    add_row(&text, "27_3.0", "FAILED", "3:0", 1795186400, "python");
    add_row(&text, "28", "CANCELLED by 1003", "0:15", 1795186400, "other");
    assert_int_equal(slurm_parse_sacct(str_span(&text), &nonce, &rows, NULL), 0);
    assert_int_equal(rows.rejected, 0);
    assert_int_equal(rows.count, 2);
    const struct sacct_job *job = &rows.jobs[0];
    assert_int_equal(job->state, JOB_STATE_FAILED);
    assert_int_equal(job->exit_code, 3);
    assert_int_equal(job->exit_signal, 0);
    assert_int_equal(job->max_rss_bytes, 2888 * 1024);
    assert_true(job->total_cpu_s > 1.49 && job->total_cpu_s < 1.51);
    assert_int_equal(job->end_s - job->start_s, 60);
    assert_int_equal(job->eligible_s, 0);
    assert_int_equal(job->elapsed_s, 60);
    assert_span(job->token, SAMPLE_TOKEN);
    assert_span(job->alloc_tres, "cpu=1,gres/gpu=2");
    assert_int_equal(rows.jobs[1].state, JOB_STATE_CANCELLED);
    assert_int_equal(rows.jobs[1].exit_signal, 15);
    assert_span(rows.jobs[1].state_raw, "CANCELLED by 1003");
}

static void attempts_are_in_the_order_of_their_submission(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100000);
    auto_sacct struct sacct rows = { 0 };
    struct nonce nonce = sample_nonce();
    add_row(&text, "48", "COMPLETED", "0:0", 1795186700, "again");
    add_row(&text, "48", "REQUEUED", "0:0", 1795186400, "first");
    add_row(&text, "9", "COMPLETED", "0:0", 1795186400, "other");
    assert_int_equal(slurm_parse_sacct(str_span(&text), &nonce, &rows, NULL), 0);
    assert_int_equal(rows.count, 3);
    assert_span(rows.jobs[1].name, "first");
    assert_int_equal(rows.jobs[1].attempt, 1);
    assert_int_equal(rows.jobs[2].attempt, 2);
    struct slurm_id id = { .job = 48, .task = -1, .het = -1 };
    const struct sacct_job *newest = sacct_find(&rows, &id, span_of(SAMPLE_TOKEN));
    assert_non_null(newest);
    assert_span(newest->name, "again");
    assert_null(sacct_find(&rows, &id, span_of("jx01jd3f7v8w9x0y1z2a3b4c5d00")));
    id.job = 10;
    assert_null(sacct_find(&rows, &id, span_of(SAMPLE_TOKEN)));
}

static void a_pending_range_stands_for_its_tasks(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100000);
    auto_sacct struct sacct rows = { 0 };
    struct nonce nonce = sample_nonce();
    add_row(&text, "27_[4-6]", "CANCELLED by 1", "0:0", 1795186400, "arr");
    assert_int_equal(slurm_parse_sacct(str_span(&text), &nonce, &rows, NULL), 0);
    struct slurm_id id = { .job = 27, .task = 5, .het = -1 };
    assert_non_null(sacct_find(&rows, &id, span_of(SAMPLE_TOKEN)));
    id.task = 7;
    assert_null(sacct_find(&rows, &id, span_of(SAMPLE_TOKEN)));
}

static void a_name_cannot_forge_or_hide_a_row(void **state)
{
    (void)state;
    static const char *const names[] = { "x\n414|COMPLETED|0:0", "x\n\n\n", "\037\x1b[2J", "c0ffee00112",
                                         "414\nCOMPLETED\n" };
    struct nonce nonce = sample_nonce();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_str struct str text = STR_MAX(100000);
        auto_sacct struct sacct rows = { 0 };
        add_row(&text, "27", "RUNNING", "0:0", 1795186400, names[i]);
        add_row(&text, "414", "PENDING", "0:0", 1795186400, "after");
        assert_int_equal(slurm_parse_sacct(str_span(&text), &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, 2);
        assert_int_equal(rows.rejected, 0);
        assert_span(rows.jobs[0].name, names[i]);
        assert_int_equal(rows.jobs[1].state, JOB_STATE_PENDING);
    }
}

static void chatter_before_the_rows_is_rejected_and_the_next_row_read(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100000);
    auto_sacct struct sacct rows = { 0 };
    struct nonce nonce = sample_nonce();
    str_add(&text, "sacct: error: slurm_persist_conn_open\nmore\n");
    add_row(&text, "27", "COMPLETED", "0:0", 1795186400, "train");
    assert_int_equal(slurm_parse_sacct(str_span(&text), &nonce, &rows, NULL), 0);
    assert_true(rows.rejected > 0);
    assert_int_equal(rows.count, 1);
}

static void a_row_cut_anywhere_is_rejected(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100000);
    struct nonce nonce = sample_nonce();
    add_row(&text, "27", "COMPLETED", "0:0", 1795186400, "train");
    for (size_t len = 1; len < text.len - 1; len++) {
        auto_sacct struct sacct rows = { 0 };
        char *copy = mem_dup_bytes(text.buf, len);
        assert_int_equal(slurm_parse_sacct((struct span){ copy, len }, &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, 0);
        assert_true(rows.rejected > 0);
        mem_free_ptr(&copy);
    }
}

static void read_any(struct span text)
{
    auto_sacct struct sacct rows = { 0 };
    struct nonce nonce = sample_nonce();
    (void)slurm_parse_sacct(text, &nonce, &rows, NULL);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100000);
    add_row(&text, "27", "COMPLETED", "0:0", 1795186400, "train");
    add_row(&text, "27.batch", "COMPLETED", "0:0", 1795186400, "train");
    sample_torture(str_span(&text), 2000, read_any);
}

static void garbage_is_read_in_linear_time(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(8 * 1024 * 1024);
    for (int i = 0; i < 1000000; i++)
        str_add(&text, "x\n");
    str_add(&text, N);
    for (int i = 0; i < 100000; i++)
        str_add(&text, "y\n");
    read_any(str_span(&text));
}

/* Re-lays a line of the sample "JobID|JobIDRaw|JobName|User|Account|...|SubmitLine" into our format. */
static void relay(struct str *to, struct span line)
{
    static const int order[] = { 0, 1, 7, 8,  9,  10, 11, 12, 13, 15, -1, -1,
                                 5, 4, 6, 22, 18, 19, 23, 2,  25, 24, 29 };
    struct span part[30] = { { 0 } };
    for (size_t i = 0; i < ARRAY_LEN(part); i++) {
        size_t at = i + 1 < ARRAY_LEN(part) ? span_find_char(line, '|') : line.len;
        part[i] = span_head(line, at);
        line = span_skip(line, at + 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        str_add_span(to, order[i] < 0 ? (struct span){ 0 } : part[order[i]]);
        str_add(to, N);
    }
    str_add_char(to, '\n');
}

static void what_a_real_sacct_showed_is_read(void **state)
{
    (void)state;
    auto_str struct str sample = sample_read("t3-end.sacct-P-long.out");
    auto_str struct str text = STR_MAX(1000000);
    auto_sacct struct sacct rows = { 0 };
    struct nonce nonce = sample_nonce();
    struct span rest = str_span(&sample), line;
    size_t lines = 0;
    (void)span_next_line(&rest, &line); /* the head line */
    for (; span_next_line(&rest, &line); lines++)
        relay(&text, line);
    assert_int_equal(slurm_parse_sacct(str_span(&text), &nonce, &rows, NULL), 0);
    assert_int_equal(rows.count, lines);
    assert_int_equal(rows.rejected, 0);
    for (size_t i = 0; i < rows.count; i++)
        assert_int_not_equal(rows.jobs[i].state, JOB_STATE_UNKNOWN);
    assert_int_equal(rows.jobs[0].exit_signal, -1); /* job 1 was out of memory */
    assert_span(rows.jobs[0].submit_line,
                "sbatch -p cpu --mem=40M -J oom --wrap sleep 1; python3 -c \"import "
                "time; x=bytearray(300*1024*1024); time.sleep(60)\"");
}

static void the_command_asks_sacct_in_a_format_that_reads_back(void **state)
{
    (void)state;
    struct shell shell;
    shell_setup(&shell);
    shell_fake(&shell, "sacct",
               "d=\nfor a; do case $a in --delimiter=*) d=${a#*=};; --format=*) f=${a#*=};; esac; done\n"
               "[ \"$1 $2 $3\" = '-n -D -p' ] && [ \"$SLURM_TIME_FORMAT\" = %s ] || exit 3\n"
               "case \"$*\" in *'-S now-3600seconds -j 27') ;; *) exit 4;; esac\n"
               "IFS=,\nfor c in $f; do case $c in JobID) v=27;; State) v=COMPLETED;; Submit) v=1795186400;; "
               "WorkDir) v=/w/" SAMPLE_TOKEN ";; *) v=;; esac; printf '%s%s' \"$v\" \"$d\"; done; echo");
    struct nonce nonce = sample_nonce();
    struct sacct_request request = { .nonce = &nonce, .window_s = 3600 };
    auto_str struct str sh = STR_MAX(10000);
    assert_int_equal(sacct_command(&sh, &request, NULL), 0);
    str_add(&sh, " -j 27");
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(10000);
        auto_sacct struct sacct rows = { 0 };
        assert_int_equal(shell_run(&shell, shells[i], str_span(&sh), &out), 0);
        assert_int_equal(slurm_parse_sacct(str_span(&out), &nonce, &rows, NULL), 0);
        assert_int_equal(rows.count, 1);
        assert_int_equal(rows.rejected, 0);
        assert_span(rows.jobs[0].token, SAMPLE_TOKEN);
        assert_int_equal(rows.jobs[0].exit_code, -1);
    }
    shell_teardown(&shell);
}

static void names_that_could_inject_are_refused(void **state)
{
    (void)state;
    struct nonce nonce = sample_nonce();
    struct err err;
    auto_str struct str sh = STR_MAX(10000);
    struct sacct_request request = { .nonce = &nonce, .cluster = "a b" };
    assert_int_equal(sacct_command(&sh, &request, &err), -1);
    request = (struct sacct_request){ .nonce = &nonce, .bin_dir = "rel" };
    assert_int_equal(sacct_command(&sh, &request, &err), -1);
    assert_int_equal(sh.len, 0);
    request = (struct sacct_request){ .nonce = &nonce, .bin_dir = "/opt/slurm/bin", .cluster = "bed" };
    assert_int_equal(sacct_command(&sh, &request, &err), 0);
    assert_true(span_has(str_span(&sh), " /opt/slurm/bin/sacct -n ") && span_ends(str_span(&sh), " -M bed"));
}

static void exit_codes_are_code_and_signal(void **state)
{
    (void)state;
    int code = -1, sig = -1;
    assert_true(sacct_exit_code(span_of("0:125"), &code, &sig));
    assert_int_equal(code, -1); /* no signal has that number: it says that memory ran out */
    assert_int_equal(sig, -1);
    assert_true(sacct_exit_code(span_of("3:125"), &code, &sig));
    assert_int_equal(code, 3);
    assert_int_equal(sig, -1);
    assert_true(sacct_exit_code(span_of("0:64"), &code, &sig));
    assert_int_equal(code, 0);
    assert_int_equal(sig, 64);
    assert_false(sacct_exit_code(span_of(""), &code, &sig));
    assert_false(sacct_exit_code(span_of("3"), &code, &sig));
    assert_false(sacct_exit_code(span_of("a:b"), &code, &sig));
    assert_false(sacct_exit_code(span_of("999:0"), &code, &sig));
    assert_false(sacct_exit_code(span_of("0:999"), &code, &sig));
}

static void a_nonce_that_is_none_is_our_own_error(void **state)
{
    (void)state;
    auto_sacct struct sacct rows = { 0 };
    const struct nonce nonce = { "short" };
    struct err err;
    assert_int_equal(slurm_parse_sacct(span_of("x"), &nonce, &rows, &err), -1);
    assert_int_equal(err.code, ERR_INTERNAL);
}

static void read_rows(const struct str *text, struct sacct *rows)
{
    struct nonce nonce = sample_nonce();
    assert_int_equal(slurm_parse_sacct(str_span(text), &nonce, rows, NULL), 0);
}

static void rows_without_state_and_steps_of_others_are_rejected(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    auto_sacct struct sacct rows = { 0 };
    add_row(&text, "27", "", "0:0", 100, "train");
    read_rows(&text, &rows);
    assert_int_equal(rows.count, 0);
    assert_non_null(strstr(rows.reject, "no state"));
    sacct_clear(&rows);
    str_cut(&text, 0);
    add_row(&text, "27", "RUNNING", "0:0", 100, "train");
    add_row(&text, "28.batch", "RUNNING", "0:0", 100, "batch");
    add_row(&text, "27_1.batch", "RUNNING", "0:0", 100, "batch");
    add_row(&text, "27+1.batch", "RUNNING", "0:0", 100, "batch");
    read_rows(&text, &rows);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.rejected, 3);
    assert_int_equal(rows.jobs[0].max_rss_bytes, 0);
}

/* Slurm gives ids anew: a stranger's row under our number is no attempt of ours. */
static void attempts_are_rows_of_the_same_job_and_token(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    auto_sacct struct sacct rows = { 0 };
    add_row(&text, "27", "NODE_FAIL", "0:0", 100, "train"); /* of one second: as printed */
    add_row(&text, "27", "COMPLETED", "0:0", 100, "train");
    str_addf(&text, "27" N "27" N "FAILED" N "1:0" N "0:0" N "200" N N N N N N N N N N N N N N "their" N N
                    "/home" N "sbatch" N "\n");
    read_rows(&text, &rows);
    assert_int_equal(rows.count, 3);
    assert_int_equal(rows.jobs[0].attempt, 1);
    assert_int_equal(rows.jobs[1].attempt, 2);
    assert_int_equal(rows.jobs[1].state, JOB_STATE_COMPLETED);
    assert_int_equal(rows.jobs[2].attempt, 1);
}

/* `scontrol update JobId=27 NumNodes=1`: a row for what it was, and it runs on. */
static void a_job_that_was_resized_is_the_same_attempt(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    auto_sacct struct sacct rows = { 0 };
    add_row(&text, "27", "RESIZING", "0:0", 100, "train");
    add_row(&text, "27", "RUNNING", "0:0", 160, "train");
    read_rows(&text, &rows);
    assert_int_equal(rows.jobs[1].attempt, 1);
}

static void a_range_stands_for_the_tasks_it_names_and_no_others(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(10000);
    auto_sacct struct sacct rows = { 0 };
    add_row(&text, "27_[1-3]", "PENDING", "0:0", 200, "train");
    add_row(&text, "27_3", "NODE_FAIL", "0:0", 100, "train"); /* an earlier attempt */
    add_row(&text, "28_[x]", "PENDING", "0:0", 100, "train");
    read_rows(&text, &rows);
    struct span token = span_of(SAMPLE_TOKEN);
    const struct sacct_job *job =
        sacct_find(&rows, &(struct slurm_id){ .job = 27, .task = 3, .het = -1 }, token);
    assert_non_null(job);
    assert_int_equal(job->state, JOB_STATE_PENDING);
    assert_null(sacct_find(&rows, &(struct slurm_id){ .job = 27, .task = 4, .het = -1 }, token));
    assert_null(sacct_find(&rows, &(struct slurm_id){ .job = 27, .task = -1, .het = 1 }, token));
    assert_null(sacct_find(&rows, &(struct slurm_id){ .job = 28, .task = 1, .het = -1 }, token));
}

static void a_cpu_time_that_is_none_is_unknown(void **state)
{
    (void)state;
    static const char *const times[] = { "UNLIMITED", "x", "00:01.x", "00:01" };
    static const double seconds[] = { 0, 0, 1, 1 };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        auto_str struct str text = STR_MAX(10000);
        auto_sacct struct sacct rows = { 0 };
        str_addf(&text,
                 "27" N "27" N "FAILED" N "1:0" N "0:0" N "200" N N N N N N "%s" N N N N N N N N N N "/home" N
                 "sbatch" N "\n",
                 times[i]);
        read_rows(&text, &rows);
        assert_int_equal(rows.rejected, 0);
        assert_true(rows.jobs[0].total_cpu_s == seconds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_read_with_its_steps_folded_in),
        cmocka_unit_test(attempts_are_in_the_order_of_their_submission),
        cmocka_unit_test(a_pending_range_stands_for_its_tasks),
        cmocka_unit_test(a_name_cannot_forge_or_hide_a_row),
        cmocka_unit_test(chatter_before_the_rows_is_rejected_and_the_next_row_read),
        cmocka_unit_test(a_row_cut_anywhere_is_rejected),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(garbage_is_read_in_linear_time),
        cmocka_unit_test(what_a_real_sacct_showed_is_read),
        cmocka_unit_test(the_command_asks_sacct_in_a_format_that_reads_back),
        cmocka_unit_test(names_that_could_inject_are_refused),
        cmocka_unit_test(exit_codes_are_code_and_signal),
        cmocka_unit_test(a_nonce_that_is_none_is_our_own_error),
        cmocka_unit_test(rows_without_state_and_steps_of_others_are_rejected),
        cmocka_unit_test(attempts_are_rows_of_the_same_job_and_token),
        cmocka_unit_test(a_job_that_was_resized_is_the_same_attempt),
        cmocka_unit_test(a_range_stands_for_the_tasks_it_names_and_no_others),
        cmocka_unit_test(a_cpu_time_that_is_none_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
