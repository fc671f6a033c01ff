#include "slurm/look.h"

#include "rows.h"
#include "shell.h"

static const struct nonce frame_nonce = { "fedcba98765432100123456789abcdeX" };
static const struct nonce row_nonce = { SAMPLE_NONCE };

static struct look_request look_request_of(const struct shell *shell, char *run_dir, size_t size)
{
    snprintf(run_dir, size, "%s/run", shell->dir);
    return (struct look_request){ .frame = &frame_nonce,
                                  .rows = &row_nonce,
                                  .run_dir = run_dir,
                                  .window_s = 3600,
                                  .has_accounting = true };
}

static int look(const struct shell *shell, const struct look_request *request, struct str *out,
                struct slurm_look_result *result)
{
    auto_str struct str program = STR_MAX(100000);
    assert_int_equal(look_program(&program, request, NULL), 0);
    shell_run(shell, "dash", str_span(&program), out);
    return look_parse(str_span(out), request, span_of(SAMPLE_TOKEN), result, NULL);
}

static void absence_is_proved_only_by_three_good_answers(void **state)
{
    (void)state;
    static const struct {
        const char *squeue, *sacct;
        bool is_good;
    } cases[] = { { "exit 0", "exit 0", true },
                  { "exit 1", "exit 0", false },
                  { "exit 0", "exit 1", false },
                  { "echo 'slurm_load_jobs error: Socket timed out' >&2", "exit 0", false },
                  { "exit 0", "echo garbage", false } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct shell shell;
        struct slurm_look_result result;
        char run_dir[128];
        shell_setup(&shell);
        shell_fake(&shell, "squeue", cases[i].squeue);
        shell_fake(&shell, "sacct", cases[i].sacct);
        auto_str struct str out = STR_MAX(100000);
        struct look_request request = look_request_of(&shell, run_dir, sizeof(run_dir));
        assert_int_equal(look(&shell, &request, &out, &result), 0);
        assert_int_equal(result.is_good, cases[i].is_good);
        assert_int_equal(result.id_count, 0);
        assert_false(result.has_receipt);
        shell_teardown(&shell);
    }
}

static void a_job_is_found_in_receipt_queue_and_accounting(void **state)
{
    (void)state;
    struct shell shell;
    struct slurm_look_result result;
    char run_dir[128];
    shell_setup(&shell);
    auto_str struct str rows = STR_MAX(10000), accounting = STR_MAX(10000), out = STR_MAX(100000);
    rows_add_squeue(&rows, "28", "RUNNING", "twin", SAMPLE_TOKEN);
    rows_add_squeue(&rows, "29", "RUNNING", "other", "jx01jd3f7v8w9x0y1z2a3b4c5d00");
    rows_add_sacct(&accounting, "27", "COMPLETED", "0:0", SAMPLE_TOKEN);
    rows_add_sacct(&accounting, "28", "PENDING", "0:0", SAMPLE_TOKEN);
    shell_write(&shell, "rows", str_text(&rows), 0600);
    shell_write(&shell, "accounting", str_text(&accounting), 0600);
    shell_fake(&shell, "squeue", "cat rows");
    shell_fake(&shell, "sacct", "cat accounting");
    struct look_request request = look_request_of(&shell, run_dir, sizeof(run_dir));
    assert_int_equal(mkdir(run_dir, 0700), 0);
    shell_write(&shell, "run/receipt", "rc 0\n27\n\001errors\n\n", 0600);
    assert_int_equal(look(&shell, &request, &out, &result), 0);
    assert_true(result.is_good);
    assert_true(result.has_receipt);
    assert_int_equal(result.receipt.id, 27);
    assert_int_equal(result.id_count, 2);
    assert_int_equal(result.ids[0], 27);
    assert_int_equal(result.ids[1], 28);
    assert_int_equal(result.other, 0);
    shell_teardown(&shell);
}

static void a_cut_look_says_nothing(void **state)
{
    (void)state;
    struct look_request request = { .frame = &frame_nonce, .rows = &row_nonce, .has_accounting = true };
    struct slurm_look_result result;
    struct err err;
    assert_int_equal(look_parse(span_of("\nfedcba98765432100123456789abcdeX BEGIN\n"), &request,
                                span_of(SAMPLE_TOKEN), &result, &err),
                     -1);
    assert_int_equal(err.code, ERR_CORRUPT);
}

