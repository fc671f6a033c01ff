/* Covers: domain/verdict_rules, domain/traceback. */
#include "domain/verdict.h"

#include "base/mem.h"
#include "text/json_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static char got[65536];

static const char *verdict(struct verdict_facts facts)
{
    auto_str struct str out = STR_MAX(sizeof(got) - 1);
    auto_doc struct doc *doc = NULL;
    facts.attempt = 1;
    facts.task = -1;
    verdict_json(&facts, &out);
    if (out.len)
        assert_int_equal(json_parse(str_span(&out), &doc, NULL), 0);
    memcpy(got, str_text(&out), out.len + 1);
    return got;
}

static const char *failed(const char *log)
{
    return verdict((struct verdict_facts){
        .state = JOB_STATE_FAILED, .exit_code = 1, .log = span_of(log), .first_line = 1 });
}

static void assert_code(const char *json, const char *code)
{
    char want[64];
    (void)snprintf(want, sizeof(want), "{\"code\":\"%s\",", code);
    if (strncmp(json, want, strlen(want)) != 0)
        fail_msg("not %s: %s", code, json);
}

static void the_scheduler_is_believed(void **state)
{
    (void)state;
    assert_code(verdict((struct verdict_facts){ .state = JOB_STATE_TIMEOUT }), "time_limit");
    assert_code(verdict((struct verdict_facts){ .state = JOB_STATE_OUT_OF_MEMORY }), "host_oom");
    assert_code(verdict((struct verdict_facts){ .state = JOB_STATE_NODE_FAIL }), "node_fault");
    assert_code(verdict((struct verdict_facts){ .state = JOB_STATE_PREEMPTED }), "preempted");
    assert_code(verdict((struct verdict_facts){ .state = JOB_STATE_LOST }), "lost");
    assert_string_equal(
        verdict((struct verdict_facts){ .state = JOB_STATE_COMPLETED, .log = SPAN_LIT("MemoryError\n") }),
        "");
    assert_string_equal(verdict((struct verdict_facts){ .state = JOB_STATE_RUNNING }), "");
}

static void who_cancelled_is_named(void **state)
{
    (void)state;
    const char *json = verdict((struct verdict_facts){ .state = JOB_STATE_CANCELLED, .cancelled_by = "ada" });
    assert_non_null(strstr(json, "\"title\":\"Cancelled by ada\""));
    assert_non_null(strstr(verdict((struct verdict_facts){ .state = JOB_STATE_CANCELLED }),
                           "somebody outside the gateway"));
}

static void the_log_says_what_the_exit_code_does_not(void **state)
{
    (void)state;
    static const char *const samples[][2] = {
        { "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "gpu_oom" },
        { "RuntimeError: CUDA error: out of memory", "gpu_oom" },
        { "slurmstepd: error: Detected 1 oom_kill event in StepId=1.0", "host_oom" },
        { "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 3 GiB", "host_oom" },
        { "OSError: [Errno 28] No space left on device", "disk_full" },
        { "ModuleNotFoundError: No module named 'torch'", "import_error" },
        { "FileNotFoundError: [Errno 2] No such file or directory: '/data/x'", "file_not_found" },
        { "RuntimeError: CUDA error: uncorrectable ECC error encountered", "node_fault" },
        { "/bin/bash: line 3: 4711 Killed python train.py", "killed" },
        { "nothing of interest", "failed" },
    };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        assert_code(failed(samples[i][0]), samples[i][1]);
}

static void a_crash_is_told_by_its_signal(void **state)
{
    (void)state;
    static const struct {
        int64_t code, signal;
        const char *log, *title;
    } crashes[] = {
        { 139, 0, "body.sh: line 99: 17 Segmentation fault\n",
          "It crashed: memory that it may not touch (SIGSEGV" },
        { 0, 11, "", "It crashed: memory that it may not touch (SIGSEGV" },
        { 134, 0, "double free or corruption\n", "It crashed: it aborted itself (SIGABRT)" },
        { 0, 7, "", "It crashed: memory that is not there" },
        { 136, 0, "", "It crashed: a division by zero (SIGFPE)" },
        { 132, 0, "", "It crashed: an instruction that this CPU does not have (SIGILL)" },
        { 1, 0, "exitcode: -11, Signal 11 (SIGSEGV) received by PID 17\n", "It crashed: exitcode: -11, Sig" },
    };
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        const char *json = verdict((struct verdict_facts){ .state = JOB_STATE_FAILED,
                                                           .exit_code = crashes[i].code,
                                                           .signal = crashes[i].signal,
                                                           .log = span_of(crashes[i].log) });
        assert_code(json, "crashed");
        if (!strstr(json, crashes[i].title))
            fail_msg("not %s: %s", crashes[i].title, json);
    }
    const struct verdict_facts not_crashed[] = {
        { .state = JOB_STATE_FAILED, .exit_code = 137 }, { .state = JOB_STATE_FAILED, .exit_code = 128 },
        { .state = JOB_STATE_FAILED, .exit_code = -1 },  { .state = JOB_STATE_FAILED, .exit_code = 255 },
        { .state = JOB_STATE_FAILED, .exit_code = 11 },
    };
    for (size_t i = 0; i < ARRAY_LEN(not_crashed); i++)
        assert_code(verdict(not_crashed[i]), "failed");
    assert_code(verdict((struct verdict_facts){ .state = JOB_STATE_FAILED,
                                                .exit_code = 134,
                                                .log = SPAN_LIT("what(): std::bad_alloc\n") }),
                "host_oom"); /* why it gave up says more */
}

