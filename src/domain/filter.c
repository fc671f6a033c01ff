#include "domain/filter.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "domain/job_state.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct span all, rest;
    struct err *err;
};

struct term {
    size_t at; /* offset of the term, for messages */
    struct span key;
    struct str value;
};

static int wrong(const struct reader *in, size_t at, const char *what, struct span text)
{
    (void)in;
    return err_set(in->err, ERR_INVALID, "filter, column %zu: %s \"%.*s\"", at + 1, what,
                   text.len > 60 ? 60 : (int)text.len, text.len ? text.ptr : "");
}

/* Capitals are no difference: Slurm prints its states so. */
static bool is_word(struct span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

static uint64_t bit_of(enum job_state state)
{
    return UINT64_C(1) << state;
}

static uint64_t states_where(bool (*holds)(enum job_state))
{
    uint64_t set = 0;
    for (int i = 1; i < JOB_STATE_COUNT; i++)
        if (holds((enum job_state)i))
            set |= bit_of((enum job_state)i);
    return set;
}

static bool is_not_ended(enum job_state state)
{
    return !job_state_is_terminal(state);
}

static bool is_queued(enum job_state state)
{
    return job_state_group(state) == JOB_GROUP_QUEUED;
}

static bool is_failure(enum job_state state)
{
    return job_state_is_terminal(state) && state != JOB_STATE_COMPLETED && state != JOB_STATE_CANCELLED &&
           state != JOB_STATE_REVOKED;
}

bool job_filter_is_empty(const struct job_filter *f)
{
    return !f->states && !f->cluster && !f->project && !f->user && !f->gpu_type && !f->group && !f->tag &&
           !f->name && !f->text && !f->younger_than_s && !f->older_than_s;
}

uint64_t job_states_failed(void)
{
    return states_where(is_failure);
}

uint64_t job_states_in(bool ended)
{
    return states_where(ended ? job_state_is_terminal : is_not_ended);
}

static uint64_t state_set(struct span word)
{
    static const struct {
        const char *word;
        bool (*holds)(enum job_state);
    } groups[] = {
        { "active", is_not_ended },
        { "queued", is_queued },
        { "ended", job_state_is_terminal },
        { "failed", is_failure },
    };
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (is_word(word, groups[i].word))
            return states_where(groups[i].holds);
    struct span exact = span_starts(word, "=") ? span_skip(word, 1) : word;
    for (int i = 1; i < JOB_STATE_COUNT; i++)
        if (is_word(exact, job_state_word((enum job_state)i)))
            return bit_of((enum job_state)i);
    return 0;
}

static int read_states(struct reader *in, const struct term *term, struct job_filter *out)
{
    struct span rest = str_span(&term->value), word;
    if (out->states)
        return wrong(in, term->at, "given twice:", term->key);
    while (span_next(&rest, ',', &word)) {
        uint64_t set = state_set(word);
        if (!set)
            return wrong(in, term->at, "no state or group of states is called", word);
        out->states |= set;
    }
    return 0;
}

static int read_age(struct reader *in, const struct term *term, struct job_filter *out)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
    struct span value = str_span(&term->value);
    bool is_younger = span_starts(value, "<");
    struct span number = { 0 };
    int64_t count = 0, seconds = 0;
    if (value.len > 2 && (is_younger || span_starts(value, ">")))
        number = span_head(span_skip(value, 1), value.len - 2);
    for (size_t i = 0; number.len && i < ARRAY_LEN(units); i++)
        if (value.ptr[value.len - 1] == units[i].unit)
            seconds = units[i].seconds;
    if (!seconds || !span_i64(number, &count) || count <= 0 || count > 1000000)
        return wrong(in, term->at, "age wants <2d or >90m (units s m h d w), not", value);
    int64_t *to = is_younger ? &out->younger_than_s : &out->older_than_s;
    if (*to)
        return wrong(in, term->at, "given twice:", term->key);
    *to = count * seconds;
    return 0;
}

static int read_archived(struct reader *in, const struct term *term, struct job_filter *out)
{
    struct span value = str_span(&term->value);
    if (!span_is(value, "yes") && !span_is(value, "no"))
        return wrong(in, term->at, "archived wants yes or no, not", value);
    out->archived_too = span_is(value, "yes");
    return 0;
}

/* A key either fills a string of the filter or has a reader of its own. */
static const struct key {
    const char *name;
    int (*read)(struct reader *in, const struct term *term, struct job_filter *out);
    size_t offset;
} keys[] = {
    { "state", read_states, 0 },
    { "cluster", NULL, offsetof(struct job_filter, cluster) },
    { "project", NULL, offsetof(struct job_filter, project) },
    { "user", NULL, offsetof(struct job_filter, user) },
    { "gpu", NULL, offsetof(struct job_filter, gpu_type) },
    { "group", NULL, offsetof(struct job_filter, group) },
    { "tag", NULL, offsetof(struct job_filter, tag) },
    { "name", NULL, offsetof(struct job_filter, name) },
    { "age", read_age, 0 },
    { "archived", read_archived, 0 },
};

