/* What somebody is told of a job: made once as JSON (the body of a webhook), read back by the other kinds of
 * notifier. Text of others (names, log lines) comes out as clean UTF-8 without control characters or marks
 * that turn the direction of writing; a kind escapes what is special to it. Pure. */
#ifndef SLUICE_DOMAIN_NOTICE_H
#define SLUICE_DOMAIN_NOTICE_H

#include "domain/job.h"
#include "text/doc.h"

enum { MAX_NOTICE_BYTES = 32 * 1024, MAX_NOTICE_LINE_BYTES = 500 };

/* --- occasions (notify.when) --- */

/* What a change of state is to people: "started", "finished", "failed", "cancelled", or NULL for one that
 * nobody need hear of unless they ask for the state's own word. */
const char *notice_occasion(enum job_state from, enum job_state to);
struct notice_event {
    const char *occasion; /* of notice_occasion, "requeued", "verdict"; NULL none */
    enum job_state state; /* entered; JOB_STATE_UNKNOWN: no change of state */
    const char *verdict;  /* JSON of the job, NULL none */
};
/* Whether a word of notify.when means the event: its occasion, "ended", the state's word, "verdict", or
 * "verdict:CODE". */
bool notice_fits(const char *when, const struct notice_event *event);
bool notice_when_is_known(const char *when);

/* --- the text --- */

struct notice_input {                        /* borrowed */
    const char *delivery, *occasion, *state; /* state: as it was at the event */
    int64_t time_us;                         /* of the event */
    const struct job *job;                   /* as it is now; NULL: a test message */
    const char *public_url;                  /* NULL: no link */
};
/* Appends the JSON: {id type time level title text url job{...}}. */
void notice_render(const struct notice_input *in, struct str *out);

struct notice { /* borrowed from doc */
    struct doc *doc;
    const char *id, *type, *level, *title, *text, *url; /* url NULL: none; level: good, bad, info */
};
int notice_parse(struct span json, struct notice *out, struct err *err);
void notice_clear(struct notice *notice);
#define auto_notice __attribute__((cleanup(notice_clear)))

#endif