struct cancel_case {
    const char *squeue, *scancel;
    enum cancel_kind kind;
    bool is_called;
};

static void only_our_own_job_is_cancelled(void **state)
{
    (void)state;
    static const struct cancel_case cases[] = {
        { "echo '" SAMPLE_NONCE " /w/runs/" SAMPLE_TOKEN "/script.sh" SAMPLE_NONCE
          "it'\\''s $(mine)\nx" SAMPLE_NONCE "'; echo noise >&2",
          "exit 0", CANCEL_SENT, true },
        { "echo " SAMPLE_NONCE " /w/other", "exit 0", CANCEL_STRANGER, false },
        { "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", "exit 0", CANCEL_GONE,
          false },
        { "exit 0", "exit 0", CANCEL_GONE, false },
        { "echo 'slurm_load_jobs error: Unable to contact' >&2; exit 1", "exit 0", CANCEL_UNKNOWN, false },
        { "echo '" SAMPLE_NONCE " /w/runs/" SAMPLE_TOKEN SAMPLE_NONCE "it'\\''s $(mine)" SAMPLE_NONCE "'",
          "echo denied >&2; exit 210", CANCEL_REFUSED, true },
        { "echo '" SAMPLE_NONCE " /w/Invalid job id/" SAMPLE_TOKEN SAMPLE_NONCE
          "it'\\''s $(mine)" SAMPLE_NONCE "'",
          "exit 0", CANCEL_SENT, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct shell shell;
        shell_setup(&shell);
        shell_fake(&shell, "squeue", cases[i].squeue);
        auto_str struct str body = STR_MAX(1000), program = STR_MAX(10000), out = STR_MAX(10000);
        str_addf(&body, "for a; do echo \"<$a>\"; done > cancelled\n%s", cases[i].scancel);
        shell_fake(&shell, "scancel", str_text(&body));
        struct cancel_request request = {
            .frame = &frame_nonce, .rows = &row_nonce, .id = i % 3 ? "27" : "27_3", .token = SAMPLE_TOKEN
        };
        assert_int_equal(cancel_program(&program, &request, NULL), 0);
        shell_run(&shell, shells[i % 2], str_span(&program), &out);
        assert_int_equal(cancel_parse(str_span(&out), &frame_nonce), cases[i].kind);
        assert_int_equal(shell_has(&shell, "cancelled"), cases[i].is_called);
        if (cases[i].is_called) {
            auto_str struct str argv = shell_read(&shell, "cancelled");
            assert_string_equal(str_text(&argv), i % 3 ? "<-n>\n<it's $(mine)>\n<27>\n" : "<27_3>\n");
        }
        shell_teardown(&shell);
    }
}

static void ids_and_signals_that_could_inject_are_refused(void **state)
{
    (void)state;
    struct cancel_request request = { .frame = &frame_nonce, .rows = &row_nonce, .token = SAMPLE_TOKEN };
    static const char *const ids[] = { "", "1;id", "27_[1-3]", "--me", "27.0" };
    auto_str struct str program = STR_MAX(10000);
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        request.id = ids[i];
        assert_int_equal(cancel_program(&program, &request, &err), -1);
    }
    request.id = "27";
    request.signal = "T;id";
    assert_int_equal(cancel_program(&program, &request, &err), -1);
    assert_int_equal(program.len, 0);
    request.signal = "USR2";
    assert_int_equal(cancel_program(&program, &request, &err), 0);
    assert_true(span_has(str_span(&program), "scancel --batch --signal=USR2 -n \"$_j\" 27"));
    assert_int_equal(cancel_parse(span_of("sent"), &frame_nonce), CANCEL_UNKNOWN);
}

static int read_sections(struct frame_section *sections, size_t count, bool has_accounting,
                         struct slurm_look_result *result)
{
    const struct look_request request = { .rows = &row_nonce, .has_accounting = has_accounting };
    const struct frame frame = { .items = sections, .count = count, .ended = true };
    return look_read(&frame, &request, span_of(SAMPLE_TOKEN), result, NULL);
}

