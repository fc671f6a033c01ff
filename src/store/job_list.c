#include "store/job_store.h"

#include "base/mem.h"
#include "store/call.h"
#include "text/json_out.h"

#include <string.h>

/* A list: one walk over one index in order of id (SQL_LIST_...), every row judged there. */
struct walk {
    const struct job_query *query;
    enum sql_id id;
    struct str states, name, text; /* parameters made here */
    size_t rows;                   /* looked at so far */
    int64_t last;                  /* cursor of the last row looked at */
    bool is_cut;                   /* stopped by the ceiling on rows */
};

static void walk_clear(struct walk *walk)
{
    str_clear(&walk->states);
    str_clear(&walk->name);
    str_clear(&walk->text);
}
#define auto_walk __attribute__((cleanup(walk_clear)))

static bool is_within(uint64_t set, uint64_t whole)
{
    return set && (set & ~whole) == 0;
}

static bool is_one(uint64_t set)
{
    return set && (set & (set - 1)) == 0;
}

/* The index that leaves the fewest rows, as far as one can know: few jobs are open, failures are rarer than
 * successes, a tag or a group marks a handful, a person's jobs may be all. */
static enum sql_id choose(const struct job_query *q)
{
    const struct {
        bool fits;
        enum sql_id newest;
    } choices[] = {
        { q->tag != NULL, SQL_LIST_TAG },
        { is_within(q->states, job_states_in(false)), SQL_LIST_OPEN },
        { q->group != NULL, SQL_LIST_GROUP },
        { is_within(q->states, job_states_failed()) && !is_one(q->states), SQL_LIST_FAILED },
        { is_one(q->states), SQL_LIST_STATE },
        { q->project != NULL, SQL_LIST_PROJECT },
        { q->gpu_type != NULL, SQL_LIST_GPU },
        { q->cluster != NULL, SQL_LIST_CLUSTER },
        { q->user != NULL, SQL_LIST_USER },
        { true, SQL_LIST_ALL },
    };
    if (q->changed_since_event)
        return SQL_LIST_SINCE;
    size_t i = 0;
    while (!choices[i].fits)
        i++;
    return q->sort == JOB_SORT_OLDEST ? (enum sql_id)(choices[i].newest + 1) : choices[i].newest;
}

/* '%a%b%' for "a b": what the pattern's own signs mean is taken from them. */
static void like_pattern(const char *text, struct str *out)
{
    str_add_char(out, '%');
    for (; *text; text++) {
        if (*text == '%' || *text == '_' || *text == '\\')
            str_add_char(out, '\\');
        str_add_char(out, *text == ' ' ? '%' : *text);
    }
    str_add_char(out, '%');
}

static int walk_init(struct walk *walk, const struct job_query *query, struct err *err)
{
    *walk = (struct walk){ .query = query,
                           .id = choose(query),
                           .states = STR_MAX(1024),
                           .name = STR_MAX(2 * MAX_FILTER_BYTES),
                           .text = STR_MAX(2 * MAX_FILTER_BYTES) };
    for (int i = 0; query->states && i < JOB_STATE_COUNT; i++)
        if (query->states >> i & 1)
            str_addf(&walk->states, "|%s|", job_state_word((enum job_state)i));
    if (query->name_like)
        like_pattern(query->name_like, &walk->name);
    if (query->text)
        like_pattern(query->text, &walk->text);
    if (walk->name.failed || walk->text.failed)
        return err_set(err, ERR_TOO_LARGE, "filter exceeds %d bytes", MAX_FILTER_BYTES);
    return 0;
}

static int64_t first_cursor(const struct job_query *q, enum sql_id id)
{
    if (id == SQL_LIST_SINCE)
        return q->cursor > q->changed_since_event ? q->cursor : q->changed_since_event;
    if (q->cursor)
        return q->cursor;
    return q->sort == JOB_SORT_OLDEST ? 0 : INT64_MAX;
}

