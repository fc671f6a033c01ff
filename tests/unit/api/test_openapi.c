/* Covers: api/routes, api/schemas, api/docs_page. */
#include "unit/api/cm.h"
#include "unit/api/fake_services.h"

#include "api/openapi.h"
#include "api/routes.h"
#include "api/schemas.h"
#include "text/json_in.h"

static struct doc *document(void)
{
    auto_str struct str text = STR_MAX(MAX_OPENAPI_BYTES);
    struct doc *doc = NULL;
    struct err err;
    openapi_render("/gate", "1.2.3", &text);
    if (json_parse(str_span(&text), &doc, &err) < 0)
        fail_msg("%s", err.text);
    return doc;
}

static void every_route_tells_its_schemas(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        bool takes_body = route->body_max && strcmp(route->pattern, "/api/v1/projects/{project}/sync") != 0;
        if (takes_body != (route->request_schema != NULL))
            fail_msg("%s %s: no request schema", route->method, route->pattern);
        if (route->request_schema && !schemas_has(route->request_schema))
            fail_msg("%s %s: unknown schema %s", route->method, route->pattern, route->request_schema);
        if (route->answer_schema && !schemas_has(route->answer_schema))
            fail_msg("%s %s: unknown schema %s", route->method, route->pattern, route->answer_schema);
        if (!route->answer_schema && !route->answer_type && route->status != 204)
            fail_msg("%s %s: no answer schema", route->method, route->pattern);
        assert_true(route->status >= 200 && route->status < 300);
        assert_non_null(route->handler);
        assert_non_null(route->summary);
        assert_int_equal(strcmp(route->method, "GET") != 0, (route->flags & ROUTE_WRITES) != 0);
    }
}

static void every_route_is_found_by_its_own_pattern(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        struct span params[ROUTE_PARAMS];
        auto_str struct str allow = STR_MAX(200);
        assert_ptr_equal(routes_find(routes[i].method, routes[i].pattern, params, &allow), &routes[i]);
    }
}

static void finds_methods_that_a_path_has(void **state)
{
    (void)state;
    struct span params[ROUTE_PARAMS];
    auto_str struct str allow = STR_MAX(200);
    assert_null(routes_find("PUT", "/api/v1/jobs/5", params, &allow));
    assert_string_equal(str_text(&allow), "GET, HEAD, PATCH");
    str_clear(&allow);
    assert_null(routes_find("GET", "/api/v2", params, &allow));
    assert_int_equal(allow.len, 0);
    const struct route *head = routes_find("HEAD", "/healthz", params, &allow);
    assert_non_null(head);
    assert_string_equal(head->method, "GET");
    assert_true(route_has_query(routes_find("GET", "/api/v1/jobs", params, &allow), "filter"));
    assert_false(route_has_query(head, "filter"));
}

static void check_refs(const struct doc *schemas, const struct doc *node)
{
    static const char prefix[] = "#/components/schemas/";
    if (node->kind == DOC_STR && node->key && strcmp(node->key, "$ref") == 0 &&
        strncmp(node->text, prefix, sizeof(prefix) - 1) == 0 &&
        !doc_get(schemas, node->text + sizeof(prefix) - 1))
        fail_msg("dangling %s", node->text);
    for (size_t i = 0; i < node->count; i++)
        check_refs(schemas, &node->items[i]);
}

static void document_holds_every_route_and_schema(void **state)
{
    (void)state;
    auto_doc struct doc *doc = document();
    assert_string_equal(doc_get(doc, "openapi")->text, "3.1.0");
    const struct doc *schemas = doc_get(doc_get(doc, "components"), "schemas");
    const struct doc *paths = doc_get(doc, "paths");
    check_refs(schemas, doc);
    size_t operations = 0;
    for (size_t i = 0; i < paths->count; i++)
        operations += paths->items[i].count;
    assert_int_equal(operations, route_count);
    const struct doc *job = doc_get(doc_get(schemas, "Job"), "properties");
    assert_non_null(doc_get(job, "state"));
    assert_non_null(doc_get(doc_get(doc_get(job, "slurm"), "properties"), "job_id"));
    assert_non_null(doc_get(job, "event"));
    assert_null(doc_get(job, "run_dir"));
}

static void page_names_every_route_without_script_or_inline_style(void **state)
{
    (void)state;
    auto_str struct str page = STR_MAX(MAX_OPENAPI_BYTES);
    docs_render("1<2", &page);
    for (size_t i = 0; i < route_count; i++)
        assert_non_null(strstr(str_text(&page), routes[i].pattern));
    assert_non_null(strstr(str_text(&page), "1&lt;2"));
    static const char *const banned[] = { "<script", "<style", " style=", " onclick", "http-equiv" };
    for (size_t i = 0; i < ARRAY_LEN(banned); i++)
        assert_null(strstr(str_text(&page), banned[i]));
}

/* test_openapi print: the document on standard output, for tests/openapi/lint. */
static int print(void)
{
    auto_str struct str text = STR_MAX(MAX_OPENAPI_BYTES);
    openapi_render("", "1.2.3", &text);
    return puts(str_text(&text)) < 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "print") == 0)
        return print();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_tells_its_schemas),
        cmocka_unit_test(every_route_is_found_by_its_own_pattern),
        cmocka_unit_test(finds_methods_that_a_path_has),
        cmocka_unit_test(document_holds_every_route_and_schema),
        cmocka_unit_test(page_names_every_route_without_script_or_inline_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
