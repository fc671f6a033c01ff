#include "domain/verdict.h"

#include "base/mem.h"
#include "domain/traceback.h"
#include "text/fold.h"
#include "text/json_out.h"
#include "text/needles.h"
#include "text/plain.h"

#include <string.h>

enum { MAX_WORDS = 80, QUOTE_BYTES = 300, SHOWN_BYTES = 600 };

struct hit {
    size_t at; /* in the log */
    const char *word;
};

struct evidence { /* of one rule: the last few places */
    struct hit hits[VERDICT_EVIDENCE];
    size_t count; /* all of them, also those not kept */
    size_t seen;  /* where the last word was, kept or not */
};

struct words {
    const char *list[MAX_WORDS];
    size_t rule[MAX_WORDS], count;
};

static void list_words(struct words *words)
{
    for (size_t i = 0; i < verdict_rule_count; i++) {
        for (size_t k = 0; k < VERDICT_WORDS && verdict_rules[i].words[k] && words->count < MAX_WORDS; k++) {
            words->rule[words->count] = i;
            words->list[words->count++] = verdict_rules[i].words[k];
        }
    }
}

/* Two words of one line are one place. Looked for from the word before, not from the one kept: a progress bar
 * may be the whole log in one line. */
static void keep(struct span log, struct evidence *evidence, struct hit hit)
{
    size_t kept = evidence->count < VERDICT_EVIDENCE ? evidence->count : VERDICT_EVIDENCE;
    bool is_same = kept && !memchr(log.ptr + evidence->seen, '\n', hit.at - evidence->seen);
    evidence->seen = hit.at;
    if (is_same)
        return;
    if (kept == VERDICT_EVIDENCE)
        memmove(&evidence->hits[0], &evidence->hits[1], sizeof(hit) * --kept);
    evidence->hits[kept] = hit;
    evidence->count++;
}

static bool is_traceback(const char *word)
{
    return strncmp(word, "Traceback", strlen("Traceback")) == 0;
}

/* Where Python says what ended it, a warning of the same words before it did not. */
static void scan(struct span log, struct evidence *evidence)
{
    struct words words = { .count = 0 };
    struct needles needles;
    struct evidence *raised = mem_zalloc(verdict_rule_count * sizeof(*raised));
    bool has_traceback = false;
    list_words(&words);
    needles_init(&needles, words.list, words.count);
    size_t at = 0, word;
    while (needles_next(&needles, log, &at, &word)) {
        const struct hit hit = { at, words.list[word] };
        size_t rule = words.rule[word];
        keep(log, &evidence[rule], hit);
        has_traceback = has_traceback || is_traceback(hit.word);
        if (verdict_rules[rule].quotes && (is_traceback(hit.word) || traceback_says_error(log, at)))
            keep(log, &raised[rule], hit);
        at += strlen(hit.word);
    }
    for (size_t i = 0; has_traceback && i < verdict_rule_count; i++)
        if (verdict_rules[i].quotes)
            evidence[i] = raised[i];
    mem_free_ptr(&raised);
}

/* --- the lines of evidence --- */

static struct span line_at(struct span log, size_t at, int64_t *number, int64_t first_line)
{
    size_t from = at;
    while (from > 0 && log.ptr[from - 1] != '\n')
        from--;
    struct span before = span_head(log, from), rest = span_skip(log, from);
    *number = first_line;
    while (first_line && before.len) { /* before ends with a newline */
        before = span_skip(before, span_find_char(before, '\n') + 1);
        ++*number;
    }
    return span_head(rest, span_find_char(rest, '\n'));
}

static size_t place_of(struct span log, const struct hit *hit)
{
    return is_traceback(hit->word) ? traceback_end(log, hit->at) : hit->at;
}

/* The error itself where Python says it (a traceback shows the `raise` of the same words before it), else the
 * last word on it. */
static size_t telling_place(struct span log, const size_t *places, size_t count)
{
    for (size_t i = count; i-- > 0;)
        if (traceback_says_error(log, places[i]))
            return i;
    return count - 1;
}

/* The places that are shown, the telling one first, the others as they stand in the log; that a launcher's
 * child failed tells less than the child. */
static size_t list_places(struct span log, const struct evidence *evidence, size_t places[VERDICT_EVIDENCE])
{
    size_t kept = evidence->count < VERDICT_EVIDENCE ? evidence->count : VERDICT_EVIDENCE, count = 0;
    for (size_t i = 0; i < kept; i++) {
        struct span rest = span_skip(log, places[count] = place_of(log, &evidence->hits[i]));
        bool is_launcher = span_has(span_head(rest, span_find_char(rest, '\n')), "ChildFailedError");
        count += !is_launcher || (i + 1 == kept && count == 0);
    }
    if (count > 1) {
        size_t telling = telling_place(log, places, count), place = places[telling];
        for (size_t i = telling; i > 0; i--)
            places[i] = places[i - 1];
        places[0] = place;
    }
    return count;
}

static void add_text(struct str *to, struct span line, size_t max)
{
    auto_str struct str plain = STR_MAX(line.len + 16);
    plain_add(&plain, fold_line(line));
    str_add_span(to, span_head(span_trim(str_span(&plain)), max));
}

