/* Covers: api/handle_assets, api/policy. */
#include "unit/api/client.h"

#include "api/assets.h"
#include "api/policy.h"
#include "api/routes.h"
#include "base/mem.h"

static const struct asset file = {
    .path = "assets/a.js", .bytes = { "plain", 5 }, .gzip = { "zip", 3 }, .brotli = { "br", 2 }
};

static const char *coding_for(const char *accept)
{
    const char *coding;
    (void)asset_coded(&file, accept, &coding);
    return coding ? coding : "plain";
}

static void sends_the_smallest_form_that_is_accepted(void **state)
{
    (void)state;
    assert_string_equal(coding_for("gzip, deflate, br, zstd"), "br");
    assert_string_equal(coding_for("gzip"), "gzip");
    assert_string_equal(coding_for("br;q=0, gzip;q=0.5"), "gzip");
    assert_string_equal(coding_for("identity"), "plain");
    assert_string_equal(coding_for(""), "plain");
    assert_string_equal(coding_for(NULL), "plain");
}

static void the_page_is_told_where_it_stands(void **state)
{
    (void)state;
    auto_str struct str page = STR_MAX(MAX_PAGE_BYTES);
    page_render("/gate", &page);
    assert_non_null(strstr(str_text(&page), "/gate/"));
    assert_null(strstr(str_text(&page), "{{base}}"));
}

/* The hash is that of CSP's own example (CSP level 3, 8.3): alert('Hello, world.'); */
static void the_script_that_stands_in_the_page_may_run_and_no_other(void **state)
{
    (void)state;
    auto_str struct str own = STR_MAX(MAX_POLICY_BYTES), none = STR_MAX(MAX_POLICY_BYTES);
    policy_of_page(SPAN_LIT("<head><script>alert('Hello, world.');</script><script src=\"a.js\"></script>"),
                   &own);
    assert_non_null(
        strstr(str_text(&own), "script-src 'self' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';"));
    policy_of_page(SPAN_LIT("<head><script src=\"a.js\"></script>"), &none);
    assert_string_equal(str_text(&none), policy_usual);
}

static void every_other_address_is_the_pages(void **state)
{
    (void)state;
    assert_true(routes_is_page("GET", "/"));
    assert_true(routes_is_page("HEAD", "/jobs/12/log"));
    assert_true(routes_is_page("GET", "/apiary"));
    static const char *const others[] = { "/api",    "/api/v1/nothing", "/assets/gone.js", "/docs/x",
                                          "/readyz", "/healthz/",       "/metrics" };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(routes_is_page("GET", others[i]));
    assert_false(routes_is_page("POST", "/jobs"));
}

static void an_address_of_the_page_takes_any_query(void **state)
{
    (void)state;
    const char *answer = ask("GET /jobs?filter=state%3Afailed&x=1 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(status_of(answer), 200);
    assert_non_null(strstr(answer, "text/html"));
    assert_non_null(strstr(answer, "script-src 'self'"));
    assert_int_equal(status_of(ask("GET /assets/none.js HTTP/1.1\r\n" HOST "\r\n")), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_the_smallest_form_that_is_accepted),
        cmocka_unit_test(the_page_is_told_where_it_stands),
        cmocka_unit_test(the_script_that_stands_in_the_page_may_run_and_no_other),
        cmocka_unit_test(every_other_address_is_the_pages),
        WITH_SERVER(an_address_of_the_page_takes_any_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