static void the_gateways_own_words_are_known(void **state)
{
    (void)state;
    const char *json = failed("sluice: train_script 'nope.py' does not exist in /w/run/code\n");
    assert_code(json, "file_not_found");
    assert_non_null(strstr(json, "\"title\":\"sluice: train_script 'nope.py' does not exist in"));
}

static void evidence_has_its_line(void **state)
{
    (void)state;
    const char *json = failed("one\ntwo\n\x1b[31mOSError: No space left on device\x1b[0m\nlast\n");
    assert_non_null(strstr(
        json, "\"evidence\":[{\"line\":3,\"text\":\"OSError: No space left on device\",\"attempt\":1}]"));
    assert_non_null(strstr(json, "\"next\":[\"Free space"));
}

static void a_traceback_is_its_last_line(void **state)
{
    (void)state;
    const char *json =
        failed("Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\n"
               "ValueError: old\n\nDuring handling ...\n\nTraceback (most recent call last):\n"
               "  File \"a.py\", line 3, in g\n    raise KeyError('lr')\nKeyError: 'lr'\nexit\n");
    assert_code(json, "traceback");
    assert_non_null(strstr(json, "\"title\":\"KeyError: 'lr'\""));
    assert_non_null(strstr(json, "{\"line\":11,\"text\":\"KeyError: 'lr'\""));
}

#define FRAMES "  File \"a.py\", line 1, in <module>\n    f()\n"
#define RAISED "Traceback (most recent call last):\n" FRAMES

static void a_traceback_is_read_however_it_is_printed(void **state)
{
    (void)state;
    static const char *const samples[][2] = {
        { "[rank0]: Traceback (most recent call last):\n[rank1]: Traceback (most recent call last):\n"
          "[rank0]:   File \"a.py\", line 1\n[rank1]:   File \"a.py\", line 1\n[rank0]: ValueError: zero\n"
          "[rank1]: ValueError: one\n",
          "[rank1]: ValueError: one" },
        { "3: Traceback (most recent call last):\n3:   File \"a.py\", line 1\n3: KeyError: 'a'\n",
          "3: KeyError: 'a'" },
        { "[ERROR]: " RAISED "ValueError: logged\n", "ValueError: logged" },
        { "\x1b[31m" RAISED "\x1b[1;35mValueError\x1b[0m: coloured\n", "ValueError: coloured" },
        { "\x1b[31mTraceback (most recent call last):\x1b[0m\n\x1b[31m  File \"x\"\x1b[0m\nValueError: red\n",
          "ValueError: red" },
        { "\xe2\x95\xad\xe2\x94\x80 Traceback (most recent call last) \xe2\x94\x80\xe2\x95\xae\n"
          "\xe2\x94\x82 /x/a.py:3 \xe2\x94\x82\n\xe2\x95\xb0\xe2\x94\x80\xe2\x95\xaf\nValueError: rich\n",
          "ValueError: rich" },
        { "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1\n"
          "  | ExceptionGroup: two (2 sub-exceptions)\n",
          "| ExceptionGroup: two (2 sub-exceptions)" },
        { " 20%|##  | 2/10" RAISED "ValueError: behind a bar\n", "ValueError: behind a bar" },
        { RAISED "ValueError: root\n" RAISED
                 "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n====\n",
          "ValueError: root" },
        { RAISED "x.ChildFailedError: alone\n", "x.ChildFailedError: alone" },
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char want[200];
        const char *json = failed(samples[i][0]);
        (void)snprintf(want, sizeof(want), "\"title\":\"%s\"", samples[i][1]);
        assert_code(json, "traceback");
        if (!strstr(json, want))
            fail_msg("no %s in %s", want, json);
    }
}

