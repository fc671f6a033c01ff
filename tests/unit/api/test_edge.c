#include "unit/api/cm.h"

#include "api/edge.h"
#include "base/mem.h"

/* A request as the server leaves it: one buffer, its separators overwritten by NUL. The raw-byte tests of the
 * whole server are in test_http.c. */
struct sample {
    char bytes[512];
    size_t len;
    struct edge_request request;
};

static const char *put(struct sample *sample, const char *text, size_t gap)
{
    char *at = sample->bytes + sample->len;
    memcpy(at, text, strlen(text) + 1);
    sample->len += strlen(text) + gap;
    return at;
}

static void begin(struct sample *sample, const char *version)
{
    memset(sample, 0, sizeof(*sample));
    sample->request.method = put(sample, "GET", 1);
    sample->request.target = put(sample, "/x", 1);
    sample->request.target_bytes = 2;
    sample->request.version = put(sample, version, 2);
}

static void add(struct sample *sample, const char *name, const char *value, size_t gap)
{
    struct edge_header *header = &sample->request.headers[sample->request.count++];
    header->name = put(sample, name, 2);
    header->value = put(sample, value, gap);
    sample->request.header_bytes = sample->len + 2;
}

static void plain_header_is_whole(void **state)
{
    (void)state;
    struct sample sample;
    begin(&sample, "HTTP/1.1");
    add(&sample, "Host", "a", 2);
    add(&sample, "X", "", 2);
    assert_int_equal(edge_check_layout(&sample.request, NULL), 0);
    assert_int_equal(edge_check_framing(&sample.request, NULL), 0);
    assert_string_equal(edge_header(&sample.request, "hOST"), "a");
    assert_null(edge_header(&sample.request, "Y"));
}

static void bytes_between_pieces_are_noticed(void **state)
{
    (void)state;
    static const size_t gaps[] = { 1, 3, 9 }; /* a lone LF; a NUL and more behind the value */
    for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
        struct sample sample;
        begin(&sample, "HTTP/1.1");
        add(&sample, "Host", "a", gaps[i]);
        add(&sample, "X", "1", 2);
        assert_int_equal(edge_check_layout(&sample.request, NULL), -1);
        begin(&sample, "HTTP/1.1");
        add(&sample, "Host", "a", gaps[i]);
        assert_int_equal(edge_check_layout(&sample.request, NULL), -1);
    }
}

static void pieces_moved_elsewhere_are_noticed(void **state)
{
    (void)state;
    struct sample sample;
    static char elsewhere[] = "X2";
    begin(&sample, "HTTP/1.1");
    add(&sample, "Host", "a", 2);
    add(&sample, "X", "1", 2);
    sample.request.headers[1].name = elsewhere;
    assert_int_equal(edge_check_layout(&sample.request, NULL), -1);
    sample.request.count = EDGE_MAX_HEADERS + 1;
    assert_int_equal(edge_check_layout(&sample.request, NULL), -1);
}

static int framing_of(const char *version, const char *name, const char *value)
{
    struct sample sample;
    begin(&sample, version);
    add(&sample, "Host", "a", 2);
    add(&sample, name, value, 2);
    return edge_check_framing(&sample.request, NULL);
}

static void framing_is_judged(void **state)
{
    (void)state;
    assert_int_equal(framing_of("HTTP/1.0", "A", "b"), 0);
    assert_int_equal(framing_of("HTTP/1.1", "Content-Length", "123456789012345678"), 0);
    assert_int_equal(framing_of("HTTP/1.1", "Transfer-Encoding", "Chunked"), 0);
    assert_int_equal(framing_of("HTTP/1.1", "A", "tab\tinside \xc3\xa9"), 0);
    static const char *const bad[][3] = {
        { "HTTP/1.2", "A", "b" },
        { "HTTP/2.0", "A", "b" },
        { "HTTP/1.1", "Host", "a" },
        { "HTTP/1.1", "Content-Length", "" },
        { "HTTP/1.1", "Content-Length", "1234567890123456789" },
        { "HTTP/1.1", "Content-Length", "1 " },
        { "HTTP/1.1", "Transfer-Encoding", "identity" },
        { "HTTP/1.1", "A", "\x01" },
        { "HTTP/1.1", "A", "\x7f" },
        { "HTTP/1.1", " A", "b" },
        { "HTTP/1.1", "A(", "b" },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (framing_of(bad[i][0], bad[i][1], bad[i][2]) == 0)
            fail_msg("taken: %s %s: %s", bad[i][0], bad[i][1], bad[i][2]);
}

static int host_of(const char *host)
{
    static const char *const names[] = { "localhost", "[::1]", "gate.example" };
    static const struct edge_hosts hosts = { names, ARRAY_LEN(names) };
    struct sample sample;
    begin(&sample, "HTTP/1.1");
    add(&sample, "Host", host, 2);
    return edge_check_host(&sample.request, &hosts, NULL);
}

static void host_is_one_of_ours_at_any_port(void **state)
{
    (void)state;
    static const char *const ours[] = { "localhost", "LocalHost:1", "[::1]", "[::1]:8470",
                                        "gate.example:65535" };
    static const char *const foreign[] = {
        "",        ":80", "evil",       "localhost:",       "localhost:x", "[::1]x",
        "[::1",    "::1", "localhost.", "localhost:123456", "a@localhost", "[::2]",
        "localhos"
    };
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (host_of(ours[i]) < 0)
            fail_msg("refused: %s", ours[i]);
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (host_of(foreign[i]) == 0)
            fail_msg("taken: %s", foreign[i]);
}

static int origin_of(const char *name, const char *value)
{
    struct sample sample;
    begin(&sample, "HTTP/1.1");
    add(&sample, "Host", "localhost:8470", 2);
    add(&sample, name, value, 2);
    return edge_check_origin(&sample.request, NULL);
}

static void origin_is_the_host_itself(void **state)
{
    (void)state;
    assert_int_equal(origin_of("X", "y"), 0);
    assert_int_equal(origin_of("Origin", "http://localhost:8470"), 0);
    assert_int_equal(origin_of("Origin", "https://LOCALHOST:8470"), 0);
    assert_int_equal(origin_of("Origin", "http://localhost:8471"), -1);
    assert_int_equal(origin_of("Origin", "http://localhost:84700"), -1);
    assert_int_equal(origin_of("Origin", "null"), -1);
    assert_int_equal(origin_of("Origin", ""), -1);
    assert_int_equal(origin_of("Origin", "file://localhost:8470"), -1);
    assert_int_equal(origin_of("Sec-Fetch-Site", "cross-site"), -1);
    assert_int_equal(origin_of("Sec-Fetch-Site", "same-origin"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_header_is_whole),
        cmocka_unit_test(bytes_between_pieces_are_noticed),
        cmocka_unit_test(pieces_moved_elsewhere_are_noticed),
        cmocka_unit_test(framing_is_judged),
        cmocka_unit_test(host_is_one_of_ours_at_any_port),
        cmocka_unit_test(origin_is_the_host_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
