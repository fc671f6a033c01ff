#include "domain/job_state.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BIT(state) (UINT64_C(1) << JOB_STATE_##state)

/* Whom Slurm can show: every state that is not our own. */
#define SLURM_QUEUED                                                                          \
    (BIT(PENDING) | BIT(CONFIGURING) | BIT(REQUEUED) | BIT(REQUEUE_HOLD) | BIT(REQUEUE_FED) | \
     BIT(SPECIAL_EXIT) | BIT(RESV_DEL_HOLD))
#define SLURM_ACTIVE                                                                                  \
    (BIT(RUNNING) | BIT(SUSPENDED) | BIT(STOPPED) | BIT(SIGNALING) | BIT(RESIZING) | BIT(STAGE_OUT) | \
     BIT(COMPLETING))
#define SLURM_ENDED                                                                                       \
    (BIT(COMPLETED) | BIT(FAILED) | BIT(CANCELLED) | BIT(TIMEOUT) | BIT(OUT_OF_MEMORY) | BIT(NODE_FAIL) | \
     BIT(PREEMPTED) | BIT(BOOT_FAIL) | BIT(DEADLINE) | BIT(REVOKED))
#define SLURM_ANY (SLURM_QUEUED | SLURM_ACTIVE | SLURM_ENDED)

/* What may follow. A poll sees moments, so any state of Slurm may follow any other live one. */
#define AFTER_LIVE  (SLURM_ANY | BIT(SETTLING) | BIT(LOST))
#define AFTER_ENDED (SLURM_ANY) /* late words of accounting, and requeues */

struct state_row {
    const char *word;  /* ours, lower case; Slurm's is the same in upper case */
    const char *brief; /* Slurm's short form, or NULL for our own words */
    enum job_group group;
    uint64_t next;
};

static const struct state_row rows[JOB_STATE_COUNT] = {
    [JOB_STATE_UNKNOWN] = { "unknown", NULL, JOB_GROUP_NONE, ~UINT64_C(0) },
    [JOB_STATE_HELD] = { "held", NULL, JOB_GROUP_QUEUED,
                         BIT(SUBMITTING) | BIT(SUBMIT_FAILED) | BIT(CANCELLED) },
    [JOB_STATE_SUBMITTING] = { "submitting", NULL, JOB_GROUP_QUEUED,
                               SLURM_ANY | BIT(HELD) | BIT(SUBMIT_FAILED) | BIT(SETTLING) | BIT(LOST) },
    [JOB_STATE_SUBMIT_FAILED] = { "submit_failed", NULL, JOB_GROUP_ENDED, 0 },
    [JOB_STATE_PENDING] = { "pending", "PD", JOB_GROUP_QUEUED, AFTER_LIVE },
    [JOB_STATE_CONFIGURING] = { "configuring", "CF", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_REQUEUED] = { "requeued", "RQ", JOB_GROUP_QUEUED, AFTER_LIVE },
    [JOB_STATE_REQUEUE_HOLD] = { "requeue_hold", "RH", JOB_GROUP_QUEUED, AFTER_LIVE },
    [JOB_STATE_REQUEUE_FED] = { "requeue_fed", "RF", JOB_GROUP_QUEUED, AFTER_LIVE },
    [JOB_STATE_SPECIAL_EXIT] = { "special_exit", "SE", JOB_GROUP_QUEUED, AFTER_LIVE },
    [JOB_STATE_RESV_DEL_HOLD] = { "resv_del_hold", "RD", JOB_GROUP_QUEUED, AFTER_LIVE },
    [JOB_STATE_RUNNING] = { "running", "R", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_SUSPENDED] = { "suspended", "S", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_STOPPED] = { "stopped", "ST", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_SIGNALING] = { "signaling", "SI", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_RESIZING] = { "resizing", "RS", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_STAGE_OUT] = { "stage_out", "SO", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_COMPLETING] = { "completing", "CG", JOB_GROUP_ACTIVE, AFTER_LIVE },
    [JOB_STATE_SETTLING] = { "settling", NULL, JOB_GROUP_ACTIVE, SLURM_ANY | BIT(LOST) },
    [JOB_STATE_COMPLETED] = { "completed", "CD", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_FAILED] = { "failed", "F", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_CANCELLED] = { "cancelled", "CA", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_TIMEOUT] = { "timeout", "TO", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_OUT_OF_MEMORY] = { "out_of_memory", "OOM", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_NODE_FAIL] = { "node_fail", "NF", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_PREEMPTED] = { "preempted", "PR", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_BOOT_FAIL] = { "boot_fail", "BF", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_DEADLINE] = { "deadline", "DL", JOB_GROUP_ENDED, AFTER_ENDED },
    [JOB_STATE_REVOKED] = { "revoked", "RV", JOB_GROUP_ENDED, AFTER_ENDED },
    /* Found again: the cluster's word counts. Or resubmitted, where the policy says so. */
    [JOB_STATE_LOST] = { "lost", NULL, JOB_GROUP_ENDED, SLURM_ANY | BIT(SETTLING) | BIT(SUBMITTING) },
};