static void bind_walk(struct call *call, const struct walk *walk, int64_t cursor)
{
    const struct job_query *q = walk->query;
    bool by_state = walk->id == SQL_LIST_STATE || walk->id == SQL_LIST_STATE_OLDEST;
    call_int(call, LIST_CURSOR, cursor);
    call_text(call, LIST_STATES, q->states ? str_text(&walk->states) : NULL);
    call_text(call, LIST_CLUSTER, q->cluster);
    call_text(call, LIST_PROJECT, q->project);
    call_text(call, LIST_USER, q->user);
    call_text(call, LIST_GPU, q->gpu_type);
    call_text(call, LIST_GROUP, q->group);
    call_text(call, LIST_NAME, q->name_like ? str_text(&walk->name) : NULL);
    if (q->created_after_us)
        call_int(call, LIST_AFTER, q->created_after_us);
    if (q->created_before_us)
        call_int(call, LIST_BEFORE, q->created_before_us);
    call_int(call, LIST_ARCHIVED, q->archived_too);
    call_text(call, LIST_TAG, q->tag);
    call_text(call, LIST_TEXT, q->text ? str_text(&walk->text) : NULL);
    call_text(call, LIST_EXACT, q->text);
    if (by_state)
        call_text(call, LIST_STATE, job_state_word((enum job_state)__builtin_ctzll(q->states)));
}

/* The next row that matches: 1 with *id, 0 none (or is_cut), -1. */
static int walk_next(struct walk *walk, struct call *call, int64_t *id, struct err *err)
{
    int rc;
    while ((rc = call_step(call, err)) == 1) {
        if (walk->rows == MAX_LIST_WALK_ROWS) {
            walk->is_cut = true;
            return 0;
        }
        walk->rows++;
        *id = sqlite3_column_int64(call->stmt, 0);
        bool matches = sqlite3_column_int(call->stmt, 1) != 0;
        int64_t cursor = walk->id == SQL_LIST_SINCE ? sqlite3_column_int64(call->stmt, 2) : *id;
        if (matches)
            return 1; /* not counted as passed until it is taken */
        walk->last = cursor;
    }
    return rc;
}

static int add_document(struct store *store, int64_t id, bool is_first, struct str *items, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_DOC_GET);
    call_int(&call, 1, id);
    int rc = call_step(&call, err);
    if (rc < 1)
        return rc < 0 ? -1 : err_set(err, ERR_CORRUPT, "job %lld has no document", (long long)id);
    if (!is_first)
        str_add_char(items, ',');
    str_add_span(items, call_get(&call, 0));
    return items->failed ? err_set(err, ERR_TOO_LARGE, "list: the answer exceeds %zu bytes", items->max) : 0;
}

static int fill_page(struct store *store, struct walk *walk, struct str *items, struct job_page *page,
                     struct err *err)
{
    size_t limit = walk->query->limit, count = 0, start = items->len;
    auto_call struct call call = call_open(store, walk->id);
    bind_walk(&call, walk, first_cursor(walk->query, walk->id));
    int64_t id = 0;
    int rc;
    while ((rc = walk_next(walk, &call, &id, err)) == 1) {
        if (count == limit || items->len - start > MAX_PAGE_BYTES) {
            page->next = walk->last; /* there is at least one more */
            return 0;
        }
        if (add_document(store, id, count == 0, items, err) < 0)
            return -1;
        walk->last = walk->id == SQL_LIST_SINCE ? sqlite3_column_int64(call.stmt, 2) : id;
        count++;
    }
    if (walk->is_cut)
        page->next = walk->last;
    return rc;
}

/* Without conditions beside the states the table of counts knows. */
static bool is_counted(const struct job_query *q)
{
    return !q->cluster && !q->project && !q->user && !q->tag && !q->gpu_type && !q->group && !q->name_like &&
           !q->text && !q->created_after_us && !q->created_before_us && !q->changed_since_event;
}

static int total_by_counts(struct store *store, const struct job_query *q, int64_t *total, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_COUNTS);
    call_int(&call, 1, q->archived_too);
    int64_t sum = 0;
    int rc;
    while ((rc = call_step(&call, err)) == 1)
        if (!q->states || (q->states >> job_state_of(call_get(&call, 0)) & 1))
            sum += sqlite3_column_int64(call.stmt, 1);
    if (rc == 0)
        *total = sum;
    return rc;
}

