/* Arrays: one job, many tasks. Each task is judged like a job; the array's own state is made of theirs (P9).
 */
#include "svc/watch/apply_job.h"

#include "base/crash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "slurm/jobid.h"
#include "svc/jobs.h"
#include "svc/watch/array_tasks.h"
#include "svc/watch/waiting.h"

#include <stdlib.h>
#include <string.h>

/* Both times are the cluster's, made ours with an offset that is known to a second only. */
enum { ATTEMPT_SLACK_US = 3 * US_PER_S };

/* --- rows to tasks --- */

static void take_range(const struct tasks *tasks, const struct seen_job *row)
{
    auto_slurm_tasks struct slurm_tasks named = { 0 };
    if (slurm_tasks_expand(row->tasks, &named, NULL) < 0)
        return;
    for (size_t i = 0; i < tasks->count && named.is_cut; i++) /* "...": it may stand for any task */
        if (!tasks->items[i].queue && !job_state_is_terminal(tasks->items[i].state))
            tasks->items[i].queue = row;
    for (size_t i = 0; i < named.count; i++) {
        struct task *task = tasks_find(tasks, named.tasks[i]);
        if (task)
            task->queue = row;
    }
}

/* Tasks that ended without ever starting have one row for all: the array's own ("27 CANCELLED") or a range's
 * ("27_[4-9] CANCELLED"). It holds for those that have no row of their own, and not for one that ran: while
 * accounting is behind, its range still names tasks that started, and the queue may have forgotten them. */
static void take_end(struct task *task, const struct seen_job *row)
{
    const struct seen_job **place = row->source == SEEN_QUEUE ? &task->queue : &task->accounting;
    bool has_run = task->started_us || task->exit_file || (task->queue && task->queue->node_list.len);
    if (!*place && !has_run && !job_state_is_terminal(task->state))
        *place = row;
}

static void take_common_end(const struct tasks *tasks, const struct seen_job *row)
{
    auto_slurm_tasks struct slurm_tasks named = { 0 };
    if (!job_state_is_terminal(row->state) ||
        (row->tasks.len && slurm_tasks_expand(row->tasks, &named, NULL) < 0))
        return;
    for (size_t i = 0; i < tasks->count && !row->tasks.len; i++)
        take_end(&tasks->items[i], row);
    for (size_t i = 0; i < named.count; i++) {
        struct task *task = tasks_find(tasks, named.tasks[i]);
        if (task)
            take_end(task, row);
    }
}

static void take_rows(const struct tasks *tasks, const struct job_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct seen_job *row = rows->all[i];
        struct task *task = row->task >= 0 ? tasks_find(tasks, row->task) : NULL;
        if (row->tasks.len && row->source == SEEN_QUEUE)
            take_range(tasks, row);
        else if (!task)
            continue;
        else if (row->source == SEEN_QUEUE)
            task->queue = row;
        else if (row->source == SEEN_ACCOUNTING)
            task->accounting = row;
        else
            task->exit_file = row;
    }
    for (size_t i = 0; i < rows->count; i++) {
        const struct seen_job *row = rows->all[i];
        bool is_accounting_range = row->tasks.len && row->source == SEEN_ACCOUNTING;
        bool is_whole = row->task < 0 && !row->tasks.len && row->source != SEEN_EXIT_FILE;
        if (is_accounting_range || is_whole)
            take_common_end(tasks, row);
    }
}

/* Started anew while nobody looked: the newest attempt's log or accounting tells, or the start moved. It
 * moves back where our own clock was set back: kept as it was, every end would seem to be an earlier
 * attempt's. */
