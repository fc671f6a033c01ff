/* The Slurm scheduler over the local transport, with sbatch, squeue, sacct, scancel and scontrol played by
 * a script that keeps its queue in a file. Covers: exec/slurm_call, exec/slurm_look, exec/slurm_report,
 * exec/slurm_tick. */
#include "exec/executor.h"
#include "exec/slurm_report.h"

#include "base/clock.h"
#include "base/mem.h"
#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct bench {
    char dir[64], bin[96];
    struct loop *loop;
    struct cluster_config cluster;
    struct executor_deps deps;
    struct executor *ex;
    unsigned answers;
    enum submit_end end;
    enum look_end look;
    char rejected[200], repeated[200];
    bool alive;
    size_t ids;
    enum err_code code;
    char text[1024], run_dir[256];
};

static void play(const struct bench *b, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", b->bin, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\nd=%s\n%s", b->dir, text);
    fclose(file);
    chmod(path, 0700);
}

static int bench_start(void **state)
{
    static char name[] = "c";
    struct bench *b = mem_zalloc(sizeof(*b));
    struct err err;
    snprintf(b->dir, sizeof(b->dir), "/tmp/sluice-slurm-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->bin, sizeof(b->bin), "%s/bin", b->dir);
    assert_int_equal(mkdir(b->bin, 0700), 0);
    play(b, "squeue", "exit 0\n");
    play(b, "sacct", "exit 0\n");
    play(b, "scontrol", "echo 'AccountingStorageType   = accounting_storage/slurmdbd'\n");
    play(b, "sbatch", "for a; do last=$a; done; echo \"$*\" >>$d/calls; cp \"$last\" $d/sent; echo 41\n");
    b->loop = loop_new();
    b->cluster = (struct cluster_config){ .name = name, .type = CLUSTER_SLURM, .workspace = b->dir };
    b->cluster.ssh.command_timeout_s = 60;
    b->cluster.slurm.bin_dir = b->bin;
    b->deps = (struct executor_deps){ .loop = b->loop, .clock = &clock_real };
    assert_int_equal(executor_new(&b->cluster, &b->deps, &b->ex, &err), 0);
    *state = b;
    return 0;
}

static int bench_end(void **state)
{
    struct bench *b = *state;
    executor_free(b->ex);
    loop_free(b->loop);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", b->dir, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    free(b);
    return 0;
}

static void wait_answer(struct bench *b, unsigned before)
{
    while (b->answers == before)
        loop_step(b->loop);
    assert_int_equal(b->answers, before + 1);
}

static void on_submit(void *ctx, const struct submit_result *result)
{
    struct bench *b = ctx;
    b->answers++;
    b->end = result->end;
    snprintf(b->text, sizeof(b->text), "%s|%s|%s", result->sched_id ? result->sched_id : "",
             result->upstream ? result->upstream : "", result->field ? result->field : "");
    snprintf(b->run_dir, sizeof(b->run_dir), "%s", result->run_dir ? result->run_dir : "");
}

static enum submit_end submit(struct bench *b, const char *token, int64_t launch)
{
    struct err err;
    unsigned before = b->answers;
    struct submit_spec spec = { .token = token,
                                .launch = launch,
                                .script = SPAN_LIT("#!/bin/bash\necho 'x'\n") };
    spec.name = "x";
    assert_int_equal(executor_submit(b->ex, &spec, on_submit, b, &err), 0);
    wait_answer(b, before);
    return b->end;
}

static size_t count_calls(const struct bench *b)
{
    char path[128], line[1024];
    size_t count = 0;
    snprintf(path, sizeof(path), "%s/calls", b->dir);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        count++;
    if (file)
        fclose(file);
    return count;
}

static void submission_gives_the_id_and_is_never_sent_twice(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    assert_int_equal(submit(b, token.text, 1), SUBMIT_ACCEPTED);
    assert_string_equal(b->text, "41||");
    assert_non_null(strstr(b->run_dir, token.text));
    assert_int_equal(submit(b, token.text, 1), SUBMIT_ACCEPTED);
    assert_int_equal(submit(b, token.text, 2), SUBMIT_ACCEPTED);
    assert_int_equal(count_calls(b), 1);
}

static void refusal_keeps_the_words_and_names_the_key(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    play(b, "sbatch",
         "echo 'sbatch: error: invalid partition specified: nope' >&2\n"
         "echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2\nexit 1\n");
    assert_int_equal(submit(b, token.text, 1), SUBMIT_REFUSED);
    assert_non_null(strstr(b->text, "artition"));
    assert_non_null(strstr(b->text, "|slurm.partition"));
}

static void time_out_is_unknown_and_dead_controller_transient(void **state)
{
    struct bench *b = *state;
    struct token one = token_new(1), two = token_new(2);
    play(b, "sbatch",
         "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; "
         "exit 1\n");
    assert_int_equal(submit(b, one.text, 1), SUBMIT_UNKNOWN);
    play(b, "sbatch",
         "echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect "
         "failure)' "
         ">&2; exit 1\n");
    assert_int_equal(submit(b, two.text, 1), SUBMIT_TRANSIENT);
}

static void on_look(void *ctx, const struct look_result *result)
{
    struct bench *b = ctx;
    b->answers++;
    b->look = result->end;
    b->ids = result->count;
    b->alive = result->launcher_alive;
    snprintf(b->rejected, sizeof(b->rejected), "%s", result->rejected ? result->rejected : "");
    snprintf(b->repeated, sizeof(b->repeated), "%s", result->repeated ? result->repeated : "");
    snprintf(b->text, sizeof(b->text), "%s|%.500s", result->count ? result->sched_ids[0] : "",
             result->err.text);
}

static void look(struct bench *b, const char *token)
{
    struct err err;
    unsigned before = b->answers;
    assert_int_equal(
        executor_look(b->ex, &(struct look_spec){ .token = token, .since_s = 1 }, on_look, b, &err), 0);
    wait_answer(b, before);
}

static void look_finds_by_receipt_and_proves_absence_only_whole(void **state)
{
    struct bench *b = *state;
    struct token one = token_new(1), two = token_new(2);
    assert_int_equal(submit(b, one.text, 1), SUBMIT_ACCEPTED);
    look(b, one.text);
    assert_int_equal(b->look, LOOK_FOUND);
    assert_string_equal(b->text, "41|");
    look(b, two.text);
    assert_int_equal(b->look, LOOK_ABSENT);
    play(b, "sacct", "echo 'Connection refused' >&2; exit 1\n");
    look(b, two.text);
    assert_int_equal(b->look, LOOK_NOTHING);
}

/* squeue fills in the format that it was given. */
static const char queue_text[] =
    "for a; do case $a in *%%i*) f=$a;; esac; done\n"
    "for i in %s; do printf '%%s\\n' \"$f\" |\n"
    "sed \"s|%%i|$i|; s|%%T|RUNNING|; s|%%Z|$d/runs/%s|; s|%%o|$d/runs/%s/%s|; s|%%[A-Za-z]|1|g\"; done\n";

static void play_queue(struct bench *b, const char *ids, const char *token, const char *script)
{
    char text[2000];
    snprintf(text, sizeof(text), queue_text, ids, token, token, script);
    play(b, "squeue", text);
}

/* What carries the token but not our script is taken for the job where nothing else is known (a site's filter
 * may change the command); never for a double, which would be cancelled. */
static void the_claim_says_which_job_is_ours_and_none_of_its_children_is(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    char path[256];
    play(b, "sbatch", "exit 137\n");
    assert_int_equal(submit(b, token.text, 1), SUBMIT_UNKNOWN);
    play_queue(b, "43 42", token.text, "child.sh");
    look(b, token.text);
    assert_string_equal(b->text, "42|");
    assert_int_equal(b->ids, 1);
    snprintf(path, sizeof(path), "%s/runs/%s/claim.0", b->dir, token.text);
    assert_int_equal(symlink("41", path), 0);
    look(b, token.text);
    assert_string_equal(b->text, "41|");
    assert_int_equal(b->ids, 1);
    play_queue(b, "43 42", token.text, "script.sh");
    look(b, token.text);
    assert_string_equal(b->text, "41|");
    assert_int_equal(b->ids, 3);
}

static void a_look_finds_the_refusal_whose_answer_was_lost(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    play(b, "sbatch",
         "echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2\nexit 1\n");
    assert_int_equal(submit(b, token.text, 1), SUBMIT_REFUSED);
    look(b, token.text);
    assert_int_equal(b->look, LOOK_ABSENT);
    assert_non_null(strstr(b->rejected, "Invalid partition name specified"));
}

static void a_look_tells_words_that_nobody_knows_once_they_were_said_twice(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    play(b, "sbatch", "echo 'sbatch: error: the moon is full' >&2\nexit 1\n");
    assert_int_equal(submit(b, token.text, 1), SUBMIT_UNKNOWN);
    look(b, token.text);
    assert_int_equal(b->look, LOOK_ABSENT);
    assert_string_equal(b->repeated, "");
    assert_int_equal(submit(b, token.text, 2), SUBMIT_UNKNOWN);
    look(b, token.text);
    assert_string_equal(b->repeated, "the moon is full");
    play(b, "sbatch", "echo 'sbatch: error: the moon is new' >&2\nexit 1\n");
    assert_int_equal(submit(b, token.text, 3), SUBMIT_UNKNOWN);
    look(b, token.text);
    assert_string_equal(b->repeated, "");
    play(b, "sbatch", "echo 'sbatch: error: Socket timed out' >&2\nexit 1\n");
    assert_int_equal(submit(b, token.text, 4), SUBMIT_UNKNOWN);
    assert_int_equal(submit(b, token.text, 5), SUBMIT_UNKNOWN);
    look(b, token.text);
    assert_string_equal(b->repeated, ""); /* it may still come */
    play(b, "sbatch", "echo 'sbatch: error: Protocol authentication error' >&2\nexit 1\n");
    assert_int_equal(submit(b, token.text, 6), SUBMIT_UNKNOWN);
    assert_int_equal(submit(b, token.text, 7), SUBMIT_UNKNOWN);
    look(b, token.text);
    assert_string_equal(b->repeated, ""); /* it passes */
}

static void launcher_without_a_result_counts_as_alive(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    char path[256];
    snprintf(path, sizeof(path), "%s/runs", b->dir);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/runs/%s", b->dir, token.text);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/runs/%s/launch.1", b->dir, token.text);
    mkdir(path, 0700);
    look(b, token.text);
    assert_true(b->alive);
}