static int total_by_walk(struct store *store, const struct job_query *query, int64_t *total, struct err *err)
{
    struct job_query all = *query;
    all.cursor = 0;
    auto_walk struct walk walk = { 0 };
    if (walk_init(&walk, &all, err) < 0)
        return -1;
    auto_call struct call call = call_open(store, walk.id);
    bind_walk(&call, &walk, first_cursor(&all, walk.id));
    int64_t id, sum = 0;
    int rc;
    while ((rc = walk_next(&walk, &call, &id, err)) == 1)
        sum++;
    if (rc == 0)
        *total = walk.is_cut ? -1 : sum;
    return rc;
}

int job_store_list(struct store *store, const struct job_query *query, struct str *items,
                   struct job_page *page, struct err *err)
{
    struct job_page got = { .total = -1, .last_event = store->committed_event };
    auto_walk struct walk walk = { 0 };
    if (query->limit < 1 || query->limit > MAX_PAGE_ROWS)
        return err_set(err, ERR_INVALID, "limit: 1 to %d, not %zu", MAX_PAGE_ROWS, query->limit);
    if (query->cursor < 0 || query->changed_since_event < 0)
        return err_set(err, ERR_INVALID, "cursor: not one of ours");
    if (walk_init(&walk, query, err) < 0 || fill_page(store, &walk, items, &got, err) < 0)
        return -1;
    if (query->want_total && (is_counted(query) ? total_by_counts(store, query, &got.total, err)
                                                : total_by_walk(store, query, &got.total, err)) < 0)
        return -1;
    *page = got;
    return 0;
}

int job_store_counts(struct store *store, struct str *out, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_COUNTS);
    call_int(&call, 1, 0);
    struct json_out json = { .to = out };
    json_open_object(&json);
    int rc;
    while ((rc = call_step(&call, err)) == 1) {
        char word[32] = { 0 };
        struct span state = call_get(&call, 0);
        memcpy(word, state.ptr, state.len < sizeof(word) ? state.len : sizeof(word) - 1);
        json_key(&json, word);
        json_int(&json, sqlite3_column_int64(call.stmt, 1));
    }
    json_close_object(&json);
    return rc;
}

/* A later attempt's start says nothing of the wait before the first, a task's nothing of its array's. */
static bool read_started(struct call *call, struct started_job *job)
{
    int64_t eligible = sqlite3_column_int64(call->stmt, 2), submitted = sqlite3_column_int64(call->stmt, 3);
    job->eligible_at_us = eligible ? eligible : submitted;
    job->started_at_us = sqlite3_column_int64(call->stmt, 4);
    return job->eligible_at_us && job->started_at_us && sqlite3_column_int64(call->stmt, 5) == 1 &&
           !sqlite3_column_int(call->stmt, 6);
}

int job_store_started(struct store *store, const char *cluster, size_t limit, job_store_started_fn *fn,
                      void *ctx, struct err *err)
{
    auto_call struct call call = call_open(store, SQL_STARTED);
    call_text(&call, 1, cluster);
    call_int(&call, 2, (int64_t)limit);
    int rc;
    while ((rc = call_step(&call, err)) == 1) {
        auto_free char *partition = call_dup(&call, 0), *gpu_type = call_dup(&call, 1);
        struct started_job job = { .partition = partition, .gpu_type = gpu_type };
        if (read_started(&call, &job))
            fn(ctx, &job);
    }
    return rc;
}

void job_query_add_filter(struct job_query *query, const struct job_filter *filter, const char *me,
                          int64_t now_us)
{
    bool is_me = filter->user && me && strcmp(filter->user, "me") == 0;
    query->states = filter->states;
    query->cluster = filter->cluster;
    query->project = filter->project;
    query->user = is_me ? me : filter->user;
    query->gpu_type = filter->gpu_type;
    query->group = filter->group;
    query->tag = filter->tag;
    query->name_like = filter->name;
    query->text = filter->text;
    if (filter->younger_than_s)
        query->created_after_us = now_us - filter->younger_than_s * US_PER_S;
    if (filter->older_than_s)
        query->created_before_us = now_us - filter->older_than_s * US_PER_S;
    query->archived_too = query->archived_too || filter->archived_too;
}
