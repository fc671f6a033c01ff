/* The process scheduler end to end: the real loop, the local transport, and both supervisors: our binary
 * (this one) and the sh program that machines behind ssh get. Covers: exec/supervisor_sh,
 * exec/process_program, exec/process_report, exec/process_tick. */
#include "exec/executor.h"

#include "base/clock.h"
#include "base/mem.h"
#include "exec/supervisor.h"
#include "exec/supervisor_file.h"
#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char self[512];
static enum cluster_type type = CLUSTER_LOCAL;

enum { JOBS = 3 };

struct bench {
    char dir[64];
    struct loop *loop;
    struct cluster_config cluster;
    struct executor_deps deps;
    struct executor *ex;
    struct token tokens[JOBS];
    struct tick_job jobs[JOBS];
    size_t count;
    unsigned answers;
    enum submit_end end;
    enum look_end look;
    char text[4096], run_dir[256];
    int64_t offset, size;
    enum err_code code;
    struct seen {
        enum job_state state;
        int64_t exit_code, signal;
        char reason[64];
    } seen[JOBS];
    size_t seen_count;
};

static int bench_start(void **state)
{
    static char name[] = "local";
    struct bench *b = mem_zalloc(sizeof(*b));
    snprintf(b->dir, sizeof(b->dir), "/tmp/sluice-proc-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    b->loop = loop_new();
    b->cluster = (struct cluster_config){ .name = name, .type = (int)type, .workspace = b->dir };
    b->cluster.ssh.command_timeout_s = 60;
    b->cluster.local.gpus = 0;
    b->cluster.local.slots_per_gpu = 1;
    b->cluster.local.cpu_slots = 2;
    b->deps = (struct executor_deps){ .loop = b->loop, .clock = &clock_real, .self_path = self };
    struct err err;
    assert_int_equal(executor_new(&b->cluster, &b->deps, &b->ex, &err), 0);
    *state = b;
    return 0;
}

static int bench_end(void **state)
{
    struct bench *b = *state;
    char command[128];
    executor_free(b->ex);
    loop_free(b->loop);
    snprintf(command, sizeof(command), "%s", b->dir);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(1);
    }
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
    snprintf(b->text, sizeof(b->text), "%s|%s|%s", result->upstream ? result->upstream : "",
             result->field ? result->field : "", result->err.text);
    snprintf(b->run_dir, sizeof(b->run_dir), "%s", result->run_dir ? result->run_dir : "");
}

static enum submit_end submit(struct bench *b, const struct submit_spec *spec)
{
    struct err err;
    unsigned before = b->answers;
    assert_int_equal(executor_submit(b->ex, spec, on_submit, b, &err), 0);
    assert_int_equal(b->answers, before);
    wait_answer(b, before);
    return b->end;
}

static size_t add_job(struct bench *b, const char *script, int64_t gpus, int64_t priority)
{
    size_t n = b->count++;
    b->tokens[n] = token_new(clock_wall_us(&clock_real));
    struct submit_spec spec = {
        .token = b->tokens[n].text, .launch = 1, .script = span_of(script), .name = "x"
    };
    spec.gpus = gpus;
    spec.cpus = 8;
    b->jobs[n] =
        (struct tick_job){ .token = spec.token, .sched_id = spec.token, .name = "x", .queued = true };
    b->jobs[n].gpus = gpus;
    b->jobs[n].cpus = 8;
    b->jobs[n].priority = priority;
    assert_int_equal(submit(b, &spec), SUBMIT_ACCEPTED);
    return n;
}

static void on_tick(void *ctx, const struct tick_report *report, const struct err *err)
{
    struct bench *b = ctx;
    b->answers++;
    assert_null(err);
    assert_true(report->queue_ok);
    b->seen_count = report->job_count;
    memset(b->seen, 0, sizeof(b->seen));
    for (size_t i = 0; i < report->job_count; i++) {
        const struct seen_job *seen = &report->jobs[i];
        for (size_t n = 0; n < b->count; n++) {
            if (!span_is(seen->token, b->tokens[n].text))
                continue;
            b->seen[n].state = seen->state;
            b->seen[n].exit_code = seen->exit_code;
            b->seen[n].signal = seen->signal;
            snprintf(b->seen[n].reason, sizeof(b->seen[n].reason), "%.*s", SPAN_FMT(seen->reason));
        }
    }
}

static void tick(struct bench *b)
{
    struct err err;
    unsigned before = b->answers;
    struct tick_spec spec = { .jobs = b->jobs, .count = b->count, .want_nodes = true };
    assert_int_equal(executor_tick(b->ex, &spec, on_tick, b, &err), 0);
    wait_answer(b, before);
}

