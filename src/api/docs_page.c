#include "api/openapi.h"

#include "api/reply.h"
#include "api/routes.h"

#include <string.h>

static void add_text(struct str *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *entity = c == '&'   ? "&amp;"
                             : c == '<' ? "&lt;"
                             : c == '>' ? "&gt;"
                             : c == '"' ? "&quot;"
                                        : NULL;
        if (entity)
            str_add(out, entity);
        else
            str_add_char(out, c);
    }
}

static void add_queries(struct str *out, const struct route *route)
{
    if (!route->query)
        return;
    str_add(out, "<table><tbody>");
    for (const struct route_query *query = route->query; query->name; query++) {
        str_addf(out, "<tr><td><code>%s</code></td><td class=\"soft\">%s</td><td>", query->name, query->type);
        add_text(out, span_of(query->help));
        str_add(out, "</td></tr>");
    }
    str_add(out, "</tbody></table>");
}

static void add_route(struct str *out, const struct route *route)
{
    const char *kind = strcmp(route->method, "GET") == 0 ? " class=\"get\"" : "";
    str_addf(out, "<section><h3><b%s>%s</b> %s</h3><p>", kind, route->method, route->pattern);
    add_text(out, span_of(route->summary));
    str_addf(out, "</p><p class=\"soft\">");
    if (route->request_schema)
        str_addf(out, "Takes <code>%s</code> (at most %zu KiB). ", route->request_schema,
                 route->body_max / 1024);
    str_addf(out, "Answers %d", route->status);
    if (route->answer_schema)
        str_addf(out, " <code>%s</code>", route->answer_schema);
    str_addf(out, ".%s</p>", route->flags & ROUTE_PUBLIC ? " Anybody may ask." : "");
    add_queries(out, route);
    str_add(out, "</section>\n");
}

static void add_problems(struct str *out)
{
    str_add(out, "<h2>Problems</h2><p>Every error is an <code>application/problem+json</code> document (RFC "
                 "9457) with a stable <code>code</code>.</p><table><tbody>");
    for (int code = ERR_NONE + 1; code < ERR_CODE_COUNT; code++) {
        const struct problem_kind *kind = problem_kind((enum err_code)code);
        str_addf(out, "<tr><td><code>%s</code></td><td>%d</td><td>%s</td></tr>",
                 err_word((enum err_code)code), kind->status, kind->title);
    }
    str_add(out, "</tbody></table>");
}

void docs_render(const char *version, struct str *out)
{
    str_add(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                 "<title>Sluice REST interface</title><link rel=\"stylesheet\" href=\"docs/style.css\">"
                 "</head><body><main><h1>Sluice REST interface</h1><p class=\"soft\">Version ");
    add_text(out, span_of(version));
    str_add(out,
            ". The same as <a href=\"api/v1/openapi.json\">an OpenAPI 3.1 document</a>.</p>"
            "<pre>curl -fsS http://127.0.0.1:8470/api/v1/jobs -H \"Idempotency-Key: $CI_JOB_ID\" \\\n"
            "     --json '{&quot;project&quot;:&quot;resnet&quot;,&quot;cluster&quot;:&quot;local&quot;}'"
            "</pre><h2>Routes</h2>\n");
    for (size_t i = 0; i < route_count; i++)
        add_route(out, &routes[i]);
    add_problems(out);
    str_add(out, "</main></body></html>\n");
}