static bool take_attempt(const struct apply *apply, struct task *task, const struct seen_job *row)
{
    int64_t missed = row->restarts + 1 - task->attempt, started_us = apply_time_us(apply, row->started_s);
    bool is_moved = row->state == JOB_STATE_RUNNING && task->started_us && started_us &&
                    llabs(started_us - task->started_us) > ATTEMPT_SLACK_US;
    if (missed > 0 && missed <= MAX_MISSED_ATTEMPTS)
        task->attempt += missed;
    else if (job_state_is_requeue(task->state, row->state))
        task->attempt++; /* its log will say so when it has begun */
    else if (!is_moved)
        return false;
    task->started_us = 0;
    task->node_list = (struct span){ 0 }; /* the attempt before was there */
    return true;
}

static bool task_take(const struct apply *apply, struct task *task, const struct seen_job *row)
{
    if (row->state == JOB_STATE_UNKNOWN)
        return false;
    bool is_anew = take_attempt(apply, task, row);
    bool ended = job_state_is_terminal(row->state);
    int64_t code = judge_exit_code(row, task->exit_file);
    bool tells_code = ended && task->exit_code == JOB_ABSENT && code != SEEN_ABSENT;
    bool changed = is_anew || task->state != row->state || tells_code;
    task->state = row->state;
    if (row->node_list.len && !span_eq(row->node_list, task->node_list)) {
        task->node_list = row->node_list;
        changed = true;
    }
    if (!changed)
        return false;
    bool may_be_no_start = row->state == JOB_STATE_COMPLETING; /* apply_job.c: tells_start */
    if (!may_be_no_start || !task->started_us)
        task->started_us = apply_time_us(apply, row->started_s);
    task->ended_us = ended ? apply_time_us(apply, row->ended_s) : 0;
    if (task->state == JOB_STATE_CANCELLED && !task->node_list.len)
        task->started_us = 0; /* as apply_job.c: it never ran */
    task->exit_code = ended && code != SEEN_ABSENT ? code : JOB_ABSENT;
    task->signal = ended && row->signal != SEEN_ABSENT ? row->signal : JOB_ABSENT;
    return true;
}

/* After a requeue accounting may know the attempt before alone, for seconds or as long as slurmdbd is away.
 */
static bool is_of_earlier_attempt(const struct apply *apply, const struct task *task,
                                  const struct seen_job *row)
{
    if (!row || !job_state_is_terminal(row->state))
        return false;
    if (row->restarts + 1 < task->attempt) /* while it waits again it has no start to compare with */
        return true;
    return row->ended_s != SEEN_ABSENT && task->started_us &&
           apply_time_us(apply, row->ended_s) < task->started_us - ATTEMPT_SLACK_US;
}

/* The queue told its end before; accounting may be behind with it, or away. */
static bool take_code(struct task *task)
{
    const struct seen_job ended = { .state = task->state, .exit_code = SEEN_ABSENT, .signal = SEEN_ABSENT };
    int64_t code = judge_exit_code(&ended, task->exit_file);
    if (task->exit_code != JOB_ABSENT || code == SEEN_ABSENT)
        return false;
    task->exit_code = code;
    return true;
}

static bool end_task(const struct apply *apply, const struct job *job, struct task *task,
                     const struct seen_job *row)
{
    bool is_of_told = row->source == SEEN_EXIT_FILE && row->restarts < task->attempt;
    if (is_of_told && job_state_is_terminal(task->state))
        return take_code(task); /* the queue told its cause before it forgot it */
    struct seen_job end = *row;
    if (judge_is_our_cancel(row, job->cancel_requested_at_us || task->is_unwanted))
        end.state = JOB_STATE_CANCELLED;
    return task_take(apply, task, &end);
}

static bool settle_task(const struct apply *apply, struct job *job, struct task *task,
                        const struct job_rows *rows, const struct tick_report *report)
{
    enum job_state before = task->state;
    if (job_state_is_terminal(before))
        return take_code(task);
    if (apply_takes_last_word(apply, job, rows))
        return end_task(apply, job, task, judge_last_word(rows, report->files_decide));
    bool is_lost = apply_is_overdue(apply, job) && judge_knows_nothing(rows, report);
    task->state = is_lost ? JOB_STATE_LOST : JOB_STATE_SETTLING;
    return task->state != before;
}

