#include "exec/scheduler.h"

#include "base/crash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "exec/process_program.h"
#include "exec/process_rows.h"
#include "exec/process_tick.h"
#include "text/quote.h"

#include <string.h>

static void *notes_new(void)
{
    struct process_notes *notes = mem_zalloc(sizeof(*notes));
    notes->gpus = STR_MAX(MAX_STDERR_BYTES);
    return notes;
}

static void notes_free(void *notes_of)
{
    struct process_notes *notes = notes_of;
    str_clear(&notes->gpus);
    mem_free_ptr(&notes);
}

/* One section, one small answer: most programs are that. */
static int send_one(struct call *call, struct str *sh, const char *section, call_answer *answer,
                    struct err *err)
{
    struct call_send how = { .what = section, .urgent = true };
    call_section_close(sh, section);
    return call_send(call, sh, &how, answer, err);
}

/* --- submit --- */

struct submitting {
    char *token;
    int64_t gpus;
};

static void submitting_free(void *state)
{
    struct submitting *s = state;
    mem_clear_str(&s->token);
    mem_free_ptr(&s);
}

static void say_too_few(struct submit_result *to, int64_t asked, int64_t there, struct str *words)
{
    str_addf(words, "the job asks for %lld GPUs, and this machine has %lld", (long long)asked,
             (long long)there);
    to->end = SUBMIT_REFUSED;
    to->upstream = str_text(words);
    to->field = "resources.gpus";
    to->hint = there ? "ask for fewer GPUs, or choose another cluster"
                     : "set resources.gpus to 0, or choose a cluster that has GPUs";
}

/* Nothing but a good receipt is an acceptance. Without one it is safe to say "later": a submission repeated
 * with the same token is the same job. */
static void submit_read(const struct submitting *state, struct span said, struct submit_result *to,
                        struct str *words)
{
    struct span line = { "", 0 }, word = { "", 0 };
    int64_t there = 0;
    (void)span_next_line(&said, &line);
    (void)span_next(&line, ' ', &word);
    if (span_is(word, "accepted") && line.len && line.ptr[0] == '/') {
        str_add_span(words, line);
        *to = (struct submit_result){ .end = SUBMIT_ACCEPTED, .sched_id = state->token };
        to->run_dir = str_text(words);
    } else if (span_is(word, "few-gpus") && span_i64(line, &there)) {
        say_too_few(to, state->gpus, there, words);
    } else if (span_is(word, "unknown")) {
        to->end = SUBMIT_TRANSIENT;
        err_set(&to->err, ERR_OFFLINE, "nvidia-smi fails there (%.*s), so that no GPU can be given away",
                SPAN_FMT(span_head(line, 200)));
    } else if (span_is(word, "no-code")) {
        to->end = SUBMIT_TRANSIENT;
        err_set(&to->err, ERR_NOT_FOUND, "the copy of the code is not on the machine");
    } else if (span_is(word, "failed")) {
        to->end = SUBMIT_TRANSIENT;
        bool is_full = span_has(line, "No space left") || span_has(line, "quota exceeded");
        err_set(&to->err, is_full ? ERR_FULL : ERR_IO, "the run directory could not be written (%.*s)%s",
                SPAN_FMT(line), is_full ? "; free space there, and it goes on by itself" : "");
    } else {
        to->end = SUBMIT_UNKNOWN;
        err_set(&to->err, ERR_CORRUPT, "the answer to the submission makes no sense");
    }
}

static void submit_answer(struct call *call, const struct run_result *result)
{
    struct submit_result said = { .end = SUBMIT_UNKNOWN };
    auto_str struct str words = STR_MAX(MAX_STDERR_BYTES);
    struct span data;
    if (call_section(result, "submit", &data, &said.err) == 0)
        submit_read(call->state, data, &said, &words);
    else if (result->end == RUN_NOT_SENT)
        said.end = SUBMIT_TRANSIENT;
    crash_point("K9");
    call->done.submit(call->ctx, &said);
}

static int process_submit(struct call *call, const struct submit_spec *spec, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    int64_t configured = call_cluster(call)->local.gpus;
    struct submitting *state = mem_zalloc(sizeof(*state));
    state->token = mem_dup_str(spec->token);
    state->gpus = spec->gpus;
    call->state = state;
    call->state_free = submitting_free;
    if (!token_is_valid(span_of(spec->token)))
        return err_set(err, ERR_INVALID, "not a job's token");
    if (spec->script.len && memchr(spec->script.ptr, '\0', spec->script.len))
        return err_set(err, ERR_INVALID, "the script holds a NUL byte");
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "submit");
    if (configured != BIND_NONE && spec->gpus > configured)
        str_addf(&sh, "echo few-gpus %lld; exit 0\n", (long long)configured);
    process_submit_program(&sh, spec, configured == BIND_NONE);
    return send_one(call, &sh, "submit", submit_answer, err);
}

