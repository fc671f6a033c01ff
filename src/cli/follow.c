#include "cli/follow.h"

#include "base/mem.h"
#include "cli/job_watch.h"
#include "cli/view.h"
#include "text/json_out.h"

#include <inttypes.h>
#include <string.h>

enum {
    CHUNK_BYTES = 1024 * 1024,
    MAX_SHOWN_BYTES = 16 * CHUNK_BYTES,
    MAX_PATH_BYTES = 1024,
    READ_TIMEOUT_S = 120,
    TICK_S = 1
};

static void show(struct cli *cli, struct follow *follow, struct span bytes)
{
    auto_str struct str text = STR_MAX(MAX_SHOWN_BYTES);
    if (!cli->is_json) {
        log_view_feed(&follow->view, bytes, &text);
        (void)fwrite(str_text(&text), 1, text.len, cli->env->out);
        (void)fflush(cli->env->out);
        return;
    }
    if (!bytes.len)
        return;
    struct json_out out = { .to = &text };
    json_open_object(&out);
    if (follow->attempt > 0)
        json_member_int(&out, "attempt", follow->attempt);
    json_member_int(&out, "offset", follow->offset);
    json_member_span(&out, "text", bytes);
    json_close_object(&out);
    screen_json(cli->env, str_span(&text));
}

static void add_path(const struct follow *follow, struct str *path)
{
    ask_add_job(path, follow->job);
    if (follow->lines > 0)
        str_addf(path, "/log?line=-%" PRId64 "&lines=%" PRId64, follow->lines, follow->lines);
    else
        str_addf(path, "/log?offset=%" PRId64 "&limit=%d", follow->offset, CHUNK_BYTES);
    if (follow->attempt > 0)
        str_addf(path, "&attempt=%" PRId64, follow->attempt);
    if (follow->task >= 0)
        str_addf(path, "&task=%" PRId64, follow->task);
    if (follow->is_scheduler_log)
        str_add(path, "&source=scheduler");
}

static void end_view(struct cli *cli, struct follow *follow)
{
    auto_str struct str text = STR_MAX(MAX_SHOWN_BYTES);
    log_view_end(&follow->view, &text);
    (void)fwrite(str_text(&text), 1, text.len, cli->env->out);
    (void)fflush(cli->env->out);
}

/* What was shown is no longer there: the log was cut. What it holds now is shown from its first byte. */
static bool begins_anew(struct cli *cli, struct follow *follow, const struct client_reply *reply)
{
    if (!follow->has_shown || reply->size < 0 || reply->size >= follow->offset)
        return false;
    end_view(cli, follow);
    screen_errf(cli->env, "--- the log was cut, and begins anew ---\n");
    follow->offset = 0;
    return true;
}

/* One request. *more: there may be further bytes. EXIT_NOT_THERE: no log yet, or no such log. */
static int read_some(struct cli *cli, struct follow *follow, struct answer *answer, bool *more)
{
    auto_str struct str path = STR_MAX(MAX_PATH_BYTES);
    struct err err = { 0 };
    add_path(follow, &path);
    *more = false;
    if (job_watch_raw(cli, str_text(&path), READ_TIMEOUT_S, answer, &err) < 0)
        return ask_fail(cli, &err);
    if (answer->reply.status / 100 != 2)
        return exit_code_of_word(view_text(answer->doc, "code"));
    if (answer->reply.begun == 0)
        return EXIT_NOT_THERE;
    struct span bytes = str_span(&answer->reply.body);
    if (answer->reply.offset >= 0)
        follow->offset = answer->reply.offset;
    if (begins_anew(cli, follow, &answer->reply)) {
        *more = true;
        return EXIT_OK;
    }
    show(cli, follow, bytes);
    follow->offset += (int64_t)bytes.len;
    follow->has_shown = follow->has_shown || bytes.len > 0;
    follow->lines = 0;
    *more = bytes.len > 0 && follow->offset < answer->reply.size;
    return EXIT_OK;
}