static void on_tick(void *ctx, const struct tick_report *report, const struct err *err)
{
    struct bench *b = ctx;
    b->answers++;
    b->code = err ? err->code : ERR_NONE;
    b->text[0] = '\0';
    if (!report)
        return;
    snprintf(b->text, sizeof(b->text), "queue %d acct %d/%d:", report->queue_ok, report->accounting_asked,
             report->accounting_ok);
    for (size_t i = 0; i < report->job_count; i++) {
        const struct seen_job *job = &report->jobs[i];
        size_t len = strlen(b->text);
        snprintf(b->text + len, sizeof(b->text) - len, " %.*s %s %d %.*s", SPAN_FMT(job->sched_id),
                 job_state_word(job->state), (int)job->source, SPAN_FMT(job->token));
    }
}

static void tick(struct bench *b, const char *token)
{
    struct err err;
    unsigned before = b->answers;
    struct tick_job job = { .token = token, .sched_id = "41", .name = "x" };
    struct tick_spec spec = { .jobs = &job, .count = 1 };
    assert_int_equal(executor_tick(b->ex, &spec, on_tick, b, &err), 0);
    wait_answer(b, before);
}

static void exit_file_speaks_where_accounting_does_not(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    char path[300], want[300];
    assert_int_equal(submit(b, token.text, 1), SUBMIT_ACCEPTED);
    snprintf(path, sizeof(path), "%s/exit", b->run_dir);
    FILE *file = fopen(path, "w");
    fputs("code=3 started=5 ended=9 attempt=1 how=exited\n", file);
    fclose(file);
    tick(b, token.text);
    snprintf(want, sizeof(want), "queue 1 acct 1/1: 41 failed %d %s", SEEN_EXIT_FILE, token.text);
    assert_string_equal(b->text, want);
    file = fopen(path, "w"); /* the job may write it, too */
    fputs("code=9223372036854775807 started=5 ended=9 attempt=1 how=exited\n", file);
    fclose(file);
    tick(b, token.text);
    assert_string_equal(b->text, "queue 1 acct 1/1:");
}