static void tick_until(struct bench *b, size_t n, enum job_state state)
{
    for (int i = 0; i < 400 && b->seen[n].state != state; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
        tick(b);
    }
    assert_string_equal(job_state_word(b->seen[n].state), job_state_word(state));
}

static void on_plain(void *ctx, const struct err *err)
{
    struct bench *b = ctx;
    b->answers++;
    b->code = err ? err->code : ERR_NONE;
    if (err)
        snprintf(b->text, sizeof(b->text), "%s", err->text);
}

static void cancel(struct bench *b, size_t n)
{
    struct err err;
    unsigned before = b->answers;
    struct cancel_spec spec = { .token = b->tokens[n].text, .sched_id = b->tokens[n].text, .task = -1 };
    assert_int_equal(executor_cancel(b->ex, &spec, on_plain, b, &err), 0);
    wait_answer(b, before);
    assert_int_equal(b->code, ERR_NONE);
}

static void on_read(void *ctx, struct span bytes, int64_t offset, int64_t size, const struct err *err)
{
    struct bench *b = ctx;
    b->answers++;
    b->code = err ? err->code : ERR_NONE;
    snprintf(b->text, sizeof(b->text), "%.*s", SPAN_FMT(bytes));
    b->offset = offset;
    b->size = size;
}

static void read_file(struct bench *b, const struct read_spec *spec)
{
    struct err err;
    unsigned before = b->answers;
    assert_int_equal(executor_read(b->ex, spec, on_read, b, &err), 0);
    wait_answer(b, before);
}

static void job_runs_to_its_exit_code(void **state)
{
    struct bench *b = *state;
    size_t n = add_job(b, "echo hello >attempt-1.log; exit 3\n", 0, 0);
    assert_true(strstr(b->run_dir, b->tokens[n].text) != NULL);
    tick(b);
    assert_int_equal(b->seen[n].state, JOB_STATE_RUNNING);
    tick_until(b, n, JOB_STATE_FAILED);
    assert_int_equal(b->seen[n].exit_code, 3);
    read_file(b,
              &(struct read_spec){ .token = b->tokens[n].text, .file = "attempt-1.log", .max_bytes = 100 });
    assert_string_equal(b->text, "hello\n");
    assert_int_equal(b->size, 6);
}

static void repeated_submission_is_one_job(void **state)
{
    struct bench *b = *state;
    size_t n = add_job(b, "echo ran >>ran\n", 0, 0);
    struct submit_spec spec = { .token = b->tokens[n].text,
                                .launch = 1,
                                .script = SPAN_LIT("echo other >>ran\n") };
    assert_int_equal(submit(b, &spec), SUBMIT_ACCEPTED);
    tick_until(b, n, JOB_STATE_COMPLETED);
    assert_int_equal(submit(b, &spec), SUBMIT_ACCEPTED);
    tick(b);
    read_file(b, &(struct read_spec){ .token = b->tokens[n].text, .file = "ran", .max_bytes = 100 });
    assert_string_equal(b->text, "ran\n");
}

static void later_jobs_wait_for_room_and_priority_overtakes(void **state)
{
    struct bench *b = *state;
    size_t first = add_job(b, "while ! [ -e go ]; do sleep 0.02; done\n", 0, 0);
    size_t second = add_job(b, "sleep 60\n", 0, 0);
    size_t urgent = add_job(b, "exit 0\n", 0, 5);
    b->count = 1;
    tick(b);
    b->count = 3;
    tick(b);
    assert_int_equal(b->seen[first].state, JOB_STATE_RUNNING);
    assert_int_equal(b->seen[second].state, JOB_STATE_PENDING);
    assert_string_equal(b->seen[second].reason, "Priority");
    assert_string_equal(b->seen[urgent].reason, "Resources");
    char path[256];
    snprintf(path, sizeof(path), "%s/runs/%s/go", b->dir, b->tokens[first].text);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    tick_until(b, urgent, JOB_STATE_COMPLETED);
    tick_until(b, second, JOB_STATE_RUNNING);
    cancel(b, second);
    tick_until(b, second, JOB_STATE_CANCELLED);
}

static void queued_job_is_closed_by_a_cancel(void **state)
{
    struct bench *b = *state;
    size_t n = add_job(b, "echo ran >ran\n", 0, 0);
    cancel(b, n);
    tick(b);
    assert_int_equal(b->seen[n].state, JOB_STATE_CANCELLED);
    read_file(b, &(struct read_spec){ .token = b->tokens[n].text, .file = "ran", .max_bytes = 100 });
    assert_int_equal(b->code, ERR_NOT_FOUND);
}

