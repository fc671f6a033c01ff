#include "slurm/sbatch.h"

#include "shell.h"

static const struct nonce frame_nonce = { "fedcba98765432100123456789abcdeX" };
static const char *const args[] = { "--comment=" SAMPLE_TOKEN, "--export=NIL",
                                    "--job-name=it's \"a\" $(job)" };

struct bed {
    struct shell shell;
    char run_dir[256];
    struct launch_request request;
};

static void bed_setup(struct bed *bed)
{
    shell_setup(&bed->shell);
    snprintf(bed->run_dir, sizeof(bed->run_dir), "%s/it's runs/%s", bed->shell.dir, SAMPLE_TOKEN);
    bed->request = (struct launch_request){ .frame = &frame_nonce,
                                            .run_dir = bed->run_dir,
                                            .script = SPAN_LIT("#!/bin/sh\necho 'a\\b' \"$x\"\n"),
                                            .args = args,
                                            .arg_count = ARRAY_LEN(args),
                                            .attempt = 1 };
    shell_fake(&bed->shell, "sbatch",
               "echo run >> runs_of_sbatch\nfor a; do echo \"<$a>\"; done > argv\nenv > env\n"
               "echo 'Welcome to the cluster'; echo '4711;bed'; echo 'sbatch: warning: slow' >&2");
}

static struct launch_result launch(const struct bed *bed, const char *sh, struct str *out)
{
    auto_str struct str program = STR_MAX(1024 * 1024);
    struct err err = { .text = "" };
    if (launch_program(&program, &bed->request, &err) < 0)
        fail_msg("%s", err.text);
    shell_run(&bed->shell, sh, str_span(&program), out);
    return launch_parse(str_span(out), &frame_nonce);
}

static void a_job_is_submitted_once_however_often_it_is_launched(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        struct bed bed;
        bed_setup(&bed);
        for (int call = 0; call < 3; call++) {
            auto_str struct str out = STR_MAX(100000);
            struct launch_result result = launch(&bed, shells[i], &out);
            assert_int_equal(result.kind, LAUNCH_SUBMITTED);
            assert_int_equal(result.id, 4711);
            assert_span(result.cluster, "bed");
            assert_span(result.errors, "sbatch: warning: slow");
        }
        bed.request.attempt = 2; /* a receipt of the first attempt is the answer to the second */
        auto_str struct str out = STR_MAX(100000);
        assert_int_equal(launch(&bed, shells[i], &out).id, 4711);
        auto_str struct str runs = shell_read(&bed.shell, "it's runs/" SAMPLE_TOKEN "/runs_of_sbatch");
        assert_string_equal(str_text(&runs), "run\n");
        shell_teardown(&bed.shell);
    }
}

static void script_options_and_environment_arrive_as_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        struct bed bed;
        bed_setup(&bed);
        bed.request.secrets = SPAN_LIT("export KEY='s3cret'\n");
        auto_str struct str out = STR_MAX(100000);
        assert_int_equal(launch(&bed, shells[i], &out).kind, LAUNCH_SUBMITTED);
        auto_str struct str script = shell_read(&bed.shell, "it's runs/" SAMPLE_TOKEN "/script.sh");
        assert_string_equal(str_text(&script), "#!/bin/sh\necho 'a\\b' \"$x\"\n");
        auto_str struct str argv = shell_read(&bed.shell, "it's runs/" SAMPLE_TOKEN "/argv");
        assert_true(
            span_starts(str_span(&argv), "<--parsable>\n<--ignore-pbs>\n<--comment=" SAMPLE_TOKEN ">\n"));
        assert_true(span_has(str_span(&argv), "<--job-name=it's \"a\" $(job)>\n<"));
        auto_str struct str env = shell_read(&bed.shell, "it's runs/" SAMPLE_TOKEN "/env");
        assert_false(span_has(str_span(&env), "SBATCH_TIMELIMIT"));
        assert_false(span_has(str_span(&env), "SLURM_JOB_ID"));
        struct stat st;
        char path[512];
        snprintf(path, sizeof(path), "%s/secrets", bed.run_dir);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        shell_teardown(&bed.shell);
    }
}

