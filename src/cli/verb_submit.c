#include "base/limits.h"
#include "base/mem.h"
#include "cli/follow.h"
#include "cli/job_request.h"
#include "cli/job_watch.h"
#include "cli/preview_view.h"
#include "cli/key_spool.h"
#include "cli/view.h"

#include <string.h>

enum {
    TRIES = 7,
    FIRST_PAUSE_MS = 200,
    MAX_PAUSE_MS = 8000,
    MAX_KEY_BYTES = 255,
    SUBMITTED_WAIT_S = 10,
    SEND_TIMEOUT_S = 120,
    MAX_LINE_BYTES = 64 * 1024
};

static const struct option_row rows[] = {
    JOB_REQUEST_OPTIONS,
    { "wait", 'w', NULL, "until it has ended; ends with the job's own code", false },
    { "follow", 'f', NULL, "the same, with its log", false },
    { "dry-run", 'n', NULL, "render it and let the scheduler check; submit nothing", false },
    { "key", 'k', "KEY", "Idempotency-Key: the same key makes one job, however often it is sent", false },
    { "quiet", 'q', NULL, "print the job's number alone", false },
    { "no-wait", 0, NULL, "do not wait until the scheduler has taken it", false },
    { "color-logs", 0, NULL, "with --follow: let colours of the log through", false },
    { 0 },
};

struct sending {
    struct cli *cli;
    struct client_call call;
    struct key_spool *spool;
    bool is_own_key;  /* from --key */
    bool may_be_sent; /* an earlier try may have arrived */
};

/* Whether the same request may be sent once more under the same key. */
static bool may_pass(struct sending *sending, int rc, const struct answer *answer, const struct err *err)
{
    if (rc == 0)
        return answer->reply.status == 503 &&
               strcmp("busy", view_text(answer->doc, "code") ? view_text(answer->doc, "code") : "") == 0;
    if (err->code == ERR_IO)
        sending->may_be_sent = true;
    return err->code == ERR_IO || (err->code == ERR_OFFLINE && sending->may_be_sent);
}

/* A key left behind by an earlier program that belongs to another body: this is another submission. */
static bool is_other_body(const struct sending *sending, const struct answer *answer)
{
    return !sending->is_own_key && sending->spool->is_taken_up && answer->reply.status == 422 &&
           strcmp("conflict", view_text(answer->doc, "code") ? view_text(answer->doc, "code") : "") == 0;
}

static enum job_state state_of(const struct doc *job)
{
    return job_state_of(span_of(view_text(job, "state")));
}

static bool never_ran(const struct doc *job)
{
    return job_state_is_terminal(state_of(job)) && !view_text(job, "started_at");
}

/* The job that an earlier program made with this key ended before it ran (somebody cancelled it, it was
 * refused): who gives the command again wants a job, not that one. */
static bool is_spent(const struct sending *sending, const struct answer *answer)
{
    bool is_old = sending->spool->is_taken_up && answer->reply.status / 100 == 2 && never_ran(answer->doc);
    if (is_old)
        screen_errf(sending->cli->env, "its job %s ended before it ran (%s): this is a new submission\n",
                    view_text(answer->doc, "id"), view_text(answer->doc, "state"));
    return is_old;
}

static void say_lost(struct sending *sending, const struct err *err, int tries)
{
    if (tries == 0 && err->code)
        screen_errf(
            sending->cli->env,
            "sluice: %s; sending the same request again (it makes one job however often it arrives)\n",
            err->text);
}

static int send_once(struct sending *sending, struct answer *answer, struct err *err)
{
    sending->call.key = sending->is_own_key ? sending->call.key : sending->spool->key;
    *err = (struct err){ 0 };
    return ask_raw(sending->cli, &sending->call, answer, err);
}