static void failing_squeue_proves_nothing(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    play(b, "squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1\n");
    tick(b, token.text);
    assert_string_equal(b->text, "queue 0 acct 0/0:");
}

static void on_text(void *ctx, struct span text, const struct err *err)
{
    struct bench *b = ctx;
    b->answers++;
    b->code = err ? err->code : ERR_NONE;
    snprintf(b->text, sizeof(b->text), "%.*s", SPAN_FMT(text));
}

/* Asked of the accounts that the associations name; told of each as a whole, of who asks, and of the QOS. */
static void limits_tell_what_accounts_have_left(void **state)
{
    struct bench *b = *state;
    struct err err;
    play(b, "sacctmgr", "case $* in *assoc*) echo 'bed|ml|me|||||||'; echo 'bed|lab|me|||||||';; esac\n");
    play(b, "scontrol",
         "case $* in *config*) echo 'MessageTimeout = 10 sec';;\n"
         "*accounts=lab,ml,*) f='GrpTRES=gres/gpu=8(2) GrpTRESMins=gres/gpu=90(30)'\n"
         "echo \"ClusterName=bed Account=ml UserName= $f\"; echo \"ClusterName=bed Account=ml UserName=$(id "
         "-un)(7) $f\"\n"
         "echo \"ClusterName=bed Account=ml UserName=stranger(8) $f\"; echo \"QOS=high(3) $f\";;\n"
         "*assoc_mgr*) exit 9;; *) echo 'PartitionName=gpu State=UP';; esac\n");
    assert_int_equal(executor_limits(b->ex, on_text, b, &err), 0);
    wait_answer(b, 0);
    assert_int_equal(b->code, ERR_NONE);
    assert_non_null(strstr(b->text,
                           "\"budgets\":[{\"account\":\"ml\",\"gpus\":8,\"gpus_in_use\":2,\"gpu_hours\":1.5,"
                           "\"gpu_hours_used\":0.5},{\"account\":\"ml\",\"user\":\""));
    assert_non_null(strstr(b->text, "{\"qos\":\"high\",\"gpus\":8,"));
    assert_null(strstr(b->text, "stranger"));
}