static void code_is_copied_into_the_run_directory(void **state)
{
    (void)state;
    struct bed bed;
    char code[128];
    bed_setup(&bed);
    snprintf(code, sizeof(code), "%s/snap", bed.shell.dir);
    assert_int_equal(mkdir(code, 0700), 0);
    shell_write(&bed.shell, "snap/.hidden", "x", 0600);
    shell_write(&bed.shell, "snap/train.py", "print()", 0755);
    bed.request.code_dir = code;
    auto_str struct str out = STR_MAX(100000);
    assert_int_equal(launch(&bed, "dash", &out).kind, LAUNCH_SUBMITTED);
    assert_true(shell_has(&bed.shell, "it's runs/" SAMPLE_TOKEN "/code/.hidden"));
    assert_true(shell_has(&bed.shell, "it's runs/" SAMPLE_TOKEN "/code/train.py"));
    shell_teardown(&bed.shell);
}

static void a_refusal_is_kept_and_told_again(void **state)
{
    (void)state;
    struct bed bed;
    bed_setup(&bed);
    shell_fake(&bed.shell, "sbatch",
               "echo 'sbatch: error: Batch job submission failed: Invalid qos specification' >&2; exit 1");
    for (int call = 0; call < 2; call++) {
        auto_str struct str out = STR_MAX(100000);
        struct launch_result result = launch(&bed, "dash", &out);
        assert_int_equal(result.kind, LAUNCH_REFUSED);
        assert_int_equal(result.refusal.kind, REFUSAL_PERMANENT);
        assert_span(result.refusal.words, "Batch job submission failed: Invalid qos specification");
    }
    assert_true(shell_has(&bed.shell, "it's runs/" SAMPLE_TOKEN "/rej.1"));
    shell_fake(&bed.shell, "sbatch", "echo 5");
    bed.request.attempt = 2; /* a new attempt tries anew */
    auto_str struct str out = STR_MAX(100000);
    assert_int_equal(launch(&bed, "dash", &out).id, 5);
    shell_teardown(&bed.shell);
}

static void what_may_have_gone_through_is_ambiguous(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; "
        "exit 1",
        "kill -9 $$",
        "echo garbage",
        "echo 12; echo 13",
        "exit 0",
        "echo 4711; exit 1",
        "exec sleep 30",
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct bed bed;
        bed_setup(&bed);
        bed.request.timeout_s = 1;
        shell_fake(&bed.shell, "sbatch", bodies[i]);
        auto_str struct str out = STR_MAX(100000);
        struct launch_result result = launch(&bed, "dash", &out);
        if (result.kind != LAUNCH_UNKNOWN)
            fail_msg("%s: kind %d", bodies[i], (int)result.kind);
        assert_non_null(result.refusal.sentence);
        shell_teardown(&bed.shell);
    }
}

static void a_second_call_waits_for_the_first_ones_result(void **state)
{
    (void)state;
    struct bed bed;
    bed_setup(&bed);
    shell_fake(&bed.shell, "sbatch", "echo run >> runs; sleep 1; echo 99");
    auto_str struct str program = STR_MAX(1024 * 1024), first = STR_MAX(100000), second = STR_MAX(100000);
    assert_int_equal(launch_program(&program, &bed.request, NULL), 0);
    int fd1, fd2;
    pid_t one = shell_start(&bed.shell, "dash", str_span(&program), &fd1);
    pid_t two = shell_start(&bed.shell, "bash", str_span(&program), &fd2);
    shell_finish(one, fd1, &first);
    shell_finish(two, fd2, &second);
    assert_int_equal(launch_parse(str_span(&first), &frame_nonce).id, 99);
    assert_int_equal(launch_parse(str_span(&second), &frame_nonce).id, 99);
    auto_str struct str runs = shell_read(&bed.shell, "it's runs/" SAMPLE_TOKEN "/runs");
    assert_string_equal(str_text(&runs), "run\n");
    shell_teardown(&bed.shell);
}

