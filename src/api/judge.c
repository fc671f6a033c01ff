#include "api/judge.h"

#include "api/job_wait.h"
#include "api/reply.h"
#include "api/routes.h"
#include "base/limits.h"
#include "base/mem.h"
#include "svc/live/metrics_token.h"
#include "text/json_in.h"

#include <string.h>
#include <strings.h>

/* Longer than any route takes, and still read to its end, so that a client hears the refusal. */
enum { MAX_DROPPED_BYTES = 2 * MAX_SUBMIT_BODY_BYTES };

void judge_target(struct request *request, struct span raw)
{
    struct err err;
    if (target_parse(raw, request->base_path, &request->target, &err) < 0)
        request->target_error = mem_dup_str(err.text);
}

static void refuse(struct request *request, const struct err *err)
{
    reply_problem(request, &(struct problem){ .status = 400, .err = err, .close = true });
}

static int check_edge(struct request *request, const struct edge_request *edge,
                      const struct edge_hosts *hosts, struct err *err)
{
    if (edge_check_layout(edge, err) < 0 || edge_check_framing(edge, err) < 0 ||
        edge_check_host(edge, hosts, err) < 0)
        return -1;
    if (request->target_error)
        return err_set(err, ERR_INVALID, "%s", request->target_error);
    return 0;
}

int judge_edge(struct request *request, const struct edge_request *edge, const struct edge_hosts *hosts)
{
    struct err err;
    if (check_edge(request, edge, hosts, &err) == 0)
        return 0;
    refuse(request, &err);
    return -1;
}

static void find_route(struct request *request)
{
    auto_str struct str allow = STR_MAX(200);
    request->route = routes_find(request->method, request->target.path, request->params, &allow);
    if (request->route) {
        request->method = request->route->method; /* the server's own text does not outlive the request */
        return;
    }
    struct err err;
    if (!allow.len && routes_is_page(request->method, request->target.path)) {
        request->route = &page_route;
        request->method = page_route.method;
        return;
    }
    if (!allow.len) {
        reply_errf(request, ERR_NOT_FOUND, "there is nothing at %s", request->target.path);
        return;
    }
    err_set(&err, ERR_UNSUPPORTED, "%s takes %s", request->target.path, str_text(&allow));
    reply_header(request, "Allow", str_text(&allow));
    reply_problem(request, &(struct problem){ .status = 405, .err = &err });
}

static void refuse_token(struct request *request, const struct err *err)
{
    if (err->code == ERR_UNAUTHORIZED)
        reply_header(request, "WWW-Authenticate", "Bearer");
    int status = err->code == ERR_DENIED ? 403 : 0;
    reply_problem(
        request, &(struct problem){ .status = status,
                                    .err = err,
                                    .hint = "each job has a token of its own, in its SLUICE_METRICS_TOKEN" });
}

/* A job that shows a token is that job and nobody else, whoever's process it may be. */
static void check_token(struct request *request, struct span token)
{
    struct err err;
    int64_t owner, asked;
    auto_str struct str name = STR_MAX(64);
    if (metrics_token_check(request->gw, token, &owner, &err) < 0) {
        refuse_token(request, &err);
    } else if (job_wait_id(request, &asked, &err) < 0 || asked != owner) {
        (void)err_set(&err, ERR_DENIED, "this token is for the job it was given to");
        refuse_token(request, &err);
    } else {
        str_addf(&name, "job %lld", (long long)owner);
        mem_replace_str(&request->user, str_text(&name));
    }
}

static bool find_token(const struct request *request, const struct edge_request *edge, struct span *token)
{
    const char *text = edge_header(edge, "Authorization");
    if (!(request->route->flags & ROUTE_JOB_TOKEN) || !text || strncasecmp(text, "Bearer ", 7) != 0)
        return false;
    *token = span_trim(span_of(text + 7));
    return true;
}

static void check_user(struct request *request)
{
    if (request->user || request->route->flags & ROUTE_PUBLIC)
        return;
    if (request->unasked) {
        reply_errf(request, ERR_BUSY, "it cannot be told now who asks: %s", request->unasked);
        return;
    }
    struct err err;
    err_set(&err, ERR_DENIED, "this gateway answers its owner only");
    reply_problem(request, &(struct problem){
                               .status = 403,
                               .err = &err,
                               .hint = "ask as the user who runs the gateway, on the same machine, or set "
                                       "auth.mode in sluice.yaml" });
}