static bool judge_task(const struct apply *apply, struct job *job, struct task *task,
                       const struct tick_report *report)
{
    const struct seen_job *row = NULL;
    struct job_rows rows = { .queue = task->queue,
                             .accounting = task->accounting,
                             .exit_file = task->exit_file };
    if (is_of_earlier_attempt(apply, task, rows.accounting) && !apply_is_overdue(apply, job))
        rows.accounting = NULL;
    bool is_old = rows.exit_file && rows.exit_file->restarts + 1 < task->attempt;
    if (is_old && !apply_is_overdue(apply, job))
        rows.exit_file = task->exit_file = NULL;
    bool lacks_code = task->exit_code == JOB_ABSENT && (rows.accounting || rows.exit_file);
    if (job_state_is_terminal(task->state) && !task->queue && !lacks_code)
        return false; /* known to have ended; the tick no longer asks for it */
    enum judgement judged = judge(&rows, report, task->state, &row);
    if (judged == JUDGED_ENDED && apply_waits_for_cause(apply, job, row, rows.exit_file))
        judged = JUDGED_SETTLING;
    switch (judged) {
    case JUDGED_LIVE:
        return task_take(apply, task, row);
    case JUDGED_ENDED:
        return end_task(apply, job, task, row);
    case JUDGED_SETTLING:
        return settle_task(apply, job, task, &rows, report);
    case JUDGED_NOTHING:
        return false;
    }
    return false;
}

/* --- the array as a whole --- */

struct tally {
    size_t by_state[JOB_STATE_COUNT];
    size_t queued, active, ended, settling;
    int64_t first_start_us, last_end_us, worst_exit;
};

static struct tally tally_of(const struct tasks *tasks)
{
    struct tally tally = { .worst_exit = JOB_ABSENT };
    for (size_t i = 0; i < tasks->count; i++) {
        const struct task *task = &tasks->items[i];
        tally.by_state[task->state]++;
        tally.settling += task->state == JOB_STATE_SETTLING;
        tally.queued += job_state_group(task->state) == JOB_GROUP_QUEUED;
        tally.active += job_state_group(task->state) == JOB_GROUP_ACTIVE && task->state != JOB_STATE_SETTLING;
        tally.ended += job_state_is_terminal(task->state);
        if (task->started_us && (!tally.first_start_us || task->started_us < tally.first_start_us))
            tally.first_start_us = task->started_us;
        if (task->ended_us > tally.last_end_us)
            tally.last_end_us = task->ended_us;
        if (task->exit_code != JOB_ABSENT && task->exit_code > tally.worst_exit)
            tally.worst_exit = task->exit_code;
    }
    return tally;
}

/* While anything runs: running; while anything waits: pending; at the end the worst of the ends. */
static enum job_state state_of(const struct tally *tally)
{
    static const enum job_state worst_first[] = { JOB_STATE_FAILED,    JOB_STATE_OUT_OF_MEMORY,
                                                  JOB_STATE_TIMEOUT,   JOB_STATE_NODE_FAIL,
                                                  JOB_STATE_BOOT_FAIL, JOB_STATE_PREEMPTED,
                                                  JOB_STATE_DEADLINE,  JOB_STATE_LOST,
                                                  JOB_STATE_REVOKED,   JOB_STATE_CANCELLED };
    if (tally->active)
        return JOB_STATE_RUNNING;
    if (tally->queued)
        return tally->ended ? JOB_STATE_RUNNING : JOB_STATE_PENDING;
    if (tally->settling)
        return JOB_STATE_SETTLING;
    for (size_t i = 0; i < ARRAY_LEN(worst_first); i++)
        if (tally->by_state[worst_first[i]])
            return worst_first[i];
    return JOB_STATE_COMPLETED;
}