static void a_warning_of_the_same_words_is_no_verdict(void **state)
{
    (void)state;
    assert_code(failed("ls: cannot access '/x': No such file or directory\n" RAISED "ValueError: bad\n"),
                "traceback");
    assert_code(failed("WARNING: ImportError: no apex, falling back\n" RAISED "ValueError: bad\n"),
                "traceback");
    assert_code(failed(RAISED "ValueError: bad\nrm: 'x': No such file or directory\n"), "traceback");
    assert_code(failed(RAISED
                       "ModuleNotFoundError: No module named 'a'\n\nThe above exception was the direct "
                       "cause of the following exception:\n\n" RAISED "RuntimeError: no model\n"),
                "import_error");
    assert_code(failed("[rank0]: Traceback (most recent call last):\n[rank0]:   File \"a.py\"\n"
                       "[rank0]: FileNotFoundError: [Errno 2] No such file or directory: 'x'\n"),
                "file_not_found");
    assert_code(failed("ls: cannot access '/x': No such file or directory\n"), "file_not_found");
    assert_code(failed("run.sh: line 3: pythonn: command not found\n"), "file_not_found");
    assert_code(failed("ResourceExhaustedError: OOM when allocating tensor with shape[1]\n"), "gpu_oom");
}

static void a_line_is_shown_once(void **state)
{
    (void)state;
    const char *json = failed(RAISED "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried 2 GiB\n");
    const char *first = strstr(json, "\"line\":4");
    assert_non_null(first);
    assert_null(strstr(first + 1, "\"line\":"));
}

static void the_telling_line_comes_first(void **state)
{
    (void)state;
    assert_non_null(strstr(failed(RAISED "    raise RuntimeError(\"CUDA out of memory\")\n"
                                         "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB\n"
                                         "srun: note: CUDA out of memory\n"),
                           "\"evidence\":[{\"line\":5,\"text\":\"RuntimeError: CUDA out of memory. Tried"));
    const char *json = failed("MemoryError a\nMemoryError b\nMemoryError c\n");
    assert_non_null(strstr(json, "\"evidence\":[{\"line\":3,"));
    assert_true(strstr(json, "\"line\":1,") < strstr(json, "\"line\":2,"));
}

static void only_the_last_places_are_evidence(void **state)
{
    (void)state;
    auto_str struct str log = STR_MAX(1 << 20);
    for (int i = 1; i <= 100; i++)
        str_addf(&log, "MemoryError %d\n", i);
    const char *json = failed(str_text(&log));
    assert_null(strstr(json, "MemoryError 97\""));
    assert_non_null(strstr(json, "{\"line\":98,\"text\":\"MemoryError 98\""));
    assert_non_null(strstr(json, "{\"line\":100,"));
}

/* Took half a minute when each was looked at from the first one on. */
static void words_without_a_newline_take_no_time(void **state)
{
    (void)state;
    auto_str struct str log = STR_MAX(8 << 20);
    while (log.len < (4U << 20))
        str_add(&log, "CUDA out of memory\r");
    assert_code(failed(str_text(&log)), "gpu_oom");
    str_cut(&log, 0);
    while (log.len < (4U << 20))
        str_add(&log, "ImportError: x\r"); /* of these it is asked whether Python says them */
    assert_code(failed(str_text(&log)), "import_error");
}

static void hostile_logs_stay_short_and_well_formed(void **state)
{
    (void)state;
    auto_str struct str log = STR_MAX(1 << 20);
    str_add(&log, "ImportError: \xff\xfe<script>\x1b]0;title\x07");
    for (int i = 0; i < 100000; i++)
        str_add_char(&log, 'x');
    const char *json = failed(str_text(&log));
    assert_code(json, "import_error");
    assert_true(strlen(json) < 4096);
    failed("Traceback (most recent call last)");
    failed("Traceback (most recent call last):\n  File");
    failed("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scheduler_is_believed),
        cmocka_unit_test(who_cancelled_is_named),
        cmocka_unit_test(the_log_says_what_the_exit_code_does_not),
        cmocka_unit_test(a_crash_is_told_by_its_signal),
        cmocka_unit_test(the_gateways_own_words_are_known),
        cmocka_unit_test(evidence_has_its_line),
        cmocka_unit_test(a_traceback_is_its_last_line),
        cmocka_unit_test(a_traceback_is_read_however_it_is_printed),
        cmocka_unit_test(a_warning_of_the_same_words_is_no_verdict),
        cmocka_unit_test(a_line_is_shown_once),
        cmocka_unit_test(the_telling_line_comes_first),
        cmocka_unit_test(only_the_last_places_are_evidence),
        cmocka_unit_test(words_without_a_newline_take_no_time),
        cmocka_unit_test(hostile_logs_stay_short_and_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