static void too_many_gpus_are_refused_in_words(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    struct submit_spec spec = { .token = token.text, .launch = 1, .script = SPAN_LIT("true\n"), .gpus = 2 };
    assert_int_equal(submit(b, &spec), SUBMIT_REFUSED);
    assert_string_equal(b->text, "the job asks for 2 GPUs, and this machine has 0|resources.gpus|");
}

static void write_nvidia_smi(struct bench *b, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/bin", b->dir);
    (void)mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/bin/nvidia-smi", b->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    dprintf(fd, "#!/bin/sh\n%s\n", text);
    close(fd);
}

static void an_nvidia_smi_that_fails_is_waited_for_and_does_not_mean_none(void **state)
{
    struct bench *b = *state;
    struct token token = token_new(1);
    struct submit_spec spec = { .token = token.text, .launch = 1, .script = SPAN_LIT("true\n"), .gpus = 1 };
    auto_free char *old = mem_dup_str(getenv("PATH"));
    auto_str struct str path = STR_MAX(8192);
    str_addf(&path, "%s/bin:%s", b->dir, old);
    setenv("PATH", str_text(&path), 1);
    b->cluster.local.gpus = BIND_NONE;
    write_nvidia_smi(b, "echo '0, GPU-1, NVIDIA A100, 81920 MiB'");
    size_t n = add_job(b, "true\n", 1, 0);
    write_nvidia_smi(b, "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");
    assert_int_equal(submit(b, &spec), SUBMIT_TRANSIENT);
    tick(b);
    assert_string_equal(b->seen[n].reason, "NvidiaSmiFails");
    write_nvidia_smi(b, "echo 'No devices were found'; exit 6");
    assert_int_equal(submit(b, &spec), SUBMIT_REFUSED);
    tick(b);
    assert_string_equal(b->seen[n].reason, "MachineHasTooFewGpus");
    write_nvidia_smi(b, "echo '0, GPU-1, NVIDIA A100, 81920 MiB'");
    tick_until(b, n, JOB_STATE_COMPLETED);
    setenv("PATH", old, 1);
}

static void gpus_are_given_and_shared_by_slots(void **state)
{
    struct bench *b = *state;
    b->cluster.local.gpus = 2;
    const char *script = "echo $CUDA_VISIBLE_DEVICES >gpus; while ! [ -e go ]; do sleep 0.02; done\n";
    size_t one = add_job(b, script, 1, 0), two = add_job(b, script, 1, 0), three = add_job(b, script, 1, 0);
    tick(b);
    assert_int_equal(b->seen[one].state, JOB_STATE_RUNNING);
    assert_int_equal(b->seen[two].state, JOB_STATE_RUNNING);
    assert_string_equal(b->seen[three].reason, "Resources");
    char path[256];
    snprintf(path, sizeof(path), "%s/runs/%s/go", b->dir, b->tokens[one].text);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    tick_until(b, one, JOB_STATE_COMPLETED);
    tick_until(b, three, JOB_STATE_RUNNING);
    tick(b);
    read_file(b, &(struct read_spec){ .token = b->tokens[two].text, .file = "gpus", .max_bytes = 100 });
    assert_string_equal(b->text, "1\n");
    for (int i = 0; i < 100 && strcmp(b->text, "0\n") != 0; i++)
        read_file(b, &(struct read_spec){ .token = b->tokens[three].text, .file = "gpus", .max_bytes = 100 });
    assert_string_equal(b->text, "0\n");
    cancel(b, two);
    cancel(b, three);
    tick_until(b, two, JOB_STATE_CANCELLED);
    tick_until(b, three, JOB_STATE_CANCELLED);
}

static int64_t pid_file(struct bench *b, size_t n, const char *key)
{
    char path[256], line[256];
    int64_t value = 0;
    snprintf(path, sizeof(path), "%s/runs/%s/pid", b->dir, b->tokens[n].text);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == '=')
            value = strtoll(line + strlen(key) + 1, NULL, 10);
    fclose(file);
    return value;
}

static void job_whose_all_was_killed_is_lost_not_failed(void **state)
{
    struct bench *b = *state;
    char path[256];
    size_t n = add_job(b, "sleep 60\n", 0, 0);
    tick(b);
    kill((pid_t)pid_file(b, n, "supervisor"), SIGKILL);
    tick(b);
    assert_int_equal(b->seen[n].state, JOB_STATE_RUNNING); /* the payload goes on */
    snprintf(path, sizeof(path), "%s/runs/%s/exit.payload", b->dir, b->tokens[n].text);
    close(open(path, O_WRONLY | O_CREAT, 0600)); /* as a crash leaves it: it tells no end */
    kill((pid_t)-pid_file(b, n, "pid"), SIGKILL);
    tick_until(b, n, JOB_STATE_LOST);
}

