/* The built-in batch templates, rendered and really run by bash, with srun, scontrol and conda played by
 * scripts. */
#include "svc/render/templates.h"

#include "base/mem.h"
#include "text/json_in.h"
#include "text/template.h"

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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOKEN "jx01h455vb4pex5vsknk084sn02q"

struct run {
    char top[64], dir[256];
    struct doc *context;
};

static const char base_context[] =
    "{\"token\": \"" TOKEN "\", \"name\": \"n\", \"project\": \"p\", \"cluster\": \"c\", \"seed\": \"42\","
    " \"argv\": [\"true\"], \"vars\": [], \"has_secrets\": false, \"has_code\": false, \"in_place\": null,"
    " \"has_modules\": false, \"modules\": [], \"purge_modules\": false, \"conda_env\": null,"
    " \"conda_prefix\": null, \"venv\": null, \"python\": \"python3\", \"package_name\": null,"
    " \"install_editable\": false, \"train_script\": null, \"setup\": [], \"teardown\": [],"
    " \"is_parallel\": false, \"srun_options\": [\"--kill-on-bad-exit=1\"], \"master_port\": \"\"}";

static int run_new(void **state)
{
    struct run *run = mem_zalloc(sizeof(*run));
    struct err err;
    snprintf(run->top, sizeof(run->top), "/tmp/sluice-tmpl-XXXXXX");
    assert_non_null(mkdtemp(run->top));
    snprintf(run->dir, sizeof(run->dir), "%s/%s", run->top, TOKEN);
    assert_int_equal(mkdir(run->dir, 0700), 0);
    assert_int_equal(json_parse(SPAN_LIT(base_context), &run->context, &err), 0);
    *state = run;
    return 0;
}

static int run_end(void **state)
{
    struct run *run = *state;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", run->top, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    doc_free(run->context);
    free(run);
    return 0;
}

static void put(const struct run *run, const char *name, struct span text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", run->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    fclose(file);
    chmod(path, 0700);
}

static struct doc *field(struct run *run, const char *key)
{
    for (size_t i = 0; i < run->context->count; i++)
        if (strcmp(run->context->items[i].key, key) == 0)
            return &run->context->items[i];
    fail_msg("no %s", key);
    return NULL;
}

static void set(struct run *run, const char *key, const char *json)
{
    struct err err;
    struct doc *to = field(run, key), *value = NULL;
    if (json_parse(span_of(json), &value, &err) < 0)
        fail_msg("%s", err.text);
    char *name = mem_dup_str(key);
    doc_clear(to);
    mem_free_ptr(&to->key);
    doc_copy(to, value);
    mem_free_ptr(&to->key);
    to->key = name;
    doc_free(value);
}

static void render(struct run *run, const char *template_name)
{
    auto_str struct str script = STR_MAX(1024 * 1024);
    auto_errs struct errs errs = { 0 };
    const struct embedded_template *t = embedded_templates;
    while (strcmp(t->name, template_name) != 0)
        t++;
    struct template_source source = { .text = span_of(t->text), .file = t->name };
    if (template_render(&source, run->context, &script, NULL, &errs) < 0) {
        auto_str struct str text = STR_MAX(4096);
        errs_text(&errs, &text);
        fail_msg("%s", str_text(&text));
    }
    put(run, "script.sh", str_span(&script));
}

/* Starts script.sh with the run directory as working directory; env: "K=V K=V". */
static pid_t start(const struct run *run, const char *env)
{
    pid_t pid = fork();
    if (pid == 0) {
        char words[512], path[512];
        snprintf(words, sizeof(words), "%s", env);
        snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", run->dir);
        int null = open("/dev/null", O_RDWR);
        if (chdir(run->dir) < 0 || clearenv() != 0)
            _exit(99);
        setenv("PATH", path, 1);
        setenv("HOME", run->top, 1);
        for (char *at = words, *word; (word = strsep(&at, " "));)
            if (*word)
                putenv(word);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execlp("bash", "bash", "script.sh", (char *)NULL);
        _exit(99);
    }
    return pid;
}

