#include "api/reply.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char type_json[] = "application/json";

/* Everything of the reply but its status stands; the status makes it one. */
static void complete(struct request *request, int status, const char *type)
{
    request->reply.status = status;
    request->reply.type = type;
    request->on_gone = NULL;
    if (request->answered)
        request->answered(request);
}

void reply_json(struct request *request, int status, struct str *body)
{
    if (request->reply.status)
        return;
    if (body->failed) {
        reply_errf(request, ERR_INTERNAL, "the answer is longer than %zu bytes", body->max);
        return;
    }
    request->reply.body = *body;
    *body = (struct str){ .max = body->max };
    complete(request, status, type_json);
}

void reply_bytes(struct request *request, int status, const char *type, struct span bytes)
{
    if (request->reply.status)
        return;
    request->reply.body = STR_MAX(bytes.len + 1);
    str_add_span(&request->reply.body, bytes);
    complete(request, status, type);
}

void reply_json_copy(struct request *request, int status, struct span body)
{
    reply_bytes(request, status, type_json, body);
}

void reply_fixed(struct request *request, const char *type, struct span bytes, const char *cache)
{
    if (request->reply.status)
        return;
    request->reply.fixed = bytes;
    request->reply.cache = cache;
    complete(request, 200, type);
}

void reply_stream(struct request *request, const char *type, const struct reply_source *source)
{
    if (request->reply.status) {
        source->close(source->ctx);
        return;
    }
    request->reply.source = *source;
    complete(request, 200, type);
}

void reply_wake(struct request *request)
{
    if (request->woken)
        request->woken(request);
}

void reply_empty(struct request *request, int status)
{
    if (!request->reply.status)
        complete(request, status, NULL);
}

void reply_header(struct request *request, const char *name, const char *value)
{
    struct reply *reply = &request->reply;
    if (reply->status || reply->header_count == REPLY_HEADERS)
        return;
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count++].value = mem_dup_str(value);
}

void reply_err(struct request *request, const struct err *err)
{
    reply_problem(request, &(struct problem){ .err = err });
}

void reply_errf(struct request *request, enum err_code code, const char *fmt, ...)
{
    struct err err = { .code = code };
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err.text, sizeof(err.text), fmt, args);
    va_end(args);
    reply_err(request, &err);
}

void reply_answer(struct request *request, int status, const struct answer *answer)
{
    if (answer->ok) {
        reply_json_copy(request, status, answer->body);
        return;
    }
    reply_problem(request, &(struct problem){ .err = &answer->err,
                                              .errs = answer->errs,
                                              .upstream = answer->upstream,
                                              .hint = answer->hint });
}

/* FNV-1a: only has to tell two queries apart. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

bool reply_not_modified(struct request *request, int64_t event)
{
    auto_str struct str tag = STR_MAX(64);
    str_addf(&tag, "W/\"%llx-%llx\"", (unsigned long long)event,
             (unsigned long long)hash_text(request->target.query));
    reply_header(request, "ETag", str_text(&tag));
    if (!request->if_none_match || !strstr(request->if_none_match, str_text(&tag)))
        return false;
    reply_empty(request, 304);
    return true;
}
