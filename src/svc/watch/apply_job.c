#include "svc/watch/apply_job.h"

#include "base/crash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "slurm/reasons.h"
#include "svc/jobs.h"
#include "svc/watch/waiting.h"
#include "text/json_out.h"
#include "text/units.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESTART_SLACK_S = 3, /* a start that moved by more is another start */
    NO_CODE_S =
        10, /* a look's while for an exit file; not longer: the queue forgets its job after MinJobAge */
    QUEUE_ALONE_S = 60,          /* ended in the queue, accounting lags: then the queue's word is taken */
    UNKNOWN_AFTER_S = 15 * 60,   /* P6 */
    LOST_AFTER_S = 24 * 60 * 60, /* seen before, and since then nothing anywhere */
    NO_FILES_SIGNAL =
        53 /* slurmd's own, where the batch step could not be set up; Linux has none of that name */
};

static const char NEVER_SATISFIED[] = "DependencyNeverSatisfied";

static bool is_slurm(const struct job *job)
{
    return job->scheduler && strcmp(job->scheduler, "slurm") == 0;
}

const char *apply_source_word(const struct job *job, enum seen_source source)
{
    static const char *const words[] = { "squeue", "sacct", "exit_file" };
    return source == SEEN_QUEUE && !is_slurm(job) ? "supervisor" : words[source];
}

#define YEAR_9999_S INT64_C(253402300799) /* an exit file lies in a folder that its job may write to */

int64_t apply_time_us(const struct apply *apply, int64_t cluster_s)
{
    bool is_time = cluster_s > 0 && cluster_s <= YEAR_9999_S;
    return is_time ? (cluster_s - apply->skew_s) * US_PER_S : 0;
}

/* --- fields that change: true where they did --- */

static bool set_text(char **field, struct span value)
{
    if (!value.len || (*field && span_is(value, *field)))
        return false;
    free(*field);
    *field = span_dup(value);
    return true;
}

static bool set_int(int64_t *field, int64_t value)
{
    if (value == SEEN_ABSENT || *field == value)
        return false;
    *field = value;
    return true;
}

/* Clocks are compared with slack: the offset between two machines is known to a second only. */
static bool set_time(int64_t *field, int64_t value_us)
{
    int64_t slack = RESTART_SLACK_S * US_PER_S;
    if (!value_us || (*field && llabs(*field - value_us) <= slack))
        return false;
    *field = value_us;
    return true;
}

bool apply_place(struct job *job, const struct seen_job *row)
{
    bool changed = set_text(&job->partition, row->partition);
    changed |= set_text(&job->account, row->account);
    changed |= set_text(&job->qos, row->qos);
    return changed;
}

static bool take_common(const struct apply *apply, struct job *job, const struct seen_job *row)
{
    bool changed = !job->confirmed;
    job->confirmed = true;
    job->observed_at_us = apply->now_us;
    mem_replace_str(&job->source, apply_source_word(job, row->source));
    changed |= set_text(&job->node_list, row->node_list);
    changed |= apply_place(job, row);
    if (row->time_limit_s > 0)
        changed |= set_int(&job->time_s, row->time_limit_s);
    changed |= set_time(&job->eligible_at_us, apply_time_us(apply, row->eligible_s));
    return changed;
}

/* --- attempts --- */

/* Appends the attempt that is over to job->attempts. */
static void close_attempt(struct job *job, const char *end_word)
{
    auto_str struct str text = STR_MAX(MAX_OUTPUT_BYTES);
    struct json_out out = { .to = &text };
    size_t old = job->attempts ? strlen(job->attempts) : 0;
    if (old > 2) { /* "[{...}" of the array so far */
        str_add_span(&text, (struct span){ job->attempts, old - 1 });
        str_add_char(&text, ',');
    } else {
        str_add_char(&text, '[');
    }
    json_open_object(&out);
    json_member_int(&out, "n", job->attempt);
    json_member_str(&out, "state", end_word);
    json_member_str(&out, "reason", job->reason);
    json_member_str(&out, "node_list", job->node_list);
    json_member_time(&out, "started_at", job->started_at_us);
    json_member_time(&out, "ended_at", job->ended_at_us);
    if (job->exit_code != JOB_ABSENT)
        json_member_int(&out, "exit_code", job->exit_code);
    if (job->signal != JOB_ABSENT)
        json_member_int(&out, "signal", job->signal);
    json_close_object(&out);
    str_add_char(&text, ']');
    free(job->attempts);
    job->attempts = str_steal(&text);
}

