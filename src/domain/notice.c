#include "domain/notice.h"

#include "base/mem.h"
#include "text/json_in.h"
#include "text/json_out.h"
#include "text/units.h"
#include "text/utf8.h"

#include <stdio.h>
#include <string.h>

/* --- occasions --- */

static const struct {
    const char *word, *says, *level;
} occasions[] = {
    { "started", "started", "info" },
    { "finished", "finished", "good" },
    { "failed", "failed", "bad" },
    { "cancelled", "was cancelled", "info" },
    { "requeued", "was requeued", "info" },
    { "verdict", NULL, "bad" },
    { "ended", NULL, "info" },
};

const char *notice_occasion(enum job_state from, enum job_state to)
{
    if (to == JOB_STATE_COMPLETED)
        return "finished";
    if (to == JOB_STATE_CANCELLED)
        return "cancelled";
    if (job_state_is_terminal(to))
        return "failed";
    bool begins = to == JOB_STATE_RUNNING && job_state_group(from) != JOB_GROUP_ACTIVE;
    return begins ? "started" : NULL;
}

static struct doc *verdict_of(const char *json)
{
    struct doc *doc = NULL;
    if (!json || json_parse(span_of(json), &doc, NULL) < 0)
        return NULL;
    return doc;
}

static bool fits_verdict(const char *when, const char *verdict)
{
    auto_doc struct doc *doc = verdict_of(verdict);
    const char *code = doc_scalar_text(doc_get(doc, "code"));
    if (!doc || strncmp(when, "verdict", 7) != 0)
        return false;
    return when[7] == '\0' || (when[7] == ':' && code && strcmp(when + 8, code) == 0);
}

bool notice_fits(const char *when, const struct notice_event *event)
{
    bool has_state = event->state != JOB_STATE_UNKNOWN;
    if (event->occasion && strcmp(when, event->occasion) == 0)
        return true;
    if (has_state && strcmp(when, job_state_word(event->state)) == 0)
        return true;
    bool has_ended = has_state && job_state_is_terminal(event->state);
    if (has_ended && strcmp(when, "ended") == 0)
        return true;
    bool may_be_judged = has_ended || (event->occasion && strcmp(event->occasion, "verdict") == 0);
    return may_be_judged && fits_verdict(when, event->verdict);
}

bool notice_when_is_known(const char *when)
{
    for (size_t i = 0; i < ARRAY_LEN(occasions); i++)
        if (strcmp(when, occasions[i].word) == 0)
            return true;
    for (int state = 1; state < JOB_STATE_COUNT; state++)
        if (strcmp(when, job_state_word((enum job_state)state)) == 0)
            return true;
    return strncmp(when, "verdict:", 8) == 0 && when[8];
}

/* --- the text --- */