static void check_query(struct request *request)
{
    bool takes_any = request->route->flags & ROUTE_ANY_QUERY;
    for (size_t i = 0; !takes_any && i < request->target.pair_count && !request->reply.status; i++)
        if (!route_has_query(request->route, request->target.pairs[i].name))
            reply_errf(request, ERR_INVALID, "%s takes no query parameter '%s'", request->target.path,
                       request->target.pairs[i].name);
}

static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    size_t len = sizeof(json) - 1;
    return type && strncasecmp(type, json, len) == 0 && (!type[len] || strchr("; \t", type[len]));
}

/* The table has the two kinds of body by their built-in limits; limits.body and limits.submit_body change
 * these. */
static size_t body_max(const struct request *request)
{
    const struct daemon_limits *limits = request->limits;
    switch (request->route->body_max) {
    case 0:
        return 0;
    case MAX_SUBMIT_BODY_BYTES:
        return (size_t)limits->submit_body_bytes;
    default:
        return (size_t)limits->body_bytes;
    }
}

static void check_body_header(struct request *request, const struct edge_request *edge)
{
    const char *length = edge_header(edge, "Content-Length");
    bool has_body = edge_header(edge, "Transfer-Encoding") || (length && strcmp(length, "0") != 0);
    uint64_t bytes = 0;
    if (!has_body)
        return;
    struct err err;
    size_t max = body_max(request);
    (void)span_u64(span_of(length), &bytes);
    if (max == 0) {
        reply_errf(request, ERR_INVALID, "%s takes no body", request->target.path);
    } else if (bytes > max) {
        err_set(&err, ERR_TOO_LARGE, "the body is longer than %zu bytes", max);
        reply_problem(request, &(struct problem){ .err = &err, .close = bytes > MAX_DROPPED_BYTES });
    } else if (!is_json(edge_header(edge, "Content-Type"))) {
        err_set(&err, ERR_UNSUPPORTED, "the body must have Content-Type: application/json");
        reply_problem(request, &(struct problem){ .status = 415, .err = &err });
    }
    request->body.max = max;
}

void judge_route(struct request *request, const struct edge_request *edge)
{
    struct err err;
    request->if_none_match = mem_dup_str(edge_header(edge, "If-None-Match"));
    request->accept_encoding = mem_dup_str(edge_header(edge, "Accept-Encoding"));
    request->idempotency_key = mem_dup_str(edge_header(edge, "Idempotency-Key"));
    request->last_event_id = mem_dup_str(edge_header(edge, "Last-Event-ID"));
    const char *accept = edge_header(edge, "Accept");
    request->wants_stream = accept && strstr(accept, "text/event-stream");
    find_route(request);
    if (!request->reply.status && request->route->flags & ROUTE_WRITES && edge_check_origin(edge, &err) < 0)
        refuse(request, &err);
}

void judge_request(struct request *request, const struct edge_request *edge)
{
    struct span token;
    if (find_token(request, edge, &token))
        check_token(request, token);
    if (!request->reply.status)
        check_user(request);
    if (!request->reply.status)
        check_query(request);
    if (!request->reply.status)
        check_body_header(request, edge);
}

static int no_body(struct request *request)
{
    if (!request->route->request_schema || request->route->flags & ROUTE_BODY_OPTIONAL)
        return 0;
    reply_errf(request, ERR_INVALID, "%s needs a JSON body", request->target.path);
    return -1;
}

int judge_body(struct request *request)
{
    struct err err;
    if (request->body.len == 0)
        return no_body(request);
    if (json_parse(str_span(&request->body), &request->doc, &err) < 0) {
        err_wrap(&err, "the body is not what JSON should be");
        reply_err(request, &err);
        return -1;
    }
    if (request->doc->kind != DOC_MAP || (!request->route->request_schema && request->doc->count)) {
        reply_errf(request, ERR_INVALID,
                   request->route->request_schema ? "the body must be a JSON object"
                                                  : "this takes no body, or an empty object");
        return -1;
    }
    return 0;
}