/* What its tasks waited for is no cause of the end; that the queue gave them up is. */
static void take_end_reason(struct job *job, const struct tasks *tasks)
{
    struct span cause = { 0 };
    for (size_t i = 0; i < tasks->count && !cause.len; i++) {
        const struct task *task = &tasks->items[i];
        if (task->state == JOB_STATE_CANCELLED && task->accounting)
            cause = apply_end_cause(task->accounting, task->queue);
    }
    mem_clear_str(&job->reason);
    if (cause.len)
        job->reason = span_dup(cause);
}

static void end_sentence(const struct tally *tally, const struct tasks *tasks, struct str *why)
{
    if (tally->by_state[JOB_STATE_COMPLETED] < tasks->count)
        str_addf(why, "%zu of %zu tasks did not complete",
                 tasks->count - tally->by_state[JOB_STATE_COMPLETED], tasks->count);
}

/* The tasks that wait: the queue has one row for all that wait for the same. NULL: none. */
static const struct seen_job *waiting_row(const struct job_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->all[i]->source == SEEN_QUEUE && job_state_group(rows->all[i]->state) == JOB_GROUP_QUEUED)
            return rows->all[i];
    return NULL;
}

/* What those of its tasks wait for that do; true where that is news. Tasks were remembered before: it tells
 * how many. */
static bool take_waiting(const struct apply *apply, struct job *job, const struct job_rows *rows)
{
    const struct seen_job *row = waiting_row(rows);
    auto_free char *why = row ? waiting_why(apply->gw, apply->mono_us, job, row) : NULL;
    auto_free char *reason = row && row->reason.len ? span_dup(row->reason) : NULL;
    bool is_same = strcmp(why ? why : "", job->why ? job->why : "") == 0 &&
                   strcmp(reason ? reason : "", job->reason ? job->reason : "") == 0;
    mem_replace_str(&job->why, why);
    mem_replace_str(&job->reason, reason);
    return !is_same;
}

static void enter(const struct apply *apply, struct job *job, const struct tasks *tasks,
                  const struct tally *tally)
{
    enum job_state next = state_of(tally);
    auto_str struct str why = STR_MAX(ERR_TEXT_BYTES);
    if (tally->first_start_us)
        job->started_at_us = tally->first_start_us;
    if (job_state_is_terminal(next)) {
        end_sentence(tally, tasks, &why);
        take_end_reason(job, tasks);
        if (job->reason)
            str_addf(&why, ": %s", job->reason);
        job->ended_at_us = tally->last_end_us;
        bool is_none = tally->worst_exit == 0 && job_state_is_cut_short(next);
        job->exit_code = is_none ? JOB_ABSENT : tally->worst_exit;
    } else if (job->why) {
        str_add(&why, job->why); /* what its waiting tasks wait for */
    }
    if (next == JOB_STATE_SETTLING)
        return; /* apply_settling speaks for it */
    job->settling_since_us = job->settling_from_us = 0;
    if (next != job->state) {
        jobs_enter(apply->gw->jobs, job, next, why.len ? str_text(&why) : NULL);
        if (job_is_final(job))
            crash_point("K15");
    } else {
        auto_str struct str told = STR_MAX(MAX_EVENT_BYTES);
        mem_replace_str(&job->why, why.len ? str_text(&why) : NULL);
        waiting_json(job, &told);
        jobs_change(apply->gw->jobs, job, "tasks", str_text(&told));
    }
}

/* A waiting task that is cancelled alone leaves no record, neither in the queue nor in accounting. Where
 * accounting knows its array, and T_settle after all others have ended, that is what became of it. */