/* ended_us: of the attempt that is over, 0 where nobody saw it end. */
static void requeue(const struct apply *apply, struct job *job, int64_t ended_us)
{
    auto_str struct str data = STR_MAX(256);
    job->ended_at_us = ended_us;
    close_attempt(job, "requeued");
    job->restarts++;
    job->attempt++;
    job->started_at_us = job->ended_at_us = 0;
    mem_clear_str(&job->node_list);
    str_addf(&data, "{\"attempt\":%lld}", (long long)job->attempt);
    jobs_change(apply->gw->jobs, job, "requeued", str_text(&data));
}

/* Attempts that came and went while nobody looked. The number may be a file's name, and so anything. */
static void catch_up(const struct apply *apply, struct job *job, const struct seen_job *row)
{
    int64_t missed = row->restarts + 1 - job->attempt;
    if (apply->runs_once || missed > MAX_MISSED_ATTEMPTS)
        return;
    for (int64_t i = 0; i < missed; i++)
        requeue(apply, job, 0);
}

/* Of a job on its way back into the queue squeue tells COMPLETING for a second and more, and as its start the
 * time at which it was asked (Slurm 22.05, after `scontrol requeue`): each look would see another start. */
static bool tells_start(const struct seen_job *row)
{
    return row->state != JOB_STATE_COMPLETING && row->started_s != SEEN_ABSENT;
}

static bool is_restart(const struct apply *apply, const struct job *job, const struct seen_job *row)
{
    if (apply->runs_once)
        return false;
    if (job_state_is_requeue(job->state, row->state))
        return true;
    if (job->state == JOB_STATE_CONFIGURING) /* its nodes are up now: slurmctld moves the start to that */
        return false;
    if (job_state_group(row->state) != JOB_GROUP_ACTIVE || row->state == JOB_STATE_SUSPENDED ||
        !job->started_at_us || !tells_start(row))
        return false;
    /* Both by the cluster's clock: where ours was set meanwhile, nothing has started anew. */
    return row->started_s > job->started_at_us / US_PER_S + apply->last_skew_s + RESTART_SLACK_S;
}

/* --- live --- */

