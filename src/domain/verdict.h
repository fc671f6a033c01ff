/* Why a job ended as it did, in words: what the scheduler says (never doubted), then what its log says near
 * the end. One row a rule (verdict_rules.c). Pure. */
#ifndef SLUICE_DOMAIN_VERDICT_H
#define SLUICE_DOMAIN_VERDICT_H

#include "base/str.h"
#include "domain/job_state.h"

enum { VERDICT_EVIDENCE = 3, VERDICT_WORDS = 10, VERDICT_NEXT = 3 };

/* A rule holds where the state is one of `states`, where a word stands in the log and the state is one of
 * `log_states`, or where a job failed by one of `signals`. The first that holds is the verdict. */
struct verdict_rule {
    const char *code;
    const char *title; /* "%s" is filled with the signal's words where it is one of `signals`, else with the
                          line that says it (`quotes`), or with who cancelled */
    uint64_t states;   /* bits 1 << JOB_STATE_...: certain by the state alone */
    uint64_t log_states;
    uint64_t signals; /* bits 1 << its number; an exit code of 128 + it counts, as a shell tells it */
    bool quotes;
    const char *words[VERDICT_WORDS];
    const char *next[VERDICT_NEXT];
};
extern const struct verdict_rule verdict_rules[];
extern const size_t verdict_rule_count;

struct verdict_facts {
    enum job_state state;
    const char *cancelled_by; /* a name, a uid's number, or NULL */
    int64_t exit_code;        /* < 0: unknown */
    int64_t signal;           /* <= 0: none */
    struct span log;          /* its last part, from a line's beginning */
    int64_t first_line;       /* the number of its first line; 0 not known */
    int64_t attempt, task;    /* whose log; task -1: none */
};
/* Appends {code, title, evidence: [{line, text, attempt, task}], next: []}, the most telling line of evidence
 * first; nothing for a job that ended well or has not ended. */
void verdict_json(const struct verdict_facts *facts, struct str *out);

#endif
