#include "api/handlers.h"

#include "api/reply.h"
#include "api/site.h"
#include "base/mem.h"
#include "domain/schema.h"
#include "svc/health.h"
#include "svc/query.h"
#include "text/json_out.h"

enum { MAX_META_BYTES = 4 * 1024 * 1024 };

void handle_health(struct request *request)
{
    reply_json_copy(request, 200, SPAN_LIT("{\"ok\":true}"));
}

void handle_ready(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_META_BYTES);
    bool is_ready = health_ready(request->gw, &body);
    reply_json(request, is_ready ? 200 : 503, &body);
}

void handle_metrics(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_META_BYTES);
    health_metrics(request->gw, &body);
    reply_bytes(request, 200, "text/plain; version=0.0.4; charset=utf-8", str_span(&body));
}

void handle_version(struct request *request)
{
    auto_str struct str body = STR_MAX(1024);
    struct json_out out = { .to = &body };
    json_open_object(&out);
    json_member_str(&out, "name", "sluice");
    json_member_str(&out, "version", request->gw->version);
    json_member_str(&out, "api", "v1");
    json_member_time(&out, "started_at", request->gw->started_at_us);
    json_member_time(&out, "now", clock_wall_us(request->gw->clock));
    json_close_object(&out);
    reply_json(request, 200, &body);
}

void handle_openapi(struct request *request)
{
    reply_fixed(request, "application/json", str_span(&request->site->openapi), "no-cache");
}

void handle_docs(struct request *request)
{
    reply_fixed(request, "text/html; charset=utf-8", str_span(&request->site->docs), "no-cache");
}

void handle_schema(struct request *request)
{
    auto_free char *name = request_param_dup(request, 0);
    const struct schema *schema = schema_find(name);
    if (!schema) {
        reply_errf(request, ERR_NOT_FOUND, "no schema '%s': there are project, clusters, sluice, request",
                   name);
        return;
    }
    auto_str struct str body = STR_MAX(MAX_META_BYTES);
    schema_json(schema, &body);
    reply_bytes(request, 200, "application/schema+json", str_span(&body));
}

void handle_counts(struct request *request)
{
    auto_str struct str body = STR_MAX(MAX_META_BYTES);
    struct err err;
    if (query_counts(request->gw, &body, &err) < 0)
        reply_err(request, &err);
    else
        reply_json(request, 200, &body);
}