static void a_place_that_did_not_answer_whole_proves_nothing(void **state)
{
    (void)state;
    const struct frame_section good[] = { { SPAN_LIT("receipt"), { "", 0 }, 0, true },
                                          { SPAN_LIT("squeue"), { "", 0 }, 0, true },
                                          { SPAN_LIT("sacct"), { "", 0 }, 0, true } };
    struct slurm_look_result result;
    struct frame_section sections[3];
    memcpy(sections, good, sizeof(good));
    assert_int_equal(read_sections(sections, 3, true, &result), 0);
    assert_true(result.is_good);
    for (size_t i = 0; i < 3; i++) { /* cut, failed, missing */
        memcpy(sections, good, sizeof(good));
        sections[i].complete = false;
        assert_int_equal(read_sections(sections, 3, true, &result), 0);
        assert_false(result.is_good);
        memcpy(sections, good, sizeof(good));
        sections[i].rc = 1;
        assert_int_equal(read_sections(sections, 3, true, &result), 0);
        assert_false(result.is_good);
        memcpy(sections, good, sizeof(good));
        sections[i].name = SPAN_LIT("other");
        assert_int_equal(read_sections(sections, 3, true, &result), 0);
        assert_false(result.is_good);
        assert_int_equal(result.id_count, 0);
    }
    memcpy(sections, good, sizeof(good)); /* a site without accounting */
    assert_int_equal(read_sections(sections, 2, false, &result), 0);
    assert_true(result.is_good);
}

static void rows_of_others_are_not_ours_and_many_are_cut(void **state)
{
    (void)state;
    auto_str struct str queue = STR_MAX(100000), accounting = STR_MAX(100000);
    char id[8];
    for (int i = 0; i < MAX_LOOK_IDS + 1; i++) {
        (void)snprintf(id, sizeof(id), "%d", 40 - i);
        rows_add_squeue(&queue, id, "RUNNING", "twin", SAMPLE_TOKEN);
    }
    rows_add_squeue(&queue, "60", "RUNNING", "twin", SAMPLE_TOKEN); /* there is no room for it */
    rows_add_sacct(&accounting, "50", "COMPLETED", "0:0", "jx01jd3f7v8w9x0y1z2a3b4c5d00");
    struct frame_section sections[] = { { SPAN_LIT("squeue"), str_span(&queue), 0, true },
                                        { SPAN_LIT("sacct"), str_span(&accounting), 0, true } };
    struct slurm_look_result result;
    assert_int_equal(read_sections(sections, 2, true, &result), 0);
    assert_int_equal(result.id_count, MAX_LOOK_IDS);
    for (size_t i = 0; i < MAX_LOOK_IDS; i++)
        assert_int_equal(result.ids[i], 24 + i);
}

/* The job's own sbatch in its run directory: Slurm names the child's folder, but not our script. */
static void a_job_that_ours_submitted_is_not_its_double(void **state)
{
    (void)state;
    auto_str struct str queue = STR_MAX(100000), accounting = STR_MAX(100000), child = STR_MAX(10000);
    rows_add_squeue(&child, "43", "RUNNING", "child", SAMPLE_TOKEN);
    rows_add_squeue(&child, "42", "PENDING", "child", SAMPLE_TOKEN);
    rows_add_squeue(&child, "44", "PENDING", "child", SAMPLE_TOKEN);
    struct span rest = str_span(&child);
    for (size_t at; (at = span_find(rest, span_of("script.sh"))) < rest.len; rest = span_skip(rest, at + 9))
        str_addf(&queue, "%.*schild.sh", (int)at, rest.ptr);
    str_add_span(&queue, rest);
    rows_add_sacct(&accounting, "41", "RUNNING", "0:0", SAMPLE_TOKEN);
    struct frame_section sections[] = { { SPAN_LIT("squeue"), str_span(&queue), 0, true },
                                        { SPAN_LIT("sacct"), str_span(&accounting), 0, true } };
    struct slurm_look_result result;
    assert_int_equal(read_sections(sections, 2, true, &result), 0);
    assert_int_equal(result.id_count, 1);
    assert_int_equal(result.ids[0], 41);
    assert_int_equal(result.other, 42);
}