/* Whoever holds the lock: of this version a file, of an earlier one a folder. */
static void a_lock_that_is_there_is_never_taken_again(void **state)
{
    (void)state;
    static const char *const locks[] = { ": >", "mkdir" };
    for (size_t i = 0; i < ARRAY_LEN(shells) * ARRAY_LEN(locks); i++) {
        struct bed bed;
        bed_setup(&bed);
        auto_str struct str before = STR_MAX(1000), out = STR_MAX(100000);
        str_addf(&before, "mkdir -p \"%s\"; %s \"%s/launch.1\"", bed.run_dir, locks[i % ARRAY_LEN(locks)],
                 bed.run_dir);
        shell_run(&bed.shell, "dash", str_span(&before), &out);
        shell_fake(&bed.shell, "sleep", "exit 0"); /* its time to wait is over at once */
        str_cut(&out, 0);
        assert_int_equal(launch(&bed, shells[i / ARRAY_LEN(locks)], &out).kind, LAUNCH_UNKNOWN);
        assert_true(span_has(str_span(&out), "kind busy"));
        assert_false(shell_has(&bed.shell, "it's runs/" SAMPLE_TOKEN "/runs_of_sbatch"));
        assert_true(shell_has(&bed.shell, "it's runs/" SAMPLE_TOKEN "/launch.1"));
        shell_teardown(&bed.shell);
    }
}

static void an_empty_receipt_is_none(void **state)
{
    (void)state;
    struct bed bed;
    bed_setup(&bed);
    auto_str struct str before = STR_MAX(1000), out = STR_MAX(100000);
    str_addf(&before, "mkdir -p \"%s\"; : > \"%s/receipt\"", bed.run_dir, bed.run_dir);
    shell_run(&bed.shell, "dash", str_span(&before), &out);
    str_cut(&out, 0);
    assert_int_equal(launch(&bed, "dash", &out).id, 4711);
    shell_teardown(&bed.shell);
}

static void a_folder_that_cannot_be_made_means_nothing_was_sent(void **state)
{
    (void)state;
    struct bed bed;
    bed_setup(&bed);
    shell_write(&bed.shell, "it's runs", "a file in the way", 0600);
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(100000);
        struct launch_result result = launch(&bed, shells[i], &out);
        assert_int_equal(result.kind, LAUNCH_NOT_SENT);
        assert_int_equal(result.refusal.kind, REFUSAL_TRANSIENT);
        assert_span(result.refusal.words, "cannot make the run directory: Not a directory");
    }
    shell_teardown(&bed.shell);
}

/* Random bytes do not fit any more, and what was written before them does not say why (dash's printf). */
static void a_full_disk_is_said_to_be_full_and_what_helps(void **state)
{
    (void)state;
    struct bed bed;
    bed_setup(&bed);
    static const char *const full[] = { "No space left on device", "Disk quota exceeded" };
    bed.request.code_dir = "/nonexistent/snapshot";
    for (size_t i = 0; i < ARRAY_LEN(shells) + ARRAY_LEN(full) - 1; i++) {
        auto_str struct str out = STR_MAX(100000), fake = STR_MAX(200), words = STR_MAX(200);
        const char *why = full[i % ARRAY_LEN(full)];
        str_addf(&fake, "echo \"head: error writing 'standard output': %s\" >&2; exit 1", why);
        str_addf(&words, "cannot write the run directory: %s", why);
        shell_fake(&bed.shell, "head", str_text(&fake));
        struct launch_result result = launch(&bed, shells[i % ARRAY_LEN(shells)], &out);
        assert_int_equal(result.kind, LAUNCH_NOT_SENT);
        assert_span(result.refusal.words, str_text(&words));
        assert_non_null(strstr(result.refusal.sentence, "free space in the workspace"));
    }
    assert_false(shell_has(&bed.shell, "it's runs/.try"));
    shell_teardown(&bed.shell);
}

static void a_missing_snapshot_means_nothing_was_sent_and_can_be_tried_again(void **state)
{
    (void)state;
    struct bed bed;
    bed_setup(&bed);
    bed.request.code_dir = "/nonexistent/snapshot";
    auto_str struct str out = STR_MAX(100000), out2 = STR_MAX(100000);
    struct launch_result result = launch(&bed, "dash", &out);
    assert_int_equal(result.kind, LAUNCH_NOT_SENT);
    assert_true(span_has(result.refusal.words, "cannot stat '/nonexistent/snapshot/."));
    bed.request.code_dir = NULL;
    assert_int_equal(launch(&bed, "dash", &out2).kind, LAUNCH_SUBMITTED);
    shell_teardown(&bed.shell);
}