/* Controls, and what turns or hides the text around it. */
static bool is_harmful(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200e && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

static void add_clean(struct str *to, const char *text)
{
    struct span rest = span_of(text);
    size_t limit = to->len + MAX_NOTICE_LINE_BYTES;
    while (rest.len && to->len < limit) {
        uint32_t point = 0xfffd;
        size_t len = utf8_decode(rest, &point);
        if (is_harmful(point))
            str_add_char(to, ' ');
        else
            utf8_add(to, point);
        rest = span_skip(rest, len ? len : 1);
    }
    if (rest.len)
        str_add(to, "...");
}

static const char *says(const struct notice_input *in)
{
    for (size_t i = 0; i < ARRAY_LEN(occasions); i++)
        if (strcmp(occasions[i].word, in->occasion) == 0 && occasions[i].says)
            return occasions[i].says;
    return NULL;
}

static const char *level(const struct notice_input *in)
{
    for (size_t i = 0; i < ARRAY_LEN(occasions); i++)
        if (strcmp(occasions[i].word, in->occasion) == 0)
            return occasions[i].level;
    return "info";
}

static void add_title(const struct notice_input *in, struct str *to)
{
    const struct job *job = in->job;
    const char *verb = says(in);
    if (!job) {
        str_add(to, "Test message from Sluice");
        return;
    }
    add_clean(to, job->name ? job->name : "job");
    str_addf(to, " (job %lld) ", (long long)job->id);
    if (verb)
        str_add(to, verb);
    else
        str_addf(to, "is %s", in->state ? in->state : "changed");
    str_add(to, " on ");
    add_clean(to, job->cluster ? job->cluster : "?");
}

static void add_verdict(const struct job *job, struct str *to)
{
    auto_doc struct doc *doc = verdict_of(job->verdict);
    const char *title = doc_scalar_text(doc_get(doc, "title"));
    const struct doc *evidence = doc_get(doc, "evidence");
    if (!title) {
        if (job->why && job_is_final(job) && job->state != JOB_STATE_COMPLETED)
            add_clean(to, job->why);
        return;
    }
    add_clean(to, title);
    if (!evidence || evidence->kind != DOC_SEQ || evidence->count == 0)
        return;
    const struct doc *first = &evidence->items[0];
    const char *line =
        first->kind == DOC_MAP ? doc_scalar_text(doc_get(first, "text")) : doc_scalar_text(first);
    if (line) {
        str_add_char(to, '\n');
        add_clean(to, line);
    }
}

static int64_t elapsed_s(const struct notice_input *in)
{
    const struct job *job = in->job;
    int64_t end = job->ended_at_us ? job->ended_at_us : in->time_us;
    return job->started_at_us && end > job->started_at_us ? (end - job->started_at_us) / 1000000 : 0;
}

static void add_text(const struct notice_input *in, struct str *to)
{
    const struct job *job = in->job;
    if (!job) {
        str_add(to, "If you can read this, notifications work.");
        return;
    }
    add_verdict(job, to);
    str_addf(to, "%sstate %s", to->len ? "\n" : "", in->state ? in->state : job_state_word(job->state));
    if (job->exit_code != JOB_ABSENT)
        str_addf(to, ", exit code %lld", (long long)job->exit_code);
    if (job->signal != JOB_ABSENT && job->signal != 0)
        str_addf(to, ", signal %lld", (long long)job->signal);
    if (elapsed_s(in)) {
        str_add(to, ", ran ");
        units_add_duration(to, elapsed_s(in));
    }
    if (job->attempt > 1)
        str_addf(to, ", attempt %lld", (long long)job->attempt);
}

static void member_clean(struct json_out *out, const char *key, const char *text)
{
    auto_str struct str clean = STR_MAX(2 * MAX_NOTICE_LINE_BYTES);
    if (!text)
        return;
    add_clean(&clean, text);
    json_member_span(out, key, str_span(&clean));
}

static void add_job(const struct notice_input *in, struct json_out *out)
{
    const struct job *job = in->job;
    json_key(out, "job");
    json_open_object(out);
    json_member_int(out, "id", job->id);
    member_clean(out, "name", job->name);
    member_clean(out, "project", job->project);
    member_clean(out, "group", job->group);
    member_clean(out, "user", job->user);
    member_clean(out, "cluster", job->cluster);
    json_member_str(out, "state", in->state ? in->state : job_state_word(job->state));
    json_member_int(out, "attempt", job->attempt);
    if (job->exit_code != JOB_ABSENT)
        json_member_int(out, "exit_code", job->exit_code);
    if (job->signal != JOB_ABSENT)
        json_member_int(out, "signal", job->signal);
    member_clean(out, "reason", job->reason);
    json_member_time(out, "created_at", job->created_at_us);
    json_member_time(out, "started_at", job->started_at_us);
    json_member_time(out, "ended_at", job->ended_at_us);
    json_member_int(out, "elapsed_s", elapsed_s(in));
    if (job->verdict && strlen(job->verdict) < MAX_NOTICE_BYTES / 2)
        json_member_raw(out, "verdict", span_of(job->verdict));
    json_close_object(out);
}

void notice_render(const struct notice_input *in, struct str *to)
{
    struct json_out out = { .to = to };
    auto_str struct str type = STR_MAX(200), title = STR_MAX(4096), text = STR_MAX(8192), url = STR_MAX(2048);
    str_addf(&type, "%s%s", in->job ? "job." : "", in->occasion);
    add_title(in, &title);
    add_text(in, &text);
    if (in->public_url && in->job)
        str_addf(&url, "%s/jobs/%lld", in->public_url, (long long)in->job->id);
    else if (in->public_url)
        str_addf(&url, "%s/", in->public_url);
    json_open_object(&out);
    json_member_str(&out, "id", in->delivery);
    json_member_span(&out, "type", str_span(&type));
    json_member_time(&out, "time", in->time_us);
    json_member_str(&out, "level", level(in));
    json_member_span(&out, "title", str_span(&title));
    json_member_span(&out, "text", str_span(&text));
    if (url.len)
        json_member_span(&out, "url", str_span(&url));
    if (in->job)
        add_job(in, &out);
    json_close_object(&out);
}

int notice_parse(struct span json, struct notice *out, struct err *err)
{
    struct notice notice = { 0 };
    if (json_parse(json, &notice.doc, err) < 0)
        return err_wrap(err, "a stored message");
    const struct {
        const char *key, **to;
        bool is_needed;
    } fields[] = {
        { "id", &notice.id, true },       { "type", &notice.type, true }, { "level", &notice.level, true },
        { "title", &notice.title, true }, { "text", &notice.text, true }, { "url", &notice.url, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        *fields[i].to = doc_scalar_text(doc_get(notice.doc, fields[i].key));
        if (*fields[i].to || !fields[i].is_needed)
            continue;
        notice_clear(&notice);
        return err_set(err, ERR_CORRUPT, "a stored message has no %s", fields[i].key);
    }
    *out = notice;
    return 0;
}

void notice_clear(struct notice *notice)
{
    doc_free(notice->doc);
    *notice = (struct notice){ 0 };
}
