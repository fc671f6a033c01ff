#include "api/request.h"

#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

struct request *request_new(const struct gateway *gw, const struct daemon_limits *limits,
                            const char *base_path)
{
    struct request *request = mem_zalloc(sizeof(*request));
    request->gw = gw;
    request->base_path = mem_dup_str(base_path);
    request->refs = 1;
    request->limits = limits;
    request->body.max = (size_t)limits->body_bytes;
    return request;
}

void request_hold(struct request *request)
{
    request->refs++;
}

static void free_request(struct request *request)
{
    target_clear(&request->target);
    mem_clear_str(&request->target_error);
    mem_clear_str(&request->base_path);
    mem_clear_str(&request->user);
    mem_clear_str(&request->unasked);
    mem_clear_str(&request->if_none_match);
    mem_clear_str(&request->accept_encoding);
    mem_clear_str(&request->idempotency_key);
    mem_clear_str(&request->last_event_id);
    str_clear(&request->body);
    doc_free(request->doc);
    str_clear(&request->reply.body);
    if (request->reply.source.close)
        request->reply.source.close(request->reply.source.ctx);
    for (size_t i = 0; i < request->reply.header_count; i++)
        mem_clear_str(&request->reply.headers[i].value);
    mem_free_ptr(&request);
}

void request_drop(struct request *request)
{
    if (--request->refs == 0)
        free_request(request);
}

void request_on_gone(struct request *request, void (*fn)(void *ctx), void *ctx)
{
    request->on_gone = fn;
    request->on_gone_ctx = ctx;
}

void request_leave(struct request *request)
{
    if (request->gone)
        return;
    request->gone = true;
    void (*fn)(void *ctx) = request->on_gone;
    request->on_gone = NULL;
    if (fn)
        fn(request->on_gone_ctx);
}

char *request_param_dup(const struct request *request, size_t i)
{
    return span_dup(request->params[i]);
}

const char *request_query(const struct request *request, const char *name)
{
    return target_query(&request->target, name);
}

int request_query_int(const struct request *request, const char *name, int64_t min, int64_t max, int64_t *out,
                      struct err *err)
{
    const char *text = request_query(request, name);
    int64_t value;
    if (!text)
        return 0;
    if (!span_i64(span_of(text), &value) || value < min || value > max)
        return err_set(err, ERR_INVALID, "query parameter '%s' must be a whole number from %lld to %lld",
                       name, (long long)min, (long long)max);
    *out = value;
    return 0;
}

int request_query_limit(const struct request *request, int64_t *out, struct err *err)
{
    int64_t rows = DEFAULT_PAGE_ROWS, most = request->limits->page_rows;
    if (request_query_int(request, "limit", 1, MAX_PAGE_ROWS, &rows, err) < 0)
        return -1;
    *out = rows < most ? rows : most;
    return 0;
}

int request_query_bool(const struct request *request, const char *name, bool *out, struct err *err)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = { { "1", true }, { "true", true }, { "", true }, { "0", false }, { "false", false } };
    const char *text = request_query(request, name);
    if (!text)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(text, words[i].word) == 0) {
            *out = words[i].value;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "query parameter '%s' must be 1 or 0", name);
}

static bool duration_ms(const char *text, int64_t max_ms, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
    size_t digits = strspn(text, "0123456789");
    uint64_t value;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(text + digits, units[i].unit) != 0 || !span_u64((struct span){ text, digits }, &value))
            continue;
        *out_ms = value > (uint64_t)(max_ms / units[i].ms) ? max_ms : (int64_t)value * units[i].ms;
        return true;
    }
    return false;
}

int request_query_duration(const struct request *request, const char *name, int64_t max_ms, int64_t *out_ms,
                           struct err *err)
{
    const char *text = request_query(request, name);
    if (!text || duration_ms(text, max_ms, out_ms))
        return 0;
    return err_set(err, ERR_INVALID, "query parameter '%s' must be a duration such as 60s", name);
}

int request_query_age(const struct request *request, const char *name, int64_t max_ms, int64_t *out_ms,
                      struct err *err)
{
    const char *text = request_query(request, name);
    uint64_t seconds;
    if (!text || !span_u64(span_of(text), &seconds))
        return request_query_duration(request, name, max_ms, out_ms, err);
    *out_ms = seconds > (uint64_t)(max_ms / 1000) ? max_ms : (int64_t)seconds * 1000;
    return 0;
}
