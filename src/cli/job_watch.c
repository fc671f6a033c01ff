#include "cli/job_watch.h"

#include "base/mem.h"
#include "cli/view.h"
#include "domain/job_state.h"
#include "text/units.h"

#include <inttypes.h>
#include <string.h>

enum {
    POLL_S = 50,
    SLACK_S = 30,
    MAX_PATH_BYTES = 1024,
    FIRST_PAUSE_MS = 200,
    MAX_PAUSE_MS = 5000,
    ONE_LOOK_S = 1,
    VERDICT_MS = 3000
};

static bool is_passing(const struct answer *answer, int rc, const struct err *err)
{
    if (rc < 0)
        return err->code == ERR_OFFLINE || err->code == ERR_IO;
    const char *code = view_text(answer->doc, "code");
    return answer->reply.status == 503 && code && strcmp(code, "busy") == 0;
}

int job_watch_raw(struct cli *cli, const char *path, int timeout_s, struct answer *answer, struct err *err)
{
    const struct client_call call = { .method = "GET", .path = path, .timeout_s = timeout_s };
    const struct clock *clock = cli->env->clock;
    int64_t lost_us = 0, pause_ms = FIRST_PAUSE_MS;
    for (;;) {
        int rc = ask_raw(cli, &call, answer, err);
        int64_t now_us = clock_mono_us(clock);
        bool is_over = lost_us && now_us - lost_us > PATIENCE_S * US_PER_S;
        if (!is_passing(answer, rc, err) || is_over)
            return rc;
        if (!lost_us && rc < 0)
            screen_errf(cli->env, "sluice: %s; asking again for %d s\n", err->text, PATIENCE_S);
        lost_us = lost_us ? lost_us : now_us;
        cli->env->pause_ms(pause_ms);
        pause_ms = pause_ms * 2 > MAX_PAUSE_MS ? MAX_PAUSE_MS : pause_ms * 2;
    }
}

static int get(struct cli *cli, const char *path, int timeout_s, struct answer *answer)
{
    struct err err = { 0 };
    if (job_watch_raw(cli, path, timeout_s, answer, &err) < 0)
        return ask_fail(cli, &err);
    return answer->reply.status / 100 == 2 ? EXIT_OK : ask_tell_problem(cli, answer);
}

static bool is_there(const struct doc *job, const char *what)
{
    enum job_state state = job_state_of(span_of(view_text(job, "state")));
    if (job_state_is_terminal(state))
        return true;
    return strcmp(what, "submitted") == 0 && state != JOB_STATE_SUBMITTING && state != JOB_STATE_HELD;
}

static bool lacks_verdict(const struct doc *job)
{
    enum job_state state = job_state_of(span_of(view_text(job, "state")));
    bool has_one =
        state != JOB_STATE_COMPLETED && state != JOB_STATE_CANCELLED && view_text(job, "started_at");
    return job_state_is_terminal(state) && has_one && !view_text(job, "verdict.title");
}

/* The verdict comes with the last look at the log, a moment behind the state; from a cluster that is away,
 * not at all. */
static int await_verdict(struct cli *cli, struct answer *answer)
{
    int status = EXIT_OK;
    for (int64_t ms = 0; status == EXIT_OK && ms < VERDICT_MS && lacks_verdict(answer->doc);
         ms += FIRST_PAUSE_MS) {
        auto_str struct str path = STR_MAX(MAX_PATH_BYTES);
        ask_add_job(&path, view_text(answer->doc, "id"));
        cli->env->pause_ms(FIRST_PAUSE_MS);
        status = get(cli, str_text(&path), SLACK_S, answer);
    }
    return status;
}

int job_watch(struct cli *cli, const char *job, const char *what, int64_t timeout_s, struct answer *answer)
{
    const struct clock *clock = cli->env->clock;
    int64_t end_us = clock_mono_us(clock) + timeout_s * US_PER_S;
    auto_free char *id = mem_dup_str(job);
    for (;;) {
        int64_t left_s = timeout_s < 0 ? POLL_S : (end_us - clock_mono_us(clock)) / US_PER_S;
        left_s = left_s > POLL_S ? POLL_S : left_s < 0 ? 0 : left_s;
        auto_str struct str path = STR_MAX(MAX_PATH_BYTES);
        ask_add_job(&path, id);
        str_addf(&path, "?wait=%s&timeout=%" PRId64 "s", what, left_s);
        int status = get(cli, str_text(&path), (int)left_s + SLACK_S, answer);
        if (status != EXIT_OK)
            return status;
        if (is_there(answer->doc, what))
            return timeout_s ? await_verdict(cli, answer) : EXIT_OK;
        bool is_one_look = timeout_s >= 0 && timeout_s <= ONE_LOOK_S;
        if (is_one_look || (timeout_s >= 0 && clock_mono_us(clock) >= end_us))
            return EXIT_OK;
        mem_replace_str(&id, view_text(answer->doc, "id")); /* `last` may be another one the next time */
    }
}

int job_watch_tell_end(struct cli *cli, const struct doc *job)
{
    auto_str struct str text = STR_MAX(64 * 1024);
    const char *verdict = view_text(job, "verdict.title");
    const char *why = verdict ? verdict : view_text(job, "why"), *state = view_text(job, "state");
    int64_t elapsed_s = view_elapsed_s(job, clock_wall_us(cli->env->clock));
    int64_t code = view_int(job, "exit_code", 0), signal = view_int(job, "signal", 0);
    str_addf(&text, "job %s: %s", view_text(job, "id"), state);
    if (signal > 0)
        str_addf(&text, " by signal %" PRId64, signal);
    else if (code > 0)
        str_addf(&text, " with exit code %" PRId64, code);
    if (elapsed_s >= 0) {
        str_add(&text, " after ");
        units_add_duration(&text, elapsed_s);
    }
    if (why && !span_starts(span_of(why), "exit code ")) /* said already */
        str_addf(&text, ": %s", why);
    screen_errf(cli->env, "%s\n", str_text(&text));
    return exit_code_of_job(job);
}