static void add_evidence(struct json_out *out, const struct verdict_facts *facts, size_t at)
{
    int64_t number;
    auto_str struct str text = STR_MAX(SHOWN_BYTES + 1);
    add_text(&text, line_at(facts->log, at, &number, facts->first_line), SHOWN_BYTES);
    json_open_object(out);
    if (number > 0)
        json_member_int(out, "line", number);
    json_member_span(out, "text", str_span(&text));
    json_member_int(out, "attempt", facts->attempt);
    if (facts->task >= 0)
        json_member_int(out, "task", facts->task);
    json_close_object(out);
}

/* --- the verdict --- */

static int64_t signal_of(const struct verdict_facts *facts)
{
    int64_t signal = facts->signal > 0 ? facts->signal : facts->exit_code - 128;
    return facts->state == JOB_STATE_FAILED && signal > 0 && signal < 64 ? signal : 0;
}

static bool is_by_signal(const struct verdict_rule *rule, const struct verdict_facts *facts)
{
    return (rule->signals & ~UINT64_C(1)) >> signal_of(facts) & 1;
}

static bool holds(const struct verdict_rule *rule, const struct evidence *evidence,
                  const struct verdict_facts *facts)
{
    uint64_t bit = UINT64_C(1) << facts->state;
    return (rule->states & bit) || ((rule->log_states & bit) && evidence->count > 0) ||
           is_by_signal(rule, facts);
}

static const char *signal_words(int64_t signal)
{
    static const struct {
        int signal;
        const char *words;
    } rows[] = {
        { 4, "an instruction that this CPU does not have (SIGILL)" },
        { 6, "it aborted itself (SIGABRT)" },
        { 7, "memory that is not there, or no longer (SIGBUS)" },
        { 8, "a division by zero (SIGFPE)" },
        { 11, "memory that it may not touch (SIGSEGV, segmentation fault)" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].signal == signal)
            return rows[i].words;
    return "a signal";
}

static void add_title(struct json_out *out, const struct verdict_facts *facts,
                      const struct verdict_rule *rule, size_t at)
{
    auto_str struct str title = STR_MAX(1024), quote = STR_MAX(QUOTE_BYTES + 1);
    int64_t number;
    if (is_by_signal(rule, facts))
        str_add(&quote, signal_words(signal_of(facts)));
    else if (rule->quotes)
        add_text(&quote, line_at(facts->log, at, &number, 0), QUOTE_BYTES);
    else
        str_add(&quote, facts->cancelled_by ? facts->cancelled_by : "somebody outside the gateway");
    struct span rest = span_of(rule->title);
    size_t mark = span_find(rest, SPAN_LIT("%s"));
    str_add_span(&title, span_head(rest, mark));
    if (mark < rest.len)
        str_add_span(&title, str_span(&quote));
    str_add_span(&title, span_skip(rest, mark + 2));
    if (facts->state == JOB_STATE_FAILED && strcmp(rule->code, "failed") == 0 && facts->exit_code > 0)
        str_addf(&title, " (exit code %lld)", (long long)facts->exit_code);
    json_member_span(out, "title", str_span(&title));
}

/* Where no rule's words stand in it, the log's last words are shown. */
static size_t last_line(struct span log)
{
    while (log.len && strchr(" \t\r\n", log.ptr[log.len - 1]))
        log.len--;
    return log.len ? log.len - 1 : 0;
}

static void add_json(const struct verdict_facts *facts, const struct verdict_rule *rule,
                     const struct evidence *evidence, struct str *to)
{
    struct json_out out = { .to = to };
    size_t places[VERDICT_EVIDENCE], shown = list_places(facts->log, evidence, places);
    size_t telling = shown ? places[0] : last_line(facts->log);
    json_open_object(&out);
    json_member_str(&out, "code", rule->code);
    add_title(&out, facts, rule, telling);
    json_key(&out, "evidence");
    json_open_array(&out);
    for (size_t i = 0; i < shown; i++)
        add_evidence(&out, facts, places[i]);
    if (!shown && facts->log.len && strcmp(rule->code, "cancelled") != 0)
        add_evidence(&out, facts, telling);
    json_close_array(&out);
    json_key(&out, "next");
    json_open_array(&out);
    for (size_t i = 0; i < VERDICT_NEXT && rule->next[i]; i++)
        json_str(&out, rule->next[i]);
    json_close_array(&out);
    json_close_object(&out);
}

void verdict_json(const struct verdict_facts *facts, struct str *out)
{
    if (!job_state_is_terminal(facts->state) || facts->state == JOB_STATE_COMPLETED)
        return;
    struct evidence *evidence = mem_zalloc(verdict_rule_count * sizeof(*evidence));
    scan(facts->log, evidence);
    for (size_t i = 0; i < verdict_rule_count; i++) {
        if (!holds(&verdict_rules[i], &evidence[i], facts))
            continue;
        add_json(facts, &verdict_rules[i], &evidence[i], out);
        break;
    }
    mem_free_ptr(&evidence);
}