static void a_staged_script_is_checked_by_length_and_hash(void **state)
{
    (void)state;
    struct bed bed;
    bed_setup(&bed);
    struct stage_request request = { .frame = &frame_nonce, .run_dir = bed.run_dir, .length = 5 };
    request.sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"; /* "hello\n" */
    auto_str struct str program = STR_MAX(100000), out = STR_MAX(100000), out2 = STR_MAX(100000);
    str_add(&program, "exec < ../in\n");
    shell_write(&bed.shell, "in", "hello\nrest", 0600);
    str_cut(&program, 0);
    str_add(&program, "exec < in\n");
    assert_int_equal(stage_program(&program, &request, NULL), 0);
    shell_run(&bed.shell, "dash", str_span(&program), &out);
    assert_false(shell_has(&bed.shell, "it's runs/" SAMPLE_TOKEN "/script.sh"));
    assert_false(shell_has(&bed.shell, "it's runs/" SAMPLE_TOKEN "/.stage"));
    request.length = 6;
    str_cut(&program, 0);
    str_add(&program, "exec < in\n");
    assert_int_equal(stage_program(&program, &request, NULL), 0);
    shell_run(&bed.shell, "dash", str_span(&program), &out2);
    auto_str struct str script = shell_read(&bed.shell, "it's runs/" SAMPLE_TOKEN "/script.sh");
    assert_string_equal(str_text(&script), "hello\n");
    struct err err;
    request.sha256 = "$(id)";
    assert_int_equal(stage_program(&program, &request, &err), -1);
    shell_teardown(&bed.shell);
}

static void a_dry_run_tells_when_and_where(void **state)
{
    (void)state;
    struct shell shell;
    shell_setup(&shell);
    struct test_only_request request = { .frame = &frame_nonce, .script = SPAN_LIT("#!/bin/sh\n") };
    auto_str struct str program = STR_MAX(100000), out = STR_MAX(100000), out2 = STR_MAX(100000);
    shell_fake(&shell, "sbatch",
               "cat > got; echo 'sbatch: Job 5 to start at 1795187968 using 1 processors on nodes gpu03 in "
               "partition gpu' >&2");
    assert_int_equal(test_only_program(&program, &request, NULL), 0);
    shell_run(&shell, "dash", str_span(&program), &out);
    struct test_only_result result = test_only_parse(str_span(&out), &frame_nonce);
    assert_true(result.would_run);
    assert_int_equal(result.start_s, 1795187968);
    assert_span(result.nodes, "gpu03");
    assert_span(result.partition, "gpu");
    shell_fake(&shell, "sbatch", "echo 'sbatch: error: invalid partition specified: x' >&2; exit 1");
    shell_run(&shell, "bash", str_span(&program), &out2);
    result = test_only_parse(str_span(&out2), &frame_nonce);
    assert_true(result.is_known);
    assert_false(result.would_run);
    assert_string_equal(result.refusal.field, "slurm.partition");
    assert_false(test_only_parse(span_of(""), &frame_nonce).is_known);
    shell_teardown(&shell);
}

static void values_that_cannot_stand_in_a_program_are_refused(void **state)
{
    (void)state;
    struct launch_request request = { .frame = &frame_nonce, .run_dir = "relative", .attempt = 1 };
    auto_str struct str program = STR_MAX(100000);
    struct err err;
    assert_int_equal(launch_program(&program, &request, &err), -1);
    request.run_dir = "/runs/x";
    request.script = (struct span){ "#!/bin/sh\n\0", 11 };
    assert_int_equal(launch_program(&program, &request, &err), -1);
    request.script = SPAN_LIT("#!/bin/sh\n");
    request.tools.cluster = "a b";
    assert_int_equal(launch_program(&program, &request, &err), -1);
    request.tools = (struct slurm_tools){ .bin_dir = "$(id)" };
    assert_int_equal(launch_program(&program, &request, &err), -1);
    assert_int_equal(program.len, 0);
}

