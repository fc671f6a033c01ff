#include "io/net_guard.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage storage = { 0 };
    if (strchr(text, ':')) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
        v6->sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
        v4->sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, text, &v4->sin_addr), 1);
    }
    return storage;
}

static bool is_public(const char *text)
{
    struct sockaddr_storage address = address_of(text);
    return net_address_is_public((struct sockaddr *)&address);
}

static void only_addresses_of_the_internet_at_large_are_public(void **state)
{
    static const char *const inner[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    };
    static const char *const outer[] = { "1.1.1.1",        "8.8.8.8",     "9.255.255.255", "11.0.0.0",
                                         "100.63.255.255", "100.128.0.1", "172.15.0.1",    "172.32.0.1",
                                         "192.167.1.1",    "198.17.0.1",  "198.20.0.1",    "223.255.255.254",
                                         "2606:4700::1",   "2a00:1450::1" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(inner); i++)
        if (is_public(inner[i]))
            fail_msg("public: %s", inner[i]);
    for (size_t i = 0; i < ARRAY_LEN(outer); i++)
        if (!is_public(outer[i]))
            fail_msg("not public: %s", outer[i]);
    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_false(net_address_is_public(&other));
}

static bool allows(const char *rule, const char *host, unsigned port, const char *address)
{
    struct net_guard guard = { 0 };
    struct err err = { 0 };
    struct sockaddr_storage storage = address_of(address);
    const struct net_target target = { host, port, false };
    if (rule && net_guard_add(&guard, rule, &err) < 0)
        fail_msg("%s", err.text);
    bool is_allowed = net_guard_allows(&guard, &target, (struct sockaddr *)&storage);
    net_guard_clear(&guard);
    return is_allowed;
}

static void a_rule_opens_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    assert_true(allows(NULL, "x.org", 443, "8.8.8.8"));
    assert_false(allows(NULL, "x.org", 8080, "8.8.8.8"));
    assert_false(allows(NULL, "x.org", 443, "10.0.0.1"));
    assert_true(allows("10.0.0.1", "x.org", 443, "10.0.0.1"));
    assert_false(allows("10.0.0.1", "x.org", 8080, "10.0.0.1"));
    assert_false(allows("10.0.0.1:8080", "x.org", 443, "10.0.0.1"));
    assert_true(allows("10.0.0.1:8080", "x.org", 8080, "10.0.0.1"));
    assert_true(allows("10.0.0.0/9:8080", "x.org", 8080, "10.127.0.1"));
    assert_false(allows("10.0.0.0/9:8080", "x.org", 8080, "10.128.0.1"));
    assert_true(allows("[::1]:8080", "localhost", 8080, "::1"));
    assert_true(allows("::1", "localhost", 80, "::1"));
    assert_false(allows("127.0.0.1:8080", "localhost", 8080, "::1"));
    assert_true(allows("hooks.inner", "HOOKS.inner", 80, "192.168.1.1"));
    assert_false(allows("hooks.inner", "evil.inner", 80, "192.168.1.1"));
    assert_true(allows("cafe.de", "cafe.de", 443, "192.168.1.1")); /* hexadecimal digits, and a name */
    assert_true(allows("abc-7.de:8443", "abc-7.de", 8443, "192.168.1.1"));
    assert_true(allows("x.org:8443", "x.org", 8443, "8.8.8.8"));
}

static void mail_has_ports_of_its_own(void **state)
{
    struct net_guard guard = { 0 };
    struct sockaddr_storage address = address_of("8.8.8.8");
    (void)state;
    for (unsigned port = 1; port < 1000; port++) {
        const struct net_target target = { "x", port, true };
        bool is_usual = port == 25 || port == 465 || port == 587;
        assert_int_equal(net_guard_allows(&guard, &target, (struct sockaddr *)&address), is_usual);
    }
}

static void what_is_no_rule_is_refused_in_words(void **state)
{
    static const char *const bad[] = {
        "",    "*",  "10.0.0.0/33", "10.0.0.1:0", "10.0.0.1:65536", "[::1",   "1.2.3",      "http://x/",
        "x y", "x:", "[::1]80",     "10.0.0.0/",  "-x.org",         "[cafe]", "10.0.0.300", "cafe::x"
    };
    struct net_guard guard = { 0 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = { 0 };
        if (net_guard_add(&guard, bad[i], &err) == 0)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.code, ERR_INVALID);
        assert_non_null(strstr(err.text, "webhooks.allow"));
    }
    assert_int_equal(guard.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_addresses_of_the_internet_at_large_are_public),
        cmocka_unit_test(a_rule_opens_what_it_names_and_nothing_else),
        cmocka_unit_test(mail_has_ports_of_its_own),
        cmocka_unit_test(what_is_no_rule_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