static void the_log_of_a_later_attempt_tells_of_restarts(void **state)
{
    (void)state;
    struct seen_job jobs[] = { { .source = SEEN_QUEUE, .token = span_of("one") },
                               { .source = SEEN_ACCOUNTING, .token = span_of("one") },
                               { .source = SEEN_QUEUE, .token = span_of("two"), .task = 8 },
                               { .source = SEEN_QUEUE, .token = span_of("two"), .task = 7 } };
    jobs[0].task = jobs[1].task = -1;
    static const char *const paths[] = { "one/attempt-1.log",   "one/attempt-3.log", "one/attempt-2.log",
                                         "two/attempt-2.7.log", "two/metrics.jsonl", "two/attempt-.log",
                                         "two/attempt-9",       "attempt-9.log" };
    struct seen_file seen[ARRAY_LEN(paths)] = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        seen[i].path = span_of(paths[i]);
    struct tick_files files = { .files = seen, .count = ARRAY_LEN(paths) };
    struct slurm_report report = { .jobs = jobs, .job_count = ARRAY_LEN(jobs) };
    slurm_report_files(&report, &files);
    assert_int_equal(report.tick.file_count, ARRAY_LEN(paths));
    assert_int_equal(jobs[0].restarts, 2);
    assert_int_equal(jobs[1].restarts, 0); /* accounting knows for itself */
    assert_int_equal(jobs[2].restarts, 0);
    assert_int_equal(jobs[3].restarts, 1); /* the task's own */
}

/* As Slurm says it with no slurmdbd, before and since 23.11. With accounting each look would wait for its
 * answer. */
static void a_site_without_accounting_is_known_by_either_word(void **state)
{
    static const char *const words[] = { "accounting_storage/none", "(null)", "" };
    struct bench *b = *state;
    struct token one = token_new(1);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        auto_str struct str show = STR_MAX(256);
        bench_end(state);
        bench_start(state);
        b = *state;
        str_addf(&show, "echo 'AccountingStorageType   = %s'\n", words[i]);
        play(b, "scontrol", str_text(&show));
        play(b, "sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1\n");
        look(b, one.text);
        assert_int_equal(b->look, LOOK_ABSENT);
    }
}

static void limits_name_partitions_and_the_default(void **state)
{
    struct bench *b = *state;
    struct err err;
    play(b, "scontrol",
         "case $* in *config*) echo 'MessageTimeout          = 10 sec'; echo 'AccountingStorageType = "
         "accounting_storage/none';;\n"
         "*) echo 'PartitionName=gpu AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL Default=YES "
         "MaxTime=1-00:00:00 "
         "State=UP TotalCPUs=8 TotalNodes=2';; esac\n");
    struct cluster_partition said = { .name = (char *)"gpu", .preemptible = true, .note = (char *)"by day" };
    b->cluster.partitions = &said;
    b->cluster.partition_count = 1;
    assert_int_equal(executor_limits(b->ex, on_text, b, &err), 0);
    wait_answer(b, 0);
    assert_int_equal(b->code, ERR_NONE);
    assert_non_null(strstr(b->text, "\"preemptible\":true,\"note\":\"by day\""));
    assert_non_null(strstr(b->text, "\"message_timeout_s\":10"));
    assert_non_null(strstr(b->text, "\"name\":\"gpu\",\"default\":true,\"up\":true,\"max_time_s\":86400"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_start, bench_end)
    const struct CMUnitTest tests[] = {
        T(submission_gives_the_id_and_is_never_sent_twice),
        T(refusal_keeps_the_words_and_names_the_key),
        T(time_out_is_unknown_and_dead_controller_transient),
        T(look_finds_by_receipt_and_proves_absence_only_whole),
        T(the_claim_says_which_job_is_ours_and_none_of_its_children_is),
        T(a_look_finds_the_refusal_whose_answer_was_lost),
        T(a_look_tells_words_that_nobody_knows_once_they_were_said_twice),
        T(launcher_without_a_result_counts_as_alive),
        T(exit_file_speaks_where_accounting_does_not),
        T(failing_squeue_proves_nothing),
        cmocka_unit_test(the_log_of_a_later_attempt_tells_of_restarts),
        T(a_site_without_accounting_is_known_by_either_word),
        T(limits_name_partitions_and_the_default),
        T(limits_tell_what_accounts_have_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