static int read_all(struct cli *cli, struct follow *follow, struct answer *answer)
{
    bool more = true;
    int status = EXIT_OK;
    while (status == EXIT_OK && more)
        status = read_some(cli, follow, answer, &more);
    return status;
}

static int tell(struct cli *cli, const struct answer *answer, int status)
{
    bool is_told = !answer->reply.status; /* a lost gateway was */
    return is_told ? status : ask_tell_problem(cli, answer);
}

bool follow_is_futile(struct cli *cli, const struct follow *follow, const struct doc *job)
{
    const char *scheduler = view_text(job, "scheduler"), *id = view_text(job, "id");
    const char *cluster = view_text(job, "cluster");
    if (!follow->is_scheduler_log || !scheduler || strcmp(scheduler, "slurm") == 0)
        return false;
    struct err err;
    (void)err_set(
        &err, ERR_NOT_FOUND,
        "job %s has no scheduler log: cluster %s has no Slurm; its own log is there without --scheduler",
        id ? id : "?", cluster ? cluster : "?");
    (void)ask_fail(cli, &err);
    return true;
}

/* Why there is no log yet, the job itself says. */
static int tell_not_begun(struct cli *cli, const struct follow *follow)
{
    auto_answer struct answer job = { 0 };
    struct err err;
    int status = job_watch(cli, follow->job, "terminal", 0, &job);
    if (status != EXIT_OK)
        return status;
    if (follow_is_futile(cli, follow, job.doc))
        return EXIT_NOT_THERE;
    const char *id = view_text(job.doc, "id"), *state = view_text(job.doc, "state");
    const char *why = view_text(job.doc, "why");
    (void)err_set(&err, ERR_NOT_FOUND, "job %s has no log%s: it is %s%s%s%s", id ? id : "?",
                  view_is_ended(job.doc) ? "" : " yet", state ? state : "?", why ? " (" : "", why ? why : "",
                  why ? ")" : "");
    return ask_fail(cli, &err);
}

int follow_once(struct cli *cli, struct follow *follow)
{
    auto_answer struct answer answer = { 0 };
    int status = read_all(cli, follow, &answer);
    end_view(cli, follow);
    if (status == EXIT_NOT_THERE && answer.reply.begun == 0)
        return tell_not_begun(cli, follow);
    return status == EXIT_OK ? EXIT_OK : tell(cli, &answer, status);
}

/* The attempt that is read stays the same until its bytes are all shown. */
static bool goes_on(struct cli *cli, struct follow *follow, const struct doc *job, bool is_pinned)
{
    int64_t attempt = view_int(job, "attempt", 1);
    if (is_pinned || attempt <= follow->attempt)
        return false;
    end_view(cli, follow);
    follow->attempt++;
    follow->offset = follow->lines = 0;
    screen_errf(cli->env, "--- attempt %" PRId64 " ---\n", follow->attempt);
    return true;
}

/* No log yet, or its cluster cannot be reached now: while the job goes on, both pass. */
static bool is_final_problem(int status, bool is_over)
{
    if (status == EXIT_NOT_THERE)
        return false;
    return status == EXIT_LATER ? is_over : status != EXIT_OK;
}

int follow_to_end(struct cli *cli, struct follow *follow, struct answer *job)
{
    bool is_pinned = follow->attempt > 0;
    int status = job_watch(cli, follow->job, "terminal", 0, job);
    if (status == EXIT_OK && !is_pinned)
        follow->attempt = view_int(job->doc, "attempt", 1);
    while (status == EXIT_OK) {
        auto_answer struct answer answer = { 0 };
        /* The job is looked at first: bytes that stand once it has ended are the last. */
        bool is_over = view_is_ended(job->doc) || view_int(job->doc, "attempt", 1) > follow->attempt;
        int read = read_all(cli, follow, &answer);
        if (is_final_problem(read, is_over))
            return tell(cli, &answer, read);
        if (goes_on(cli, follow, job->doc, is_pinned))
            continue;
        if (is_over)
            break;
        status = job_watch(cli, follow->job, "terminal", TICK_S, job);
    }
    end_view(cli, follow);
    return status;
}