static int send_request(struct sending *sending, struct answer *answer)
{
    int64_t pause_ms = FIRST_PAUSE_MS;
    struct err err = { 0 };
    int rc = -1;
    for (int tries = 0; tries < TRIES; tries++) {
        rc = send_once(sending, answer, &err);
        if (rc == 0 && (is_other_body(sending, answer) || is_spent(sending, answer))) {
            key_spool_renew(sending->spool);
            continue;
        }
        if (!may_pass(sending, rc, answer, &err))
            break;
        say_lost(sending, &err, tries);
        sending->cli->env->pause_ms(pause_ms);
        pause_ms = pause_ms * 2 > MAX_PAUSE_MS ? MAX_PAUSE_MS : pause_ms * 2;
    }
    if (rc == 0)
        return answer->reply.status / 100 == 2 ? EXIT_OK : ask_tell_problem(sending->cli, answer);
    int status = ask_fail(sending->cli, &err);
    if (sending->may_be_sent)
        screen_errf(sending->cli->env,
                    "The job may have been accepted. The same command given again takes the "
                    "submission up; it does not make a second job.\n");
    return status;
}

/* Sends the body; the key is on disk before, in *spool, and stays until the caller closes that. */
static int submit(struct cli *cli, const struct str *body, struct key_spool *spool, struct answer *answer)
{
    struct err err = { 0 };
    const char *key = options_value(&cli->in, "key");
    struct sending sending = { .cli = cli, .spool = spool, .is_own_key = key != NULL };
    sending.call = (struct client_call){
        .method = "POST", .path = API "/jobs", .body = str_text(body), .key = key, .timeout_s = SEND_TIMEOUT_S
    };
    if (ask_open(cli, &err) < 0)
        return ask_fail(cli, &err);
    if (!key)
        key_spool_open(cli->env, client_base(cli->client), str_span(body), spool, &err);
    if (err.code)
        screen_errf(cli->env, "sluice: the submission's key cannot be kept on disk (%s); going on without\n",
                    err.text);
    if (spool->is_taken_up)
        screen_errf(cli->env, "taking up the same submission, whose answer never came\n");
    return send_request(&sending, answer);
}

static int dry_run(struct cli *cli, const struct str *body)
{
    auto_answer struct answer answer = { 0 };
    const struct client_call call = { .method = "POST",
                                      .path = API "/jobs?dry_run=1",
                                      .body = str_text(body) };
    int status = ask(cli, &call, &answer);
    if (status != EXIT_OK)
        return status;
    if (ask_printed_json(cli, &answer))
        return view_at(answer.doc, "test") && !view_bool(answer.doc, "test.accepted") ? EXIT_SUBMIT_FAILED
                                                                                      : EXIT_OK;
    preview_view_script(cli, answer.doc, cli->env->is_terminal);
    return preview_view_verdict(cli, answer.doc) ? EXIT_OK : EXIT_SUBMIT_FAILED;
}

/* A job that ended before it ran was not submitted to anybody's use: what `wait` would say of it. How one
 * that ran ends is asked for with --wait. */
static int after_submit(const struct doc *job)
{
    return never_ran(job) ? exit_code_of_job(job) : EXIT_OK;
}

static void say_job(struct cli *cli, const struct doc *job)
{
    const char *id = view_text(job, "id"), *name = view_text(job, "name"), *why = view_text(job, "why");
    const char *slurm = view_text(job, "slurm.job_id");
    auto_str struct str line = STR_MAX(MAX_LINE_BYTES);
    if (options_has(&cli->in, "quiet")) {
        screen_putf(cli->env, "%s\n", id);
        if (after_submit(job) != EXIT_OK)
            screen_errf(cli->env, "sluice: job %s %s: %s\n", id,
                        state_of(job) == JOB_STATE_SUBMIT_FAILED ? "was refused" : "ended before it ran",
                        why ? why : "no reason is known");
        return;
    }
    str_addf(&line, "job %s (%s) on %s: %s", id, name ? name : "-", view_text(job, "cluster"),
             view_text(job, "state"));
    if (slurm)
        str_addf(&line, ", Slurm job %s", slurm);
    if (why)
        str_addf(&line, ": %s", why);
    if (options_has(&cli->in, "follow")) { /* stdout is the log's */
        screen_errf(cli->env, "%s\n", str_text(&line));
        return;
    }
    screen_putf(cli->env, "%s\n", str_text(&line));
    (void)fflush(cli->env->out);
}

