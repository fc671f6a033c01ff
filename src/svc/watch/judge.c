#include "svc/watch/judge.h"

#include <signal.h>

bool judge_is_without_cause(const struct seen_job *row)
{
    return row->state == JOB_STATE_FAILED && row->exit_code == 0 && row->signal <= 0;
}

bool judge_lacks_code(const struct seen_job *row, const struct seen_job *exit_file)
{
    bool has_one = row->state == JOB_STATE_COMPLETED || row->state == JOB_STATE_FAILED;
    return has_one && row->source == SEEN_QUEUE && row->exit_code == SEEN_ABSENT && !exit_file;
}

static bool is_row_final(const struct seen_job *row)
{
    return row && job_state_is_terminal(row->state);
}

bool judge_has_no_accounting(const struct tick_report *report)
{
    return report->is_asked && !report->accounting_asked;
}

bool judge_knows_nothing(const struct job_rows *rows, const struct tick_report *report)
{
    bool is_told = report->accounting_ok || (report->queue_ok && judge_has_no_accounting(report));
    return is_told && !report->is_accounting_cut && !rows->queue && !rows->exit_file &&
           !is_row_final(rows->accounting);
}

const struct seen_job *judge_last_word(const struct job_rows *rows, bool files_decide)
{
    if (rows->queue && !(files_decide && rows->exit_file))
        return rows->queue;
    return rows->exit_file;
}

bool judge_is_cut_short(const struct seen_job *exit_file)
{
    return exit_file && (exit_file->exit_code == 128 + SIGTERM || exit_file->exit_code == 128 + SIGKILL);
}

bool judge_is_our_cancel(const struct seen_job *row, bool is_asked_for)
{
    return is_asked_for && row->source == SEEN_EXIT_FILE && judge_is_cut_short(row);
}

int64_t judge_exit_code(const struct seen_job *row, const struct seen_job *exit_file)
{
    int64_t code = row->exit_code;
    bool is_cut_short = job_state_is_cut_short(row->state);
    if (exit_file && (code == SEEN_ABSENT || code + 128 == exit_file->exit_code ||
                      judge_is_without_cause(row) || (is_cut_short && code == 0 && row->signal <= 0)))
        code = exit_file->exit_code;
    return is_cut_short && code == 0 && row->signal <= 0 ? SEEN_ABSENT : code;
}

/* What its time limit ended says 143 like what somebody cancelled. */
static bool must_wait_for_accounting(const struct job_rows *rows, const struct tick_report *report)
{
    if (report->files_decide)
        return false;
    return report->accounting_ok ||
           (report->accounting_asked && !rows->queue && judge_is_cut_short(rows->exit_file));
}

static enum judgement judge_rows(const struct job_rows *rows, const struct tick_report *report,
                                 const struct seen_job **decisive)
{
    if (rows->queue && !is_row_final(rows->queue)) {
        *decisive = rows->queue;
        return JUDGED_LIVE;
    }
    if (!report->queue_ok || report->rejected)
        return JUDGED_NOTHING;
    if (is_row_final(rows->accounting)) {
        *decisive = rows->accounting;
        return JUDGED_ENDED;
    }
    if (must_wait_for_accounting(rows, report))
        return JUDGED_SETTLING;
    *decisive = judge_last_word(rows, report->files_decide);
    return *decisive ? JUDGED_ENDED : JUDGED_SETTLING;
}

/* P8: an end by the node or by preemption is often a requeue that the queue does not show yet. */
static bool may_come_back(enum job_state state)
{
    return state == JOB_STATE_NODE_FAIL || state == JOB_STATE_PREEMPTED || state == JOB_STATE_BOOT_FAIL;
}

enum judgement judge(const struct job_rows *rows, const struct tick_report *report, enum job_state now,
                     const struct seen_job **decisive)
{
    enum judgement judged = judge_rows(rows, report, decisive);
    if (judged == JUDGED_ENDED && may_come_back((*decisive)->state) && now != JOB_STATE_SETTLING)
        return JUDGED_SETTLING;
    return judged;
}
