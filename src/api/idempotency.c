#include "api/idempotency.h"

#include "api/reply.h"
#include "api/routes.h"
#include "base/mem.h"
#include "svc/query.h"

#include <sodium.h>
#include <string.h>

enum { HASH_BYTES = 32, MAX_KEY_BYTES = 255, MAX_KEPT_BYTES = 64 * 1024 * 1024 /* jobs:cancel of 1,000 */ };

struct flight { /* a request with a key that is being worked at */
    struct flight *prev, *next;
    struct flights *flights;
    struct request *request;
    char *scope, *key;
    char hash[2 * HASH_BYTES + 1];
    struct request **followers; /* held; at most one a connection */
    size_t follower_count, follower_cap;
};

static bool is_key(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if (key[i] < 0x20 || key[i] > 0x7e)
            return false;
    return len >= 1 && len <= MAX_KEY_BYTES;
}

static struct flight *flight_new(const struct request *request)
{
    struct flight *flight = mem_zalloc(sizeof(*flight));
    auto_str struct str scope = STR_MAX(2 * MAX_TARGET_BYTES);
    str_addf(&scope, "%s %s %s", request->user, request->method, request->target.path);
    flight->scope = str_steal(&scope);
    flight->key = mem_dup_str(request->idempotency_key);
    unsigned char hash[HASH_BYTES];
    const unsigned char *body = (const unsigned char *)str_text(&request->body);
    (void)crypto_generichash(hash, sizeof(hash), body, request->body.len, NULL, 0);
    (void)sodium_bin2hex(flight->hash, sizeof(flight->hash), hash, sizeof(hash));
    return flight;
}

static void flight_free(struct flight *flight)
{
    mem_clear_str(&flight->scope);
    mem_clear_str(&flight->key);
    mem_free_ptr(&flight->followers);
    mem_free_ptr(&flight);
}

static void reply_other_body(struct request *request)
{
    struct err err;
    err_set(&err, ERR_CONFLICT, "this Idempotency-Key was used with another body");
    reply_problem(request,
                  &(struct problem){ .status = 422, .err = &err, .hint = "use a new key for a new request" });
}

static struct flight *find_twin(const struct flights *flights, const struct flight *flight)
{
    for (struct flight *other = flights->first; other; other = other->next)
        if (strcmp(other->key, flight->key) == 0 && strcmp(other->scope, flight->scope) == 0)
            return other;
    return NULL;
}

static void follow(struct flight *twin, struct request *request)
{
    request_hold(request);
    *vec_push(twin->followers, twin->follower_count, twin->follower_cap) = request;
}

/* Whether the request still has to be worked at. */
static bool look_up(struct request *request, const struct flight *flight)
{
    struct err err;
    int64_t job_id = 0, status = 0;
    auto_str struct str body = STR_MAX(MAX_KEPT_BYTES);
    int found = query_idempotent(request->gw, &(struct reply_key){ flight->scope, flight->key, flight->hash },
                                 &job_id, &status, &body, &err);
    if (found == 0)
        return true;
    if (found < 0 && err.code == ERR_CONFLICT)
        reply_other_body(request);
    else if (found < 0)
        reply_err(request, &err);
    else if (job_id && request->route->flags & ROUTE_KEEPS_KEY) {
        request->replay_job = job_id;
        return true;
    } else {
        reply_header(request, "Idempotent-Replayed", "true");
        reply_json(request, (int)status, &body);
    }
    return false;
}

static void take_off(struct flights *flights, struct flight *flight)
{
    flight->flights = flights;
    flight->next = flights->first;
    if (flight->next)
        flight->next->prev = flight;
    flights->first = flight;
}

/* A dry run has no effect: its answer may never stand for the real one's. */
static bool has_effect(const struct request *request)
{
    bool is_dry = false;
    (void)request_query_bool(request, "dry_run", &is_dry, NULL);
    return !is_dry && strcmp(request->method, "POST") == 0 && !(request->route->flags & ROUTE_NO_KEY);
}

bool idempotency_begin(struct flights *flights, struct request *request)
{
    if (!request->idempotency_key || !has_effect(request))
        return true;
    if (!is_key(request->idempotency_key)) {
        reply_errf(request, ERR_INVALID, "Idempotency-Key must be 1 to %d printable ASCII characters",
                   MAX_KEY_BYTES);
        return false;
    }
    struct flight *flight = flight_new(request);
    struct flight *twin = find_twin(flights, flight);
    bool is_same = twin && strcmp(twin->hash, flight->hash) == 0;
    if (is_same)
        follow(twin, request);
    else if (twin)
        reply_other_body(request);
    if (twin || !look_up(request, flight)) {
        flight_free(flight);
        return false;
    }
    take_off(flights, flight);
    flight->request = request;
    request->flight = flight;
    return true;
}

static void copy_reply(struct request *to, const struct reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++)
        reply_header(to, reply->headers[i].name, reply->headers[i].value);
    if (reply->type)
        reply_bytes(to, reply->status, reply->type, str_span(&reply->body));
    else
        reply_empty(to, reply->status);
}

static void keep(const struct request *request, const struct flight *flight)
{
    const struct reply *reply = &request->reply;
    if (request->route->flags & ROUTE_KEEPS_KEY || reply->status >= 300)
        return;
    /* Not kept means that a repetition is worked at again; every POST here can bear that. */
    (void)query_keep_reply(request->gw, &(struct reply_key){ flight->scope, flight->key, flight->hash },
                           reply->status, str_span(&reply->body), NULL);
}

static void land(struct flight *flight)
{
    flight->request->flight = NULL;
    if (flight->prev)
        flight->prev->next = flight->next;
    else
        flight->flights->first = flight->next;
    if (flight->next)
        flight->next->prev = flight->prev;
}

void idempotency_finish(struct request *request)
{
    struct flight *flight = request->flight;
    if (!flight)
        return;
    land(flight);
    keep(request, flight);
    for (size_t i = 0; i < flight->follower_count; i++) {
        copy_reply(flight->followers[i], &request->reply);
        request_drop(flight->followers[i]);
    }
    flight_free(flight);
}

struct idempotency idempotency_of(const struct request *request)
{
    const struct flight *flight = request->flight;
    if (!flight)
        return (struct idempotency){ 0 };
    return (struct idempotency){ flight->key, flight->scope, flight->hash };
}

void idempotency_abandon(struct flights *flights)
{
    while (flights->first) {
        struct flight *flight = flights->first;
        land(flight);
        for (size_t i = 0; i < flight->follower_count; i++)
            request_drop(flight->followers[i]);
        flight_free(flight);
    }
}