/* As body.sh runs it: in a group of its own. Its number is in the file `program`. */
static const char deaf_program[] = "set -m\ntrap '' TERM\nsleep 60 &\necho \"number=$!\" >program\nwait\n";

static pid_t program_of(struct bench *b, size_t n)
{
    char path[300];
    int64_t number = 0;
    snprintf(path, sizeof(path), "%s/runs/%s/program", b->dir, b->tokens[n].text);
    for (int i = 0; i < 200 && number <= 0; i++) {
        usleep(50000);
        (void)spec_number(path, "number", &number);
    }
    assert_true(number > 0);
    return (pid_t)number;
}

static void a_program_that_outlives_supervisor_and_script_is_still_the_job(void **state)
{
    struct bench *b = *state;
    size_t n = add_job(b, deaf_program, 0, 0);
    tick(b);
    pid_t program = program_of(b, n);
    kill((pid_t)pid_file(b, n, "supervisor"), SIGKILL);
    kill((pid_t)pid_file(b, n, "pid"), SIGKILL);
    usleep(200000);
    tick(b);
    assert_int_equal(b->seen[n].state, JOB_STATE_RUNNING);
    kill(program, SIGKILL);
    tick_until(b, n, JOB_STATE_LOST);
}

/* Gone, or a zombie that nobody reaps here. */
static bool is_over(pid_t pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return true;
    const char *name_end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return !name_end || name_end[2] == 'Z';
}

static void a_cancel_ends_a_deaf_program_without_its_supervisor(void **state)
{
    struct bench *b = *state;
    size_t n = add_job(b, deaf_program, 0, 0);
    tick(b);
    pid_t program = program_of(b, n);
    kill((pid_t)pid_file(b, n, "supervisor"), SIGKILL);
    usleep(200000);
    cancel(b, n);
    tick(b);
    assert_int_equal(b->seen[n].state, JOB_STATE_RUNNING);
    cancel(b, n);
    tick_until(b, n, JOB_STATE_CANCELLED);
    assert_true(is_over(program));
}

static void job_whose_supervisor_died_unborn_starts_again(void **state)
{
    struct bench *b = *state;
    size_t n = add_job(b, "exit 0\n", 0, 0);
    char path[256];
    snprintf(path, sizeof(path), "%s/runs/%s/claim", b->dir, b->tokens[n].text);
    assert_int_equal(symlink("999999:1:none", path), 0);
    tick_until(b, n, JOB_STATE_COMPLETED);
}

static void on_look(void *ctx, const struct look_result *result)
{
    struct bench *b = ctx;
    b->answers++;
    b->look = result->end;
    snprintf(b->run_dir, sizeof(b->run_dir), "%s", result->run_dir ? result->run_dir : "");
}

static void look_tells_found_from_absent(void **state)
{
    struct bench *b = *state;
    struct err err;
    struct token other = token_new(5);
    size_t n = add_job(b, "exit 0\n", 0, 0);
    unsigned before = b->answers;
    assert_int_equal(executor_look(b->ex, &(struct look_spec){ .token = other.text }, on_look, b, &err), 0);
    wait_answer(b, before);
    assert_int_equal(b->look, LOOK_ABSENT);
    assert_int_equal(
        executor_look(b->ex, &(struct look_spec){ .token = b->tokens[n].text }, on_look, b, &err), 0);
    wait_answer(b, before + 1);
    assert_int_equal(b->look, LOOK_FOUND);
    assert_true(strstr(b->run_dir, b->tokens[n].text) != NULL);
}