static bool end_those_without_record(const struct apply *apply, struct job *job, const struct tasks *tasks,
                                     const struct job_rows *rows, const struct tick_report *report)
{
    bool is_known = rows->queue || rows->accounting || (rows->count && !report->accounting_asked);
    bool is_whole =
        report->queue_ok && !report->rejected && is_known && !report->is_accounting_cut &&
        (report->accounting_ok || !report->accounting_asked); /* not asked: the queue has its end */
    bool changed = false, is_waited_for = is_whole && job->state == JOB_STATE_SETTLING &&
                                          apply_settling_us(apply, job) > apply->settle_us;
    for (size_t i = 0; i < tasks->count && is_waited_for; i++) {
        struct task *task = &tasks->items[i];
        bool is_gone = !task->queue && !task->accounting && !task->exit_file;
        if (task->state != JOB_STATE_SETTLING || task->started_us || !is_gone)
            continue;
        task->state = JOB_STATE_CANCELLED;
        changed = true;
    }
    return changed;
}

/* A task that the queue alone saw end is told while its array lives; the array's own end waits for its code,
 * though the queue has forgotten the task since, and as long as no look succeeds. */
static bool waits_for_code(const struct apply *apply, struct job *job, const struct tasks *tasks,
                           const struct tick_report *report)
{
    bool waits = false;
    for (size_t i = 0; i < tasks->count && !waits; i++) {
        const struct task *task = &tasks->items[i];
        const struct seen_job *known = task->accounting;
        bool is_known = known && job_state_is_terminal(known->state) && !judge_is_without_cause(known);
        struct seen_job told = { .source = SEEN_QUEUE, .state = task->state, .exit_code = SEEN_ABSENT };
        waits = task->exit_code == JOB_ABSENT && !is_known && judge_lacks_code(&told, task->exit_file) &&
                (!report->queue_ok || apply_waits_for_code(apply, job, &told, task->exit_file));
    }
    return waits;
}

/* While one of its tasks lives, accounting is mostly asked about other jobs alone: an answer says nothing of
 * its tasks. */
static bool is_accounting_of_others(const struct job_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->all[i]->source == SEEN_QUEUE && !job_state_is_terminal(rows->all[i]->state))
            return true;
    return false;
}

void apply_array(const struct apply *apply, struct job *job, const struct job_rows *rows,
                 const struct tick_report *all)
{
    struct tick_report own = *all;
    const struct tick_report *report = &own;
    if (!report->is_asked && is_accounting_of_others(rows))
        own.accounting_asked = own.accounting_ok = false;
    struct tasks tasks = { 0 };
    struct err err = { 0 };
    if (tasks_load(job, &tasks, &err) < 0) {
        log_error("job %lld: its array cannot be read: %s", (long long)job->id, err.text);
        tasks_clear(&tasks);
        return;
    }
    take_rows(&tasks, rows);
    bool changed = false;
    for (size_t i = 0; i < tasks.count; i++)
        changed |= judge_task(apply, job, &tasks.items[i], report);
    struct tally tally = tally_of(&tasks);
    if (state_of(&tally) == JOB_STATE_SETTLING &&
        end_those_without_record(apply, job, &tasks, rows, report)) {
        changed = true;
        tally = tally_of(&tasks);
    }
    if (rows->count) {
        apply_fresh(apply, job);
        changed |= !job->confirmed;
        job->confirmed = true;
        job->observed_at_us = apply->now_us;
        mem_replace_str(&job->source, apply_source_word(job, rows->all[0]->source));
        changed |= apply_place(job, rows->all[0]);
    }
    if (changed)
        tasks_remember(job, &tasks);
    enum job_state next = state_of(&tally);
    if (report->queue_ok && !job_state_is_terminal(next) && next != JOB_STATE_SETTLING)
        changed |= take_waiting(apply, job, rows);
    bool is_half_told = job_state_is_terminal(next) && waits_for_code(apply, job, &tasks, report);
    if (!is_half_told && (changed || job_state_is_terminal(next)))
        enter(apply, job, &tasks, &tally);
    if (is_half_told || next == JOB_STATE_SETTLING)
        apply_settling(apply, job, rows, report);
    tasks_clear(&tasks);
}