/* The answer to a dry run warns of these; that to a submission is the job. */
static void warn_without_slurm(struct cli *cli, const struct doc *job)
{
    static const char *const of_slurm[] = { "partition", "account", "qos", "constraint" };
    const char *scheduler = view_text(job, "scheduler");
    for (size_t i = 0; scheduler && strcmp(scheduler, "slurm") != 0 && i < ARRAY_LEN(of_slurm); i++)
        if (options_has(&cli->in, of_slurm[i]))
            screen_errf(cli->env, "warning: --%s has no effect on %s, which has no Slurm\n", of_slurm[i],
                        view_text(job, "cluster"));
}

static bool is_watched(struct cli *cli)
{
    return options_has(&cli->in, "wait") || options_has(&cli->in, "follow");
}

/* To its end, with or without the log. True in *is_told where its last document was printed. */
static int watch(struct cli *cli, const char *id, struct answer *job, bool *is_told)
{
    int status;
    if (options_has(&cli->in, "follow") && !cli->is_json) {
        struct follow follow = { .job = id, .task = -1 };
        follow.view.is_terminal = cli->env->is_terminal;
        follow.view.keeps_colors = options_has(&cli->in, "color-logs");
        status = follow_to_end(cli, &follow, job);
    } else {
        status = job_watch(cli, id, "terminal", WAIT_FOR_EVER_S, job);
    }
    if (status != EXIT_OK)
        return status;
    *is_told = true;
    if (ask_printed_json(cli, job))
        return exit_code_of_job(job->doc);
    return job_watch_tell_end(cli, job->doc);
}

/* What became of an accepted job. Its number is printed whatever happens then: until it is, *is_told is
 * false, and the same command given again must find this job. */
static int tell(struct cli *cli, const struct answer *accepted, bool *is_told)
{
    auto_answer struct answer later = { 0 };
    auto_free char *id = mem_dup_str(view_text(accepted->doc, "id"));
    int status = EXIT_OK;
    warn_without_slurm(cli, accepted->doc);
    if (!options_has(&cli->in, "no-wait") && !is_watched(cli))
        status = job_watch(cli, id, "submitted", SUBMITTED_WAIT_S, &later);
    const struct answer *known = later.doc && view_text(later.doc, "state") ? &later : accepted;
    if (!(is_watched(cli) && cli->is_json)) {
        if (!ask_printed_json(cli, known))
            say_job(cli, known->doc);
        *is_told = true;
    }
    if (status != EXIT_OK)
        return status;
    return is_watched(cli) ? watch(cli, id, &later, is_told) : after_submit(known->doc);
}

static int run(struct cli *cli)
{
    auto_str struct str body = STR_MAX(MAX_SUBMIT_BODY_BYTES);
    auto_answer struct answer answer = { 0 };
    const char *key = options_value(&cli->in, "key");
    if (key && (!*key || strlen(key) > MAX_KEY_BYTES))
        return ask_misused(cli, "--key is 1 to %d characters", MAX_KEY_BYTES);
    int status = job_request_body(cli, &body);
    if (status != EXIT_OK)
        return status;
    if (options_has(&cli->in, "dry-run"))
        return dry_run(cli, &body);
    struct key_spool spool = { .fd = -1 };
    status = submit(cli, &body, &spool, &answer);
    bool is_told =
        answer.reply.status != 0 && status != EXIT_OK && status != EXIT_NO_GATEWAY && status != EXIT_IO;
    if (status == EXIT_OK && view_text(answer.doc, "id")) {
        status = tell(cli, &answer, &is_told);
    } else if (status == EXIT_OK) {
        is_told = true;
        status = ask_tell_problem(cli, &answer);
    }
    key_spool_close(&spool, is_told);
    return status;
}

const struct verb verb_submit = {
    .name = "submit",
    .alias = "run",
    .args = "[OPTION]... [ARG]...",
    .usage = "Submit a job.",
    .options = rows,
    .more = JOB_REQUEST_HELP
    "A submission has a key that is on disk before it is sent, so a cut connection, and the same command\n"
    "given again after one, make one job. In CI give your own: --key \"$CI_JOB_ID\".\n"
    "Examples:\n"
    "  sluice submit -c alder --gpus 2 --time 4h lr=3e-4\n"
    "  sluice submit --wait -p resnet -- --epochs 90\n",
    .max_args = MAX_COMMAND_WORDS,
    .run = run,
};
