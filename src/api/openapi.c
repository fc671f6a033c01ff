#include "api/openapi.h"

#include "api/routes.h"
#include "api/schemas.h"
#include "base/mem.h"
#include "text/json_out.h"

#include <ctype.h>
#include <string.h>

enum { MAX_ID_BYTES = 200 };

/* "GET /api/v1/jobs/{job}/log" -> "get_jobs_job_log". */
static void operation_id(const struct route *route, struct str *out)
{
    const char *path = route->pattern;
    if (strncmp(path, "/api/v1", 7) == 0)
        path += 7;
    for (const char *c = route->method; *c; c++)
        str_add_char(out, (char)tolower((unsigned char)*c));
    bool gap = true;
    for (; *path; path++) {
        if (!isalnum((unsigned char)*path)) {
            gap = true;
            continue;
        }
        if (gap)
            str_add_char(out, '_');
        gap = false;
        str_add_char(out, *path);
    }
}

static const struct {
    const char *name, *help;
} tags[] = {
    { "gateway", "The gateway itself" },
    { "jobs", "Submitting, watching and ending jobs" },
    { "projects", "Registered folders and their configuration" },
    { "clusters", "Where jobs run" },
    { "gpus", "What is free" },
    { "events", "Everything that happened" },
    { "notifiers", "Who is told of jobs" },
};

/* "/api/v1/jobs/{job}" -> "jobs"; what is named nowhere -> "gateway". */
static const char *tag_of(const struct route *route)
{
    struct span path = span_of(route->pattern);
    if (span_starts(path, "/api/v1/"))
        path = span_skip(path, sizeof("/api/v1/") - 1);
    struct span word = span_head(path, path.len ? strcspn(path.ptr, "/:") : 0);
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        if (span_is(word, tags[i].name))
            return tags[i].name;
    return tags[0].name;
}

static void add_parameter(struct json_out *out, struct span name, const char *in, const char *type,
                          const char *help)
{
    bool is_path = strcmp(in, "path") == 0;
    json_open_object(out);
    json_member_span(out, "name", name);
    json_member_str(out, "in", in);
    json_member_bool(out, "required", is_path);
    json_member_str(out, "description", help);
    json_key(out, "schema");
    json_open_object(out);
    json_member_str(out, "type", type);
    json_close_object(out);
    json_close_object(out);
}

static void add_parameters(struct json_out *out, const struct route *route)
{
    json_key(out, "parameters");
    json_open_array(out);
    for (const char *at = strchr(route->pattern, '{'); at; at = strchr(at + 1, '{'))
        add_parameter(out, (struct span){ at + 1, strcspn(at + 1, "}") }, "path", "string", NULL);
    for (const struct route_query *query = route->query; query && query->name; query++)
        add_parameter(out, span_of(query->name), "query", query->type, query->help);
    if (strcmp(route->method, "POST") == 0 && !(route->flags & ROUTE_NO_KEY))
        add_parameter(out, SPAN_LIT("Idempotency-Key"), "header", "string",
                      "1 to 255 printable characters: the same key and body give the same answer for 7 days");
    json_close_array(out);
}

static void add_content(struct json_out *out, const char *type, const char *schema)
{
    json_key(out, "content");
    json_open_object(out);
    json_key(out, type);
    json_open_object(out);
    json_key(out, "schema");
    json_open_object(out);
    if (schema) {
        auto_str struct str ref = STR_MAX(MAX_ID_BYTES);
        str_addf(&ref, "#/components/schemas/%s", schema);
        json_member_span(out, "$ref", str_span(&ref));
    } else {
        json_member_str(out, "type", "string");
    }
    json_close_object(out);
    json_close_object(out);
    json_close_object(out);
}

static void add_headers(struct json_out *out, const struct route_query *header)
{
    json_key(out, "headers");
    json_open_object(out);
    for (; header->name; header++) {
        json_key(out, header->name);
        json_open_object(out);
        json_member_str(out, "description", header->help);
        json_key(out, "schema");
        json_open_object(out);
        json_member_str(out, "type", header->type);
        json_close_object(out);
        json_close_object(out);
    }
    json_close_object(out);
}