/* --- look --- */

static void look_answer(struct call *call, const struct run_result *result)
{
    const struct submitting *state = call->state;
    const char *id = state->token;
    struct look_result said = { .end = LOOK_NOTHING };
    auto_str struct str dir = STR_MAX(MAX_STDERR_BYTES);
    struct span data, line;
    struct process_row row;
    if (call_section(result, "look", &data, &said.err) < 0) {
        call->done.look(call->ctx, &said);
        return;
    }
    (void)span_next_line(&data, &line);
    if (!process_row_parse(line, &row)) {
        err_set(&said.err, ERR_CORRUPT, "the answer to the look makes no sense");
    } else if (row.word == PROCESS_ABSENT) {
        said.end = LOOK_ABSENT;
    } else {
        str_add_span(&dir, span_trim(data));
        said = (struct look_result){
            .end = LOOK_FOUND, .sched_ids = &id, .count = 1, .run_dir = str_text(&dir)
        };
    }
    call->done.look(call->ctx, &said);
}

static int process_look(struct call *call, const struct look_spec *spec, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    struct submitting *state = mem_zalloc(sizeof(*state));
    state->token = mem_dup_str(spec->token);
    call->state = state;
    call->state_free = submitting_free;
    if (!token_is_valid(span_of(spec->token)))
        return err_set(err, ERR_INVALID, "not a job's token");
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "look");
    process_look_program(&sh, &spec->token, 1);
    str_addf(&sh, "echo \"$PWD/runs/%s\"\n", spec->token);
    return send_one(call, &sh, "look", look_answer, err);
}

/* --- cancel --- */

static void cancel_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    struct span said;
    if (call_section(result, "cancel", &said, &err) < 0) {
        call->done.plain(call->ctx, &err);
        return;
    }
    said = span_trim(said);
    if (span_is(said, "gone") || span_is(said, "closed") || span_is(said, "asked")) {
        call->done.plain(call->ctx, NULL);
        return;
    }
    err_set(&err, ERR_IO, "the job could not be told to end");
    call->done.plain(call->ctx, &err);
}

static bool is_signal_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < 12 && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

static int process_cancel(struct call *call, const struct cancel_spec *spec, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    if (!token_is_valid(span_of(spec->token)))
        return err_set(err, ERR_INVALID, "not a job's token");
    if (spec->signal && !is_signal_name(spec->signal))
        return err_set(err, ERR_INVALID, "no signal has this name: %s", spec->signal);
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "cancel");
    process_cancel_program(&sh, spec);
    return send_one(call, &sh, "cancel", cancel_answer, err);
}

/* --- test and limits: what a machine without a scheduler can say --- */

static void test_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    struct span said;
    struct test_result test = { .start_s = INT64_MIN };
    auto_str struct str words = STR_MAX(MAX_STDERR_BYTES);
    if (call_section(result, "test", &said, &err) < 0) {
        call->done.test(call->ctx, NULL, &err);
        return;
    }
    str_add_span(&words, span_trim(said));
    test.accepted = words.len == 0;
    test.upstream = test.accepted ? NULL : str_text(&words);
    call->done.test(call->ctx, &test, NULL);
}

/* bash reads the script without running it. */
static int process_test(struct call *call, struct span script, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "test");
    str_add(&sh, "printf %s ");
    if (quote_shell(&sh, script, err) < 0)
        return -1;
    str_add(&sh, " | bash -n 2>&1\n");
    return send_one(call, &sh, "test", test_answer, err);
}

static void limits_answer(struct call *call, const struct run_result *result)
{
    struct err err;
    struct span said;
    if (call_section(result, "limits", &said, &err) < 0)
        call->done.text(call->ctx, (struct span){ "", 0 }, &err);
    else
        call->done.text(call->ctx, span_trim(said), NULL);
}

static int process_limits(struct call *call, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    if (call_program(call, &sh, err) < 0)
        return -1;
    call_section_open(&sh, "limits");
    str_add(&sh, "echo \"{\\\"partitions\\\":[],\\\"cpus\\\":$(nproc)}\"\n");
    return send_one(call, &sh, "limits", limits_answer, err);
}

const struct scheduler_ops scheduler_process = {
    .name = "process",
    .notes_new = notes_new,
    .notes_free = notes_free,
    .submit = process_submit,
    .look = process_look,
    .tick = process_tick,
    .cancel = process_cancel,
    .test = process_test,
    .limits = process_limits,
};