static void reads_by_offset_and_by_line(void **state)
{
    struct bench *b = *state;
    size_t n = add_job(b, "printf 'one\\ntwo\\nthree\\nfour' >log; sleep 60\n", 0, 0);
    const char *token = b->tokens[n].text;
    tick(b);
    for (int i = 0; i < 200 && b->size != 18; i++)
        read_file(b, &(struct read_spec){ .token = token, .file = "log", .max_bytes = 100 });
    static const struct {
        struct read_spec spec;
        const char *text;
        int64_t offset;
    } cases[] = {
        { { .offset = 4, .max_bytes = 3 }, "two", 4 },
        { { .offset = -4, .max_bytes = 100 }, "four", 14 },
        { { .offset = -400, .max_bytes = 3 }, "one", 0 },
        { { .offset = 400, .max_bytes = 3 }, "", 400 },
        { { .first_line = 2, .lines = 2, .max_bytes = 100 }, "two\nthree\n", 4 },
        { { .first_line = -2, .lines = 10, .max_bytes = 100 }, "three\nfour", 8 },
        { { .first_line = -20, .lines = 1, .max_bytes = 100 }, "one\n", 0 },
        { { .first_line = 9, .lines = 1, .max_bytes = 100 }, "", 18 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct read_spec spec = cases[i].spec;
        spec.token = token;
        spec.file = "log";
        read_file(b, &spec);
        assert_string_equal(b->text, cases[i].text);
        assert_int_equal(b->offset, cases[i].offset);
        assert_int_equal(b->size, 18);
    }
    cancel(b, n);
    tick_until(b, n, JOB_STATE_CANCELLED);
}

static void paths_out_of_the_run_are_refused(void **state)
{
    struct bench *b = *state;
    struct err err;
    struct token token = token_new(9);
    static const char *const bad[] = {
        "../x", "/etc/passwd", "a/../../b", "-n", "a b", "a'b", ".secret", ""
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct read_spec spec = { .token = token.text, .file = bad[i], .max_bytes = 10 };
        assert_int_equal(executor_read(b->ex, &spec, on_read, b, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
    }
}

static void unusable_workspace_is_told(void **state)
{
    struct bench *b = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/file", b->dir);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    b->cluster.workspace = path;
    struct token token = token_new(9);
    read_file(b, &(struct read_spec){ .token = token.text, .file = "log", .max_bytes = 10 });
    assert_int_equal(b->code, ERR_DENIED);
    struct submit_spec spec = { .token = token.text, .launch = 1, .script = SPAN_LIT("true\n") };
    assert_int_equal(submit(b, &spec), SUBMIT_TRANSIENT);
    assert_non_null(strstr(b->text, "cannot be used"));
}

static void what_cannot_be_written_is_told_with_its_cause(void **state)
{
    struct bench *b = *state;
    char path[300];
    struct token token = token_new(9);
    struct submit_spec spec = { .token = token.text, .launch = 1, .script = SPAN_LIT("true\n") };
    snprintf(path, sizeof(path), "%s/runs", b->cluster.workspace);
    (void)mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/runs/%s", b->cluster.workspace, token.text);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(submit(b, &spec), SUBMIT_TRANSIENT);
    assert_string_equal(b->text, "||the run directory could not be written (run directory: File exists)");
}

static void close_takes_the_secrets_away(void **state)
{
    struct bench *b = *state;
    struct err err;
    struct token token = token_new(9);
    char path[300];
    struct stat st;
    struct submit_spec spec = { .token = token.text, .launch = 1, .script = SPAN_LIT("true\n") };
    spec.secrets = SPAN_LIT("export KEY='v'\n");
    assert_int_equal(submit(b, &spec), SUBMIT_ACCEPTED);
    snprintf(path, sizeof(path), "%s/secrets", b->run_dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unsigned before = b->answers;
    assert_int_equal(executor_close(b->ex, token.text, on_plain, b, &err), 0);
    wait_answer(b, before);
    assert_int_equal(b->code, ERR_NONE);
    assert_int_equal(stat(path, &st), -1);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "supervise") == 0)
        return supervisor_main(argc - 1, argv + 1);
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        return 1;
#define T(name) cmocka_unit_test_setup_teardown(name, bench_start, bench_end)
    const struct CMUnitTest tests[] = {
        T(job_runs_to_its_exit_code),
        T(repeated_submission_is_one_job),
        T(later_jobs_wait_for_room_and_priority_overtakes),
        T(queued_job_is_closed_by_a_cancel),
        T(too_many_gpus_are_refused_in_words),
        T(an_nvidia_smi_that_fails_is_waited_for_and_does_not_mean_none),
        T(gpus_are_given_and_shared_by_slots),
        T(job_whose_all_was_killed_is_lost_not_failed),
        T(a_program_that_outlives_supervisor_and_script_is_still_the_job),
        T(a_cancel_ends_a_deaf_program_without_its_supervisor),
        T(job_whose_supervisor_died_unborn_starts_again),
        T(look_tells_found_from_absent),
        T(reads_by_offset_and_by_line),
        T(paths_out_of_the_run_are_refused),
        T(unusable_workspace_is_told),
        T(what_cannot_be_written_is_told_with_its_cause),
        T(close_takes_the_secrets_away),
    };
    int failed = cmocka_run_group_tests_name("our binary", tests, NULL, NULL);
    type = CLUSTER_SSH;
    return failed + cmocka_run_group_tests_name("sh", tests, NULL, NULL);
}