static const struct key *key_named(struct span name)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (is_word(name, keys[i].name))
            return &keys[i];
    return NULL;
}

static void add_text(struct job_filter *out, const struct str *word)
{
    struct str text = STR_MAX(MAX_FILTER_BYTES);
    if (out->text) {
        str_add(&text, out->text);
        str_add_char(&text, ' ');
    }
    str_add_span(&text, str_span(word));
    mem_clear_str(&out->text);
    out->text = str_steal(&text);
}

static int take_term(struct reader *in, const struct term *term, struct job_filter *out)
{
    if (!term->key.ptr) {
        add_text(out, &term->value);
        return 0;
    }
    const struct key *key = key_named(term->key);
    if (!key)
        return wrong(in, term->at,
                     "known are state cluster project user gpu group tag name age archived (quote a word to "
                     "look for it), not",
                     term->key);
    if (term->value.len == 0)
        return wrong(in, term->at, "no value for", term->key);
    if (key->read)
        return key->read(in, term, out);
    char **to = (char **)(void *)((char *)out + key->offset);
    if (*to)
        return wrong(in, term->at, "given twice:", term->key);
    mem_replace_str(to, str_text(&term->value));
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t here(const struct reader *in)
{
    return in->all.len - in->rest.len;
}

/* The value of a term: bytes up to a blank, or between quotes. */
static int read_value(struct reader *in, struct str *value)
{
    size_t at = here(in);
    if (!span_starts(in->rest, "\"")) {
        while (in->rest.len && !is_blank(*in->rest.ptr)) {
            str_add_char(value, *in->rest.ptr);
            in->rest = span_skip(in->rest, 1);
        }
        return 0;
    }
    in->rest = span_skip(in->rest, 1);
    while (in->rest.len) {
        char c = *in->rest.ptr;
        in->rest = span_skip(in->rest, 1);
        if (c == '"' && !span_starts(in->rest, "\""))
            return 0;
        if (c == '"')
            in->rest = span_skip(in->rest, 1);
        str_add_char(value, c);
    }
    return wrong(in, at, "this quote is not closed:", span_skip(in->all, at));
}

/* "-state:failed": taken for a text it would find nothing, and not say why. */
static bool is_negated_key(struct span rest)
{
    struct span word = span_skip(rest, 1);
    size_t colon = span_find_char(word, ':');
    return (span_starts(rest, "-") || span_starts(rest, "!")) && colon < word.len &&
           key_named(span_head(word, colon));
}

static int read_term(struct reader *in, struct job_filter *out)
{
    auto_str struct str value = STR_MAX(MAX_FILTER_BYTES);
    struct term term = { .at = here(in) };
    size_t n = 0;
    while (n < in->rest.len && isalpha((unsigned char)in->rest.ptr[n]))
        n++;
    if (n && n < in->rest.len && in->rest.ptr[n] == ':') {
        term.key = span_head(in->rest, n);
        in->rest = span_skip(in->rest, n + 1);
    }
    if (is_negated_key(in->rest))
        return wrong(in, term.at, "there is no \"not\" (quote a word to look for it):", in->rest);
    if (read_value(in, &value) < 0)
        return -1;
    term.value = value; /* a look at it, not a second owner */
    return take_term(in, &term, out);
}

int job_filter_parse(struct span text, struct job_filter *out, struct err *err)
{
    auto_job_filter struct job_filter filter = { 0 };
    if (text.len > MAX_FILTER_BYTES)
        return err_set(err, ERR_TOO_LARGE, "filter exceeds %d bytes", MAX_FILTER_BYTES);
    if (!span_is_utf8(text) || (text.len && memchr(text.ptr, '\0', text.len)))
        return err_set(err, ERR_INVALID, "filter is not UTF-8 text");
    struct reader in = { text, text, err };
    for (;;) {
        while (in.rest.len && is_blank(*in.rest.ptr))
            in.rest = span_skip(in.rest, 1);
        if (!in.rest.len)
            break;
        if (read_term(&in, &filter) < 0)
            return -1;
    }
    *out = filter;
    memset(&filter, 0, sizeof(filter));
    return 0;
}

void job_filter_clear(struct job_filter *filter)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (!keys[i].read)
            mem_clear_str((char **)(void *)((char *)filter + keys[i].offset));
    mem_clear_str(&filter->text);
    memset(filter, 0, sizeof(*filter));
}