static void add_answers(struct json_out *out, const struct route *route)
{
    char status[8] = { 0 };
    status[0] = (char)('0' + route->status / 100);
    status[1] = (char)('0' + route->status / 10 % 10);
    status[2] = (char)('0' + route->status % 10);
    json_key(out, "responses");
    json_open_object(out);
    json_key(out, status);
    json_open_object(out);
    json_member_str(out, "description", route->summary);
    if (route->headers)
        add_headers(out, route->headers);
    const char *type = route->answer_type ? route->answer_type : "application/json";
    if (route->answer_type || route->answer_schema)
        add_content(out, type, route->answer_schema);
    json_close_object(out);
    if (route->trial_schema) {
        json_key(out, "200");
        json_open_object(out);
        json_member_str(out, "description",
                        "A dry run: what would be sent, and what the scheduler says of it");
        add_content(out, "application/json", route->trial_schema);
        json_close_object(out);
    }
    json_key(out, "4XX");
    json_open_object(out);
    json_member_str(out, "description", "A problem of the request");
    add_content(out, "application/problem+json", "Problem");
    json_close_object(out);
    json_key(out, "5XX");
    json_open_object(out);
    json_member_str(out, "description", "A problem of the gateway or a cluster");
    add_content(out, "application/problem+json", "Problem");
    json_close_object(out);
    json_close_object(out);
}

static void add_operation(struct json_out *out, const struct route *route)
{
    auto_str struct str id = STR_MAX(MAX_ID_BYTES);
    operation_id(route, &id);
    auto_str struct str method = STR_MAX(MAX_ID_BYTES);
    str_add_span(&method, span_head(str_span(&id), strlen(route->method)));
    json_key(out, str_text(&method));
    json_open_object(out);
    json_member_span(out, "operationId", str_span(&id));
    json_member_str(out, "summary", route->summary);
    json_key(out, "tags");
    json_open_array(out);
    json_str(out, tag_of(route));
    json_close_array(out);
    add_parameters(out, route);
    if (route->request_schema) {
        json_key(out, "requestBody");
        json_open_object(out);
        json_member_bool(out, "required", !(route->flags & ROUTE_BODY_OPTIONAL));
        add_content(out, "application/json", route->request_schema);
        json_close_object(out);
    }
    if (route->flags & ROUTE_PUBLIC) {
        json_key(out, "security");
        json_open_array(out);
        json_close_array(out);
    }
    add_answers(out, route);
    json_close_object(out);
}

static bool is_first_of_path(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(routes[k].pattern, routes[i].pattern) == 0)
            return false;
    return true;
}

static void add_paths(struct json_out *out)
{
    json_key(out, "paths");
    json_open_object(out);
    for (size_t i = 0; i < route_count; i++) {
        if (!is_first_of_path(i))
            continue;
        json_key(out, routes[i].pattern);
        json_open_object(out);
        for (size_t k = i; k < route_count; k++)
            if (strcmp(routes[k].pattern, routes[i].pattern) == 0)
                add_operation(out, &routes[k]);
        json_close_object(out);
    }
    json_close_object(out);
}

static void add_info(struct json_out *out, const char *version)
{
    json_key(out, "info");
    json_open_object(out);
    json_member_str(out, "title", "Sluice");
    json_member_str(out, "version", version);
    json_member_str(out, "description", "A gateway in front of Slurm clusters and this machine.");
    json_key(out, "license");
    json_open_object(out);
    json_member_str(out, "name", "MIT");
    json_member_str(out, "identifier", "MIT");
    json_close_object(out);
    json_close_object(out);
}

static void add_tags(struct json_out *out)
{
    json_key(out, "tags");
    json_open_array(out);
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        json_open_object(out);
        json_member_str(out, "name", tags[i].name);
        json_member_str(out, "description", tags[i].help);
        json_close_object(out);
    }
    json_close_array(out);
}

void openapi_render(const char *base_path, const char *version, struct str *to)
{
    static const char security[] = "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":"
                                   "\"Not needed on the gateway's own "
                                   "machine, as the user who runs it\"}}";
    struct json_out out = { .to = to };
    json_open_object(&out);
    json_member_str(&out, "openapi", "3.1.0");
    add_info(&out, version);
    json_key(&out, "servers");
    json_open_array(&out);
    json_open_object(&out);
    json_member_str(&out, "url", *base_path ? base_path : "/");
    json_close_object(&out);
    json_close_array(&out);
    json_member_raw(&out, "security", SPAN_LIT("[{\"bearer\":[]}]"));
    add_tags(&out);
    add_paths(&out);
    auto_str struct str schemas = STR_MAX(MAX_OPENAPI_BYTES);
    schemas_render(&schemas);
    json_key(&out, "components");
    json_open_object(&out);
    json_member_raw(&out, "securitySchemes", SPAN_LIT(security));
    json_member_raw(&out, "schemas", str_span(&schemas));
    json_close_object(&out);
    json_close_object(&out);
}