static void folders_hashes_and_scripts_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    auto_str struct str sh = STR_MAX(100000);
    struct err err;
    static const char *const dirs[] = { NULL, "relative", "/a\nb" };
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        struct launch_request launch = { .frame = &frame_nonce, .run_dir = dirs[i], .attempt = 1 };
        assert_int_equal(launch_program(&sh, &launch, &err), -1);
        struct stage_request stage = { &frame_nonce, dirs[i], 3, hash };
        assert_int_equal(stage_program(&sh, &stage, &err), -1);
        if (dirs[i]) {
            launch = (struct launch_request){
                .frame = &frame_nonce, .run_dir = "/r", .code_dir = dirs[i], .attempt = 1
            };
            assert_int_equal(launch_program(&sh, &launch, &err), -1);
        }
        assert_int_equal(err.code, ERR_INVALID);
    }
    static const char *const hashes[] = {
        "", "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"
    };
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        assert_int_equal(
            stage_program(&sh, &(struct stage_request){ &frame_nonce, "/r", 3, hashes[i] }, &err), -1);
    const struct launch_request secret = {
        .frame = &frame_nonce, .run_dir = "/r", .secrets = { "a\0b", 3 }, .attempt = 1
    };
    assert_int_equal(launch_program(&sh, &secret, &err), -1);
    assert_int_equal(sh.len, 0);
}

static void a_dry_run_takes_what_a_launch_takes(void **state)
{
    (void)state;
    auto_str struct str sh = STR_MAX(100000), small = STR_MAX(300);
    struct err err;
    const struct test_only_request bad[] = {
        { .frame = &frame_nonce, .tools.cluster = "a b", .script = SPAN_LIT("x") },
        { .frame = &frame_nonce, .tools.bin_dir = "bin", .script = SPAN_LIT("x") },
        { .frame = &frame_nonce, .script = { "a\0", 2 } },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(test_only_program(&sh, &bad[i], &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(sh.len, 0);
    }
    const struct test_only_request good = { .frame = &frame_nonce,
                                            .tools.cluster = "bed",
                                            .script = SPAN_LIT("x") };
    assert_int_equal(test_only_program(&sh, &good, NULL), 0);
    assert_true(span_has(str_span(&sh), "sbatch --parsable --ignore-pbs -M bed "));
    assert_int_equal(test_only_program(&small, &good, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
}

static void a_staged_script_is_not_sent_again_and_a_ceiling_holds(void **state)
{
    (void)state;
    auto_str struct str sh = STR_MAX(100000), small = STR_MAX(1000);
    struct err err;
    const struct launch_request request = { .frame = &frame_nonce, .run_dir = "/r", .attempt = 1 };
    assert_int_equal(launch_program(&sh, &request, NULL), 0);
    assert_false(span_has(str_span(&sh), "> \"$_d/script.sh\""));
    assert_int_equal(launch_program(&small, &request, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_submitted_once_however_often_it_is_launched),
        cmocka_unit_test(script_options_and_environment_arrive_as_they_are),
        cmocka_unit_test(code_is_copied_into_the_run_directory),
        cmocka_unit_test(a_refusal_is_kept_and_told_again),
        cmocka_unit_test(what_may_have_gone_through_is_ambiguous),
        cmocka_unit_test(a_second_call_waits_for_the_first_ones_result),
        cmocka_unit_test(a_lock_that_is_there_is_never_taken_again),
        cmocka_unit_test(an_empty_receipt_is_none),
        cmocka_unit_test(a_folder_that_cannot_be_made_means_nothing_was_sent),
        cmocka_unit_test(a_full_disk_is_said_to_be_full_and_what_helps),
        cmocka_unit_test(a_missing_snapshot_means_nothing_was_sent_and_can_be_tried_again),
        cmocka_unit_test(a_staged_script_is_checked_by_length_and_hash),
        cmocka_unit_test(a_dry_run_tells_when_and_where),
        cmocka_unit_test(values_that_cannot_stand_in_a_program_are_refused),
        cmocka_unit_test(folders_hashes_and_scripts_that_are_none_are_refused),
        cmocka_unit_test(a_dry_run_takes_what_a_launch_takes),
        cmocka_unit_test(a_staged_script_is_not_sent_again_and_a_ceiling_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