static void contradicting_marks_and_a_nonce_that_is_none_are_errors(void **state)
{
    (void)state;
    const struct nonce none = { "short" };
    struct look_request request = { .frame = &frame_nonce, .rows = &row_nonce };
    struct slurm_look_result result;
    struct err err;
    const char *text =
        "\nfedcba98765432100123456789abcdeX BEGIN\nfedcba98765432100123456789abcdeX - receipt 0\n";
    assert_int_equal(look_parse(span_of(text), &request, span_of(SAMPLE_TOKEN), &result, &err), -1);
    assert_int_equal(err.code, ERR_CORRUPT);
    request.rows = &none;
    const struct frame frame = { .ended = true };
    assert_int_equal(look_read(&frame, &request, span_of(SAMPLE_TOKEN), &result, &err), -1);
    assert_int_equal(err.code, ERR_INTERNAL);
}

static void what_cannot_be_looked_for_is_refused(void **state)
{
    (void)state;
    static const struct look_request bad[] = {
        { .frame = &frame_nonce, .rows = &row_nonce, .window_s = 1 },
        { .frame = &frame_nonce, .rows = &row_nonce, .run_dir = "runs/x", .window_s = 1 },
        { .frame = &frame_nonce, .rows = &row_nonce, .run_dir = "/runs/x" },
        { .frame = &frame_nonce,
          .rows = &row_nonce,
          .run_dir = "/runs/x",
          .window_s = 1,
          .tools = { .user = "a b" } },
    };
    auto_str struct str sh = STR_MAX(10000);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err;
        assert_int_equal(look_program(&sh, &bad[i], &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(sh.len, 0);
    }
    const struct look_request good = {
        .frame = &frame_nonce, .rows = &row_nonce, .run_dir = "/runs/x", .window_s = 1
    };
    assert_int_equal(look_program(&sh, &good, NULL), 0);
    assert_false(span_has(str_span(&sh), "sacct")); /* this site has no accounting */
}

static void a_cancel_names_its_cluster_tools_and_job(void **state)
{
    (void)state;
    struct cancel_request request = { .frame = &frame_nonce, .rows = &row_nonce, .token = "x'y", .id = "27" };
    auto_str struct str sh = STR_MAX(10000);
    assert_int_equal(cancel_program(&sh, &request, NULL), -1);
    request.token = SAMPLE_TOKEN;
    request.tools.bin_dir = "relative";
    assert_int_equal(cancel_program(&sh, &request, NULL), -1);
    request.tools.bin_dir = "/opt/bin";
    request.tools.cluster = "a b";
    assert_int_equal(cancel_program(&sh, &request, NULL), -1);
    assert_int_equal(sh.len, 0);
    request.tools.cluster = "bed";
    assert_int_equal(cancel_program(&sh, &request, NULL), 0);
    assert_true(span_has(str_span(&sh), "/opt/bin/squeue -M bed -h -j 27 "));
    assert_true(span_has(str_span(&sh), "/opt/bin/scancel -M bed -n \"$_j\" 27"));
    struct frame_section cut = { SPAN_LIT("cancel"), SPAN_LIT("sent\n"), -1, false };
    assert_int_equal(cancel_read(&(struct frame){ .items = &cut, .count = 1 }), CANCEL_UNKNOWN);
}

/* Of the run that was meant, and of no later one; with words where scontrol refuses. */
static void only_the_run_that_is_meant_is_requeued(void **state)
{
    (void)state;
    static const char ours[] =
        "printf '%s\\n' \"" SAMPLE_NONCE " /w/runs/" SAMPLE_TOKEN "/script.sh /w (null)\"";
    static const struct {
        const char *squeue, *show, *requeue, *words;
        enum cancel_kind kind;
        bool is_called;
    } cases[] = {
        { ours, "JobId=27 Requeue=1 Restarts=2 BatchFlag=1", "exit 0", "", CANCEL_SENT, true },
        { ours, "JobId=27 Requeue=1 Restarts=3 BatchFlag=1", "exit 0", "restarted", REQUEUE_OTHER_RUN,
          false },
        { ours, "JobId=27 Requeue=0 Restarts=2 BatchFlag=1",
          "echo 'Requested operation is presently disabled' >&2; exit 1",
          "Requested operation is presently disabled", CANCEL_REFUSED, true },
        { ours, "slurm_load_jobs error: timed out", "exit 0", "slurm_load_jobs error: timed out",
          CANCEL_UNKNOWN, false },
        { "echo 'slurm_load_jobs error: Invalid job id specified'; exit 1", "", "exit 0", "gone", CANCEL_GONE,
          false },
        { "printf '%s\\n' \"" SAMPLE_NONCE " /w/other.sh /w (null)\"", "", "exit 0", "stranger",
          CANCEL_STRANGER, false },
        { "echo down; exit 1", "", "exit 0", "down", CANCEL_UNKNOWN, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct shell shell;
        shell_setup(&shell);
        shell_fake(&shell, "squeue", cases[i].squeue);
        auto_str struct str body = STR_MAX(1000), program = STR_MAX(10000), out = STR_MAX(10000);
        str_addf(&body, "case $1 in -o) echo '%s';; *) echo \"$*\" > called; %s;; esac", cases[i].show,
                 cases[i].requeue);
        shell_fake(&shell, "scontrol", str_text(&body));
        struct requeue_request request = {
            .frame = &frame_nonce, .rows = &row_nonce, .id = "27", .token = SAMPLE_TOKEN, .restarts = 2
        };
        assert_int_equal(requeue_program(&program, &request, NULL), 0);
        shell_run(&shell, shells[i % 2], str_span(&program), &out);
        auto_frame struct frame frame = { 0 };
        struct span words;
        assert_int_equal(frame_parse(str_span(&out), &frame_nonce, &frame, NULL), 0);
        assert_int_equal(requeue_read(&frame, &words), cases[i].kind);
        assert_true(cases[i].kind == CANCEL_SENT || span_is(words, cases[i].words));
        assert_int_equal(shell_has(&shell, "called"), cases[i].is_called);
        if (cases[i].is_called) {
            auto_str struct str argv = shell_read(&shell, "called");
            assert_string_equal(str_text(&argv), "requeue 27\n");
        }
        shell_teardown(&shell);
    }
}

static void a_requeue_names_its_cluster_tools_and_job(void **state)
{
    (void)state;
    struct requeue_request request = {
        .frame = &frame_nonce, .rows = &row_nonce, .token = "x'y", .id = "27"
    };
    static const char *const ids[] = { "", "1;id", "27_3", "27.0" };
    auto_str struct str sh = STR_MAX(10000);
    assert_int_equal(requeue_program(&sh, &request, NULL), -1);
    request.token = SAMPLE_TOKEN;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        request.id = ids[i];
        assert_int_equal(requeue_program(&sh, &request, NULL), -1);
    }
    request.id = "27";
    request.tools.bin_dir = "relative";
    assert_int_equal(requeue_program(&sh, &request, NULL), -1);
    request.tools.bin_dir = "/opt/bin";
    request.tools.cluster = "a b";
    assert_int_equal(requeue_program(&sh, &request, NULL), -1);
    assert_int_equal(sh.len, 0);
    request.tools.cluster = "bed";
    assert_int_equal(requeue_program(&sh, &request, NULL), 0);
    assert_true(span_has(str_span(&sh), "/opt/bin/squeue -M bed -h -j 27 "));
    assert_true(span_has(str_span(&sh), "/opt/bin/scontrol -M bed -o show job 27 "));
    assert_true(span_has(str_span(&sh), "/opt/bin/scontrol -M bed requeue 27 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absence_is_proved_only_by_three_good_answers),
        cmocka_unit_test(a_job_is_found_in_receipt_queue_and_accounting),
        cmocka_unit_test(a_cut_look_says_nothing),
        cmocka_unit_test(only_our_own_job_is_cancelled),
        cmocka_unit_test(ids_and_signals_that_could_inject_are_refused),
        cmocka_unit_test(a_place_that_did_not_answer_whole_proves_nothing),
        cmocka_unit_test(rows_of_others_are_not_ours_and_many_are_cut),
        cmocka_unit_test(a_job_that_ours_submitted_is_not_its_double),
        cmocka_unit_test(contradicting_marks_and_a_nonce_that_is_none_are_errors),
        cmocka_unit_test(what_cannot_be_looked_for_is_refused),
        cmocka_unit_test(a_cancel_names_its_cluster_tools_and_job),
        cmocka_unit_test(only_the_run_that_is_meant_is_requeued),
        cmocka_unit_test(a_requeue_names_its_cluster_tools_and_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