static int finish(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static char *content(const struct run *run, const char *name, size_t *len)
{
    static char text[262144];
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", run->dir, name);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    if (len)
        *len = n;
    return file ? text : NULL;
}

static void assert_holds(const struct run *run, const char *name, const char *part)
{
    const char *text = content(run, name, NULL);
    if (!text || !strstr(text, part))
        fail_msg("%s lacks \"%s\": %s", name, part, text ? text : "(no file)");
}

static void wait_for(const struct run *run, const char *name)
{
    for (int i = 0; i < 1000 && !content(run, name, NULL); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
    assert_non_null(content(run, name, NULL));
}

/* --- identity and claim --- */

static void script_runs_only_in_its_own_run_directory(void **state)
{
    struct run *run = *state;
    char other[256];
    render(run, "slurm.sh");
    snprintf(other, sizeof(other), "%s/other", run->top);
    assert_int_equal(rename(run->dir, other), 0);
    memcpy(run->dir, other, sizeof(other));
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7")), 121);
    assert_null(content(run, "attempt-1.log", NULL));
}

static void of_three_copies_one_runs(void **state)
{
    struct run *run = *state;
    set(run, "argv", "[\"sh\", \"-c\", \"echo ran >>../ran; sleep 0.2\"]");
    render(run, "slurm.sh");
    pid_t pids[] = { start(run, "SLURM_JOB_ID=7"), start(run, "SLURM_JOB_ID=8"),
                     start(run, "SLURM_JOB_ID=9") };
    int ran = 0, duplicates = 0;
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        int rc = finish(pids[i]);
        ran += rc == 0;
        duplicates += rc == 120;
    }
    assert_int_equal(ran, 1);
    assert_int_equal(duplicates, 2);
    assert_string_equal(content(run, "../ran", NULL), "ran\n");
}

static void requeue_runs_again_with_its_own_log(void **state)
{
    struct run *run = *state;
    set(run, "argv", "[\"sh\", \"-c\", \"echo attempt $SLUICE_ATTEMPT; exit 5\"]");
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7")), 5);
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=8")), 120);
    assert_holds(run, "exit", "code=5 ");
    assert_holds(run, "exit", " attempt=1 ");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7 SLURM_RESTART_COUNT=1")), 5);
    assert_string_equal(content(run, "attempt-1.log", NULL), "attempt 1\n");
    assert_string_equal(content(run, "attempt-2.log", NULL), "attempt 2\n");
    assert_holds(run, "exit", " attempt=2 ");
}

static void array_tasks_claim_and_end_each_for_itself(void **state)
{
    struct run *run = *state;
    set(run, "argv", "[\"sh\", \"-c\", \"exit $SLURM_ARRAY_TASK_ID\"]");
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=8 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2")), 2);
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=3")), 3);
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=9 SLURM_ARRAY_JOB_ID=9 SLURM_ARRAY_TASK_ID=3")), 120);
    assert_holds(run, "exit.2", "code=2 ");
    assert_holds(run, "exit.3", "code=3 ");
    assert_non_null(content(run, "attempt-1.2.log", NULL));
}

/* --- signals and ends --- */

static void signals_reach_the_payload_and_its_code_is_true(void **state)
{
    struct run *run = *state;
    set(run, "argv",
        "[\"bash\", \"-c\", \"exec 2>/dev/null; " /* bash may tell of the sleep that was ended, or may not */
        "trap 'echo usr2; kill $s 2>/dev/null' USR2; trap 'echo term; exit 7' TERM; "
        "sleep 60 & s=$!; "
        "touch up; wait; sleep 60 & s=$!; touch again; wait\"]");
    render(run, "slurm.sh");
    pid_t pid = start(run, "SLURM_JOB_ID=7");
    wait_for(run, "up");
    kill(pid, SIGUSR2);
    wait_for(run, "again");
    kill(pid, SIGTERM);
    assert_int_equal(finish(pid), 7);
    assert_holds(run, "attempt-1.log", "usr2\nterm\n");
    assert_holds(run, "exit", "code=7 ");
}

static void payload_killed_by_a_signal_gives_128_and_its_number(void **state)
{
    struct run *run = *state;
    set(run, "argv", "[\"sh\", \"-c\", \"kill -9 $$\"]");
    render(run, "process.sh");
    assert_int_equal(finish(start(run, "")), 137);
    assert_holds(run, "exit.payload", "code=137 ");
}

static void interrupt_is_not_ignored_by_the_payload(void **state)
{
    struct run *run = *state;
    set(run, "argv", "[\"sh\", \"-c\", \"touch up; exec sleep 60\"]");
    render(run, "slurm.sh");
    pid_t pid = start(run, "SLURM_JOB_ID=7");
    wait_for(run, "up");
    kill(pid, SIGINT);
    assert_int_equal(finish(pid), 130);
}

/* Made to come just there by bash's own hook: the payload runs, but the script has not noted yet which it is.
 */
static void a_signal_while_the_payload_starts_reaches_it(void **state)
{
    struct run *run = *state;
    char env[600];
    put(run, "hook",
        SPAN_LIT("set -T\ntrap '[ \"$BASH_COMMAND\" != \"payload=\\$!\" ] || kill -INT $$' DEBUG\n"));
    set(run, "argv", "[\"sleep\", \"60\"]");
    render(run, "slurm.sh");
    snprintf(env, sizeof(env), "SLURM_JOB_ID=7 BASH_ENV=%s/hook", run->dir);
    assert_int_equal(finish(start(run, env)), 130);
}

static void teardown_runs_always_and_keeps_the_code(void **state)
{
    struct run *run = *state;
    set(run, "teardown",
        "[{\"teardown_line\": \"echo one\"}, {\"teardown_line\": \"false\"}, {\"teardown_line\": \"echo 'two "
        " words'\"}]");
    set(run, "argv", "[\"sh\", \"-c\", \"exit 3\"]");
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7")), 3);
    assert_holds(run, "attempt-1.log", "one\ntwo  words\n");
}

static void failed_setup_line_is_a_sentence_and_ends_the_job(void **state)
{
    struct run *run = *state;
    set(run, "setup", "[{\"setup_line\": \"X=1; export X\"}, {\"setup_line\": \"[ \\\"$X\\\" = 2 ]\"}]");
    set(run, "argv", "[\"touch\", \"ran\"]");
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7")), 1);
    assert_holds(run, "attempt-1.log", "sluice: a setup line failed: [ \"$X\" = 2 ]");
    assert_null(content(run, "ran", NULL));
}

/* --- environment --- */

static void variables_arrive_byte_for_byte(void **state)
{
    struct run *run = *state;
    set(run, "vars",
        "[{\"key\": \"A\", \"value\": \"a,b'\\\"$(id)\\n`x`\\\\ \"}, {\"key\": \"B\", \"value\": \"\"}]");
    set(run, "argv",
        "[\"sh\", \"-c\", \"printf '%s|%s|%s' \\\"$A\\\" \\\"$B\\\" \\\"$PYTHONUNBUFFERED\\\"\"]");
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7")), 0);
    assert_string_equal(content(run, "attempt-1.log", NULL), "a,b'\"$(id)\n`x`\\ ||1");
}

/* The gateway removes them when the job is over for good (svc/watch/closing). */
static void secrets_stay_where_a_job_may_come_back(void **state)
{
    struct run *run = *state;
    set(run, "has_secrets", "true");
    set(run, "argv",
        "[\"sh\", \"-c\", \"echo key=$KEY; touch up; [ $SLUICE_ATTEMPT != 1 ] || exec sleep 60\"]");
    render(run, "slurm.sh");
    put(run, "secrets", SPAN_LIT("export KEY='s3cret'\n"));
    pid_t pid = start(run, "SLURM_JOB_ID=7");
    wait_for(run, "up");
    kill(pid, SIGTERM);
    assert_int_equal(finish(pid), 143);
    assert_non_null(content(run, "secrets", NULL));
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7 SLURM_RESTART_COUNT=1")), 0);
    assert_holds(run, "attempt-2.log", "key=s3cret"); /* `scontrol requeue $SLURM_JOB_ID; exit 0` */
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7 SLURM_RESTART_COUNT=2")), 0);
    assert_holds(run, "attempt-3.log", "key=s3cret");
    assert_non_null(content(run, "secrets", NULL));
}

static void make_dir(const struct run *run, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", run->dir, name);
    mkdir(path, 0700);
}

static void missing_conda_environment_is_a_sentence_with_the_known_ones(void **state)
{
    struct run *run = *state;
    set(run, "conda_env", "\"nope\"");
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7")), 1);
    assert_holds(run, "attempt-1.log", "conda environment 'nope' is asked for, but no conda was found on ");
    make_dir(run, "../miniconda3");
    make_dir(run, "../miniconda3/etc");
    make_dir(run, "../miniconda3/etc/profile.d");
    put(run, "../miniconda3/etc/profile.d/conda.sh",
        SPAN_LIT("conda() { case $1 in activate) return 1;; env) printf '# c\\nbase  /b\\nml * /m\\n';; "
                 "esac; }\n"));
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7 SLURM_RESTART_COUNT=1")), 1);
    assert_holds(run, "attempt-2.log", "conda environment 'nope' not found on ");
    assert_holds(run, "attempt-2.log", "; known: base, ml\n");
}

static void missing_pieces_are_sentences(void **state)
{
    struct run *run = *state;
    static const struct {
        const char *key, *value, *says;
    } rows[] = {
        { "venv", "\"/no/venv\"", "virtual environment '/no/venv' not found on " },
        { "train_script", "\"train.py\"", "train_script 'train.py' does not exist in " },
        { "in_place", "\"/no/code\"", "the code folder '/no/code' does not exist on " },
        { "has_code", "true", "the copy of the code is missing from " },
        { "has_secrets", "true", "the job's secrets file is missing from " },
        { "has_modules", "true", "has no module command" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        set(run, rows[i].key, rows[i].value);
        render(run, "process.sh");
        put(run, "attempt-1.log", SPAN_LIT(""));
        assert_int_equal(finish(start(run, "")), 1);
        assert_holds(run, "attempt-1.log", rows[i].says);
        set(run, rows[i].key, strcmp(rows[i].value, "true") == 0 ? "false" : "null");
    }
}

static void several_tasks_start_by_srun_with_a_master(void **state)
{
    struct run *run = *state;
    set(run, "is_parallel", "true");
    set(run, "argv",
        "[\"sh\", \"-c\", \"echo rank $RANK of $WORLD_SIZE at $MASTER_ADDR:$MASTER_PORT $0\", \"a b\"]");
    make_dir(run, "bin");
    put(run, "bin/scontrol", SPAN_LIT("#!/bin/sh\n[ \"$3\" = 'n[1-3]' ] && printf 'n1\\nn2\\nn3\\n'\n"));
    put(run, "bin/srun",
        SPAN_LIT(
            "#!/bin/sh\necho \"srun $1\"; shift\n"
            "SLURM_PROCID=2 SLURM_LOCALID=0 SLURM_NTASKS=3; export SLURM_PROCID SLURM_LOCALID SLURM_NTASKS\n"
            "exec \"$@\"\n"));
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_NODELIST=n[1-3] SLURM_JOB_ID=40007")), 0);
    assert_string_equal(content(run, "attempt-1.log", NULL),
                        "srun --kill-on-bad-exit=1\nrank 2 of 3 at n1:20007 a b\n");
}

/* --- argv --- */

static void put_argv(struct run *run, const struct span *words, size_t count)
{
    set(run, "argv", "[\"sh\", \"-c\", \"printf '%s\\\\0' \\\"$@\\\"\", \"sh\"]");
    for (size_t i = 0; i < count; i++) {
        auto_free char *word = span_dup(words[i]);
        doc_set_str(doc_push(field(run, "argv"), NULL), word);
    }
}

static void every_word_arrives_byte_for_byte(void **state)
{
    struct run *run = *state;
    static char longest[10001];
    memset(longest, 'x', sizeof(longest) - 1);
    const struct span words[] = {
        SPAN_LIT(""),
        SPAN_LIT(" "),
        SPAN_LIT("a b"),
        SPAN_LIT("'"),
        SPAN_LIT("''\\'"),
        SPAN_LIT("\""),
        SPAN_LIT("$(touch pwn)"),
        SPAN_LIT("`touch pwn`"),
        SPAN_LIT("line\nbreak"),
        SPAN_LIT("\n"),
        SPAN_LIT("end\n"),
        SPAN_LIT("*"),
        SPAN_LIT("~"),
        SPAN_LIT("-n"),
        SPAN_LIT("--"),
        SPAN_LIT("a=b"),
        SPAN_LIT("\\"),
        SPAN_LIT("\\n"),
        SPAN_LIT("!x!"),
        SPAN_LIT("#c"),
        SPAN_LIT("{a,b}"),
        SPAN_LIT("$HOME"),
        SPAN_LIT("; exit 1"),
        SPAN_LIT("&|<>"),
        SPAN_LIT("\t\r"),
        SPAN_LIT("\x1b[31m"),
        SPAN_LIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
        SPAN_LIT("{nothing}"),
        SPAN_LIT("&"),
        SPAN_LIT("\x1f\x01\x7f"),
        { longest, sizeof(longest) - 1 },
    };
    put_argv(run, words, ARRAY_LEN(words));
    render(run, "slurm.sh");
    assert_int_equal(finish(start(run, "SLURM_JOB_ID=7 LC_ALL=C.UTF-8")), 0);
    size_t len;
    const char *text = content(run, "attempt-1.log", &len), *at = text;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        assert_true(at + words[i].len < text + len);
        assert_memory_equal(at, words[i].ptr, words[i].len);
        assert_int_equal(at[words[i].len], 0);
        at += words[i].len + 1;
    }
    assert_int_equal(at - text, len);
    assert_null(content(run, "pwn", NULL));
}

static void placeholders_become_values_of_the_run(void **state)
{
    struct run *run = *state;
    char odd[256], want[512];
    snprintf(odd, sizeof(odd), "%s/a&b 'c'", run->top);
    mkdir(odd, 0700);
    snprintf(odd, sizeof(odd), "%s/a&b 'c'/%s", run->top, TOKEN);
    assert_int_equal(rename(run->dir, odd), 0);
    memcpy(run->dir, odd, sizeof(odd));
    const struct span words[] = { SPAN_LIT("out={run_dir}/x"), SPAN_LIT("{run_id}{seed}") };
    put_argv(run, words, ARRAY_LEN(words));
    render(run, "process.sh");
    assert_int_equal(finish(start(run, "")), 0);
    const char *text = content(run, "attempt-1.log", NULL);
    snprintf(want, sizeof(want), "out=%s/x", run->dir);
    assert_string_equal(text, want);
    assert_string_equal(text + strlen(want) + 1, TOKEN "42");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, run_new, run_end)
    const struct CMUnitTest tests[] = {
        T(script_runs_only_in_its_own_run_directory),
        T(of_three_copies_one_runs),
        T(requeue_runs_again_with_its_own_log),
        T(array_tasks_claim_and_end_each_for_itself),
        T(signals_reach_the_payload_and_its_code_is_true),
        T(payload_killed_by_a_signal_gives_128_and_its_number),
        T(interrupt_is_not_ignored_by_the_payload),
        T(a_signal_while_the_payload_starts_reaches_it),
        T(teardown_runs_always_and_keeps_the_code),
        T(failed_setup_line_is_a_sentence_and_ends_the_job),
        T(variables_arrive_byte_for_byte),
        T(secrets_stay_where_a_job_may_come_back),
        T(missing_conda_environment_is_a_sentence_with_the_known_ones),
        T(missing_pieces_are_sentences),
        T(several_tasks_start_by_srun_with_a_master),
        T(every_word_arrives_byte_for_byte),
        T(placeholders_become_values_of_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