void apply_fresh(const struct apply *apply, struct job *job)
{
    if (!job->stale)
        return;
    job->stale = false;
    jobs_change(apply->gw->jobs, job, "fresh", NULL);
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* A job that was released has none until the scheduler comes to it again. */
static bool take_reason(struct job *job, struct span reason)
{
    bool had = job->reason;
    if (reason.len && !span_is(reason, "None"))
        return set_text(&job->reason, reason);
    mem_clear_str(&job->reason);
    return had;
}

static void apply_live(const struct apply *apply, struct job *job, const struct seen_job *row)
{
    enum job_state next = row->state == JOB_STATE_UNKNOWN ? job->state : row->state; /* P10 */
    catch_up(apply, job, row);
    if (next == row->state && is_restart(apply, job, row))
        requeue(apply, job, apply->now_us);
    bool changed = take_common(apply, job, row);
    changed |= set_text(&job->raw_state, row->raw_state);
    bool runs = job_state_group(next) == JOB_GROUP_ACTIVE;
    if (runs && tells_start(row))
        changed |= set_time(&job->started_at_us, apply_time_us(apply, row->started_s));
    else if (!runs && apply->runs_once)
        job->started_at_us = 0; /* its supervisor gave up before the payload could run */
    auto_free char *why = waiting_why(apply->gw, apply->mono_us, job, row);
    changed |= !runs && !is_same(why, job->why);
    changed |= take_reason(job, runs ? (struct span){ 0 } : row->reason) && !runs;
    job->settling_since_us = job->settling_from_us = job->first_absent_at_us = 0;
    if (next != job->state) {
        jobs_enter(apply->gw->jobs, job, next, why);
    } else if (changed) {
        mem_replace_str(&job->why, why);
        auto_str struct str told = STR_MAX(MAX_EVENT_BYTES);
        waiting_json(job, &told);
        jobs_change(apply->gw->jobs, job, "changed", str_text(&told));
    }
}

/* --- ended --- */

static char *usage_json(const struct seen_job *row)
{
    auto_str struct str text = STR_MAX(256);
    struct json_out out = { .to = &text };
    if (row->max_rss_bytes == SEEN_ABSENT && row->cpu_s == SEEN_ABSENT)
        return NULL;
    json_open_object(&out);
    if (row->max_rss_bytes != SEEN_ABSENT)
        json_member_int(&out, "max_rss_bytes", row->max_rss_bytes);
    if (row->cpu_s != SEEN_ABSENT)
        json_member_int(&out, "cpu_s", row->cpu_s);
    json_close_object(&out);
    return str_steal(&text);
}

static void end_sentence(const struct job *job, const struct seen_job *row, struct str *why)
{
    if (row->state == JOB_STATE_FAILED && job->signal == NO_FILES_SIGNAL && is_slurm(job))
        str_add(why, "the node could not open its run directory or its output");
    else if (row->state == JOB_STATE_FAILED && job->signal != JOB_ABSENT && job->signal > 0)
        str_addf(why, "ended by signal %lld (SIG%s)", (long long)job->signal,
                 sigabbrev_np((int)job->signal) ? sigabbrev_np((int)job->signal) : "?");
    else if (row->state == JOB_STATE_FAILED && job->exit_code != JOB_ABSENT)
        str_addf(why, "exit code %lld", (long long)job->exit_code);
    else if (row->state == JOB_STATE_TIMEOUT)
        str_add(why, "ran into its time limit");
    else if (row->state == JOB_STATE_OUT_OF_MEMORY)
        str_add(why, "used more host memory than it asked for");
    else if (is_same(job->reason, NEVER_SATISFIED))
        str_add(why, "the job it depends on did not end as required");
    else if (job->reason)
        str_add(why, job->reason);
    if (row->source != SEEN_ACCOUNTING && is_slurm(job))
        str_addf(why, "%s%s", why->len ? "; " : "",
                 row->source == SEEN_EXIT_FILE ? "known from its exit file: accounting does not answer"
                                               : "known from the queue alone: accounting does not answer");
}

struct span apply_end_cause(const struct seen_job *row, const struct seen_job *queue)
{
    if (reason_read(row->reason).tells_end)
        return row->reason;
    bool by_slurm = row->state == JOB_STATE_CANCELLED && !span_has(row->raw_state, " by ");
    if (by_slurm && queue && queue->state == row->state && reason_read(queue->reason).tells_end)
        return queue->reason;
    return (struct span){ 0 };
}

static void apply_end(const struct apply *apply, struct job *job, const struct seen_job *row,
                      const struct job_rows *rows)
{
    catch_up(apply, job, row);
    take_common(apply, job, row);
    set_text(&job->raw_state, row->raw_state);
    set_int(&job->exit_code, judge_exit_code(row, rows->exit_file));
    set_int(&job->signal, row->signal);
    set_time(&job->started_at_us, apply_time_us(apply, row->started_s));
    job->ended_at_us = apply_time_us(apply, row->ended_s);
    if (!job->ended_at_us)
        job->ended_at_us = apply->now_us;
    free(job->usage);
    job->usage = usage_json(row);
    job->settling_since_us = job->settling_from_us = 0;
    if (is_slurm(job) && row->state == JOB_STATE_CANCELLED && !job->node_list)
        job->started_at_us = 0; /* Slurm gives one that never ran its end as its start */
    take_reason(job, is_slurm(job) ? apply_end_cause(row, rows->queue) : row->reason);
    close_attempt(job, job_state_word(row->state));
    auto_str struct str why = STR_MAX(ERR_TEXT_BYTES);
    end_sentence(job, row, &why);
    jobs_enter(apply->gw->jobs, job, row->state, why.len ? str_text(&why) : NULL);
    crash_point("K15");
}

/* --- settling --- */

int64_t apply_settling_us(const struct apply *apply, struct job *job)
{
    if (!job->settling_from_us) { /* begun in an earlier life: only the wall clock knows */
        int64_t before = apply->now_us - job->settling_since_us;
        job->settling_from_us = apply->mono_us - (before > 0 ? before : 0);
    }
    return apply->mono_us - job->settling_from_us;
}

static bool is_settling_for(const struct apply *apply, struct job *job, int64_t seconds)
{
    return job->state == JOB_STATE_SETTLING && apply_settling_us(apply, job) > seconds * US_PER_S;
}

bool apply_is_overdue(const struct apply *apply, struct job *job)
{
    return is_settling_for(apply, job, LOST_AFTER_S);
}

/* What is said of a job that is gone, or whose end the queue alone tells. */
struct absence {
    const char *settling, *unknown, *lost;
};

static const struct absence *absence_of(const struct apply *apply, const struct job_rows *rows,
                                        const struct tick_report *report)
{
    static const struct absence half_told = {
        "it has ended, as the queue says; waiting for what tells its exit code",
        "ended, as the queue says, and nothing tells its exit code", "the queue lost it after its end"
    };
    static const struct absence without_queue = {
        "its run directory cannot be found; waiting for it to come back", "its run directory is gone",
        "its run directory is gone: nothing tells how it ended, or whether it still runs"
    };
    static const struct absence without_accounting = {
        "gone from the queue; waiting for its exit file, as there is no accounting",
        "gone from the queue, without an exit file, and there is no accounting",
        "the queue does not know it any more, it left no exit file, and there is no accounting"
    };
    static const struct absence usual = {
        "gone from the queue; waiting for accounting to tell its end",
        "gone from the queue, and accounting does not tell its end",
        "neither the queue nor accounting know it any more; the scheduler may have lost its state"
    };
    if (apply->runs_once)
        return &without_queue;
    if (rows->queue)
        return &half_told;
    return judge_has_no_accounting(report) ? &without_accounting : &usual;
}

static void declare_lost(const struct apply *apply, struct job *job, const char *why)
{
    job->observed_at_us = apply->now_us;
    mem_replace_str(&job->source, "gateway");
    jobs_enter(apply->gw->jobs, job, JOB_STATE_LOST, why);
}

static void enter_settling(const struct apply *apply, struct job *job, const char *why)
{
    job->settling_since_us = apply->now_us;
    job->settling_from_us = apply->mono_us;
    jobs_enter(apply->gw->jobs, job, JOB_STATE_SETTLING, why);
}

bool apply_waits_for_code(const struct apply *apply, struct job *job, const struct seen_job *row,
                          const struct seen_job *exit_file)
{
    return !apply->runs_once && judge_lacks_code(row, exit_file) && !is_settling_for(apply, job, NO_CODE_S);
}

bool apply_waits_for_cause(const struct apply *apply, struct job *job, const struct seen_job *row,
                           const struct seen_job *exit_file)
{
    return judge_is_without_cause(row) && !exit_file && !is_settling_for(apply, job, QUEUE_ALONE_S);
}

bool apply_takes_last_word(const struct apply *apply, struct job *job, const struct job_rows *rows)
{
    return (rows->queue && is_settling_for(apply, job, QUEUE_ALONE_S)) ||
           (rows->exit_file && is_settling_for(apply, job, UNKNOWN_AFTER_S));
}

void apply_settling(const struct apply *apply, struct job *job, const struct job_rows *rows,
                    const struct tick_report *report)
{
    struct jobs *jobs = apply->gw->jobs;
    const struct absence *absence = absence_of(apply, rows, report);
    bool nothing_anywhere = judge_knows_nothing(rows, report);
    bool was_seen = rows->count || !job->source || strcmp(job->source, "receipt") != 0;
    if (job->state != JOB_STATE_SETTLING) {
        enter_settling(apply, job, absence->settling);
        return;
    }
    if (!job->settling_since_us) { /* it was seen meanwhile, in a state that nobody knows */
        job->settling_since_us = apply->now_us;
        job->settling_from_us = apply->mono_us;
    }
    int64_t since = apply_settling_us(apply, job);
    if (nothing_anywhere && since > (was_seen ? LOST_AFTER_S * US_PER_S : apply->settle_us)) {
        declare_lost(apply, job, absence->lost);
    } else if (since > UNKNOWN_AFTER_S * US_PER_S && (!job->reason || strcmp(job->reason, "Unknown") != 0)) {
        auto_str struct str why = STR_MAX(ERR_TEXT_BYTES);
        str_add(&why, "unknown since ");
        units_add_time(&why, job->settling_since_us);
        str_addf(&why, ": %s", absence->unknown);
        mem_replace_str(&job->reason, "Unknown");
        mem_replace_str(&job->why, str_text(&why));
        jobs_change(jobs, job, "unknown", NULL);
    }
}

/* After a requeue the end of the attempt before is the last that accounting has to say, until it has taken in
 * the new attempt: seconds, or as long as slurmdbd is away. */
static bool is_of_earlier_attempt(const struct seen_job *row, const struct job *job)
{
    return row && job_state_is_terminal(row->state) && row->restarts + 1 < job->attempt;
}

/* The rows without those ends; once it would be lost, such an end is better than none. */
static struct job_rows rows_of_attempt(const struct apply *apply, struct job *job,
                                       const struct job_rows *rows)
{
    struct job_rows known = *rows;
    if (apply_is_overdue(apply, job))
        return known;
    if (is_of_earlier_attempt(known.accounting, job))
        known.accounting = NULL;
    if (is_of_earlier_attempt(known.exit_file, job))
        known.exit_file = NULL;
    return known;
}

/* The next tick may know more; if not, it is told as it stands. */
static bool is_half_told(const struct apply *apply, struct job *job, const struct seen_job *row,
                         const struct job_rows *rows)
{
    return apply_waits_for_cause(apply, job, row, rows->exit_file) ||
           apply_waits_for_code(apply, job, row, rows->exit_file);
}

void apply_job(const struct apply *apply, struct job *job, const struct job_rows *all_rows,
               const struct tick_report *report)
{
    struct job_rows known = rows_of_attempt(apply, job, all_rows);
    const struct job_rows *rows = &known;
    const struct seen_job *row = NULL;
    enum judgement judged = judge(rows, report, job->state, &row);
    if (judged == JUDGED_ENDED && is_half_told(apply, job, row, rows))
        judged = JUDGED_SETTLING;
    if (judged == JUDGED_SETTLING && apply_takes_last_word(apply, job, rows)) {
        row = judge_last_word(rows, report->files_decide);
        judged = JUDGED_ENDED;
    }
    struct seen_job cancelled;
    if (judged == JUDGED_ENDED && judge_is_our_cancel(row, job->cancel_requested_at_us)) {
        cancelled = *row;
        cancelled.state = JOB_STATE_CANCELLED;
        row = &cancelled;
    }
    switch (judged) {
    case JUDGED_LIVE:
        apply_fresh(apply, job);
        apply_live(apply, job, row);
        return;
    case JUDGED_ENDED:
        apply_fresh(apply, job);
        apply_end(apply, job, row, rows);
        return;
    case JUDGED_SETTLING:
        apply_settling(apply, job, rows, report);
        return;
    case JUDGED_NOTHING:
        return;
    }
}