/* Words of Slurm that are no state of their own here. */
static const struct {
    const char *word;
    enum job_state state;
} aliases[] = {
    { "POWER_UP_NODE", JOB_STATE_CONFIGURING },
    { "CANCELED", JOB_STATE_CANCELLED },
    { "NODE_FAILED", JOB_STATE_NODE_FAIL },
};

const char *job_state_word(enum job_state state)
{
    return (unsigned)state < JOB_STATE_COUNT ? rows[state].word : rows[JOB_STATE_UNKNOWN].word;
}

const char *job_group_word(enum job_group group)
{
    static const char *const words[] = { "none", "queued", "active", "ended" };
    return (unsigned)group < ARRAY_LEN(words) ? words[group] : words[JOB_GROUP_NONE];
}

static bool is_same_word(struct span s, const char *word)
{
    return strlen(word) == s.len && strncasecmp(s.ptr, word, s.len) == 0;
}

static enum job_state state_of_one(struct span word)
{
    for (int i = 1; i < JOB_STATE_COUNT; i++)
        if (is_same_word(word, rows[i].word) || (rows[i].brief && span_is(word, rows[i].brief)))
            return (enum job_state)i;
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (is_same_word(word, aliases[i].word))
            return aliases[i].state;
    return JOB_STATE_UNKNOWN;
}

enum job_state job_state_of(struct span word)
{
    enum job_state found = JOB_STATE_UNKNOWN;
    struct span rest = span_trim(word);
    if (span_starts(rest, "CANCELLED by ")) /* the uid says who, not what */
        return JOB_STATE_CANCELLED;
    while (rest.len) {
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] != '+' && rest.ptr[n] != ',')
            n++;
        enum job_state one = state_of_one(span_trim(span_head(rest, n)));
        if (one != JOB_STATE_UNKNOWN)
            found = one;
        rest = span_skip(rest, n + 1);
    }
    return found;
}

enum job_group job_state_group(enum job_state state)
{
    return (unsigned)state < JOB_STATE_COUNT ? rows[state].group : JOB_GROUP_NONE;
}

bool job_state_is_terminal(enum job_state state)
{
    return job_state_group(state) == JOB_GROUP_ENDED;
}

bool job_state_is_cut_short(enum job_state state)
{
    return job_state_is_terminal(state) && !job_state_is_ours(state) && state != JOB_STATE_COMPLETED &&
           state != JOB_STATE_FAILED;
}

bool job_state_is_ours(enum job_state state)
{
    return (unsigned)state < JOB_STATE_COUNT && state != JOB_STATE_UNKNOWN && !rows[state].brief;
}

bool job_state_is_live(enum job_state state)
{
    return (unsigned)state < JOB_STATE_COUNT && rows[state].brief && !job_state_is_terminal(state);
}

bool job_state_may(enum job_state from, enum job_state to)
{
    if ((unsigned)from >= JOB_STATE_COUNT || (unsigned)to >= JOB_STATE_COUNT || to == JOB_STATE_UNKNOWN)
        return false;
    return from == to || (rows[from].next & (UINT64_C(1) << to));
}

bool job_state_is_requeue(enum job_state from, enum job_state to)
{
    if (from == to || !job_state_may(from, to) || !job_state_is_live(to))
        return false;
    uint64_t bit = UINT64_C(1) << from;
    if (bit & SLURM_ENDED)
        return true;
    return (bit & SLURM_ACTIVE) && (SLURM_QUEUED & (UINT64_C(1) << to));
}
