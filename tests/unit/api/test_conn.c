#include "unit/api/cm.h"

#include "api/conn.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage out = { 0 };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        memcpy(&out, &four, sizeof(four));
    else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        memcpy(&out, &six, sizeof(six));
    return out;
}

static bool allow(struct conns *conns, const char *text)
{
    struct sockaddr_storage addr = address(text);
    return conns_allow(conns, (struct sockaddr *)&addr);
}

static struct conn *add(struct conns *conns, const char *text, int fd)
{
    struct sockaddr_storage addr = address(text);
    return conns_add(conns, fd, (struct sockaddr *)&addr);
}

static void caps_hold_per_address_and_in_all(void **state)
{
    (void)state;
    struct clock_fake clock;
    clock_fake_init(&clock, 0);
    struct conns conns = { .clock = &clock.clock, .limits = conn_limits_default };
    conns.limits.total = 8;
    conns.limits.per_address = 2;
    static const char *const from[] = { "10.0.0.1",        "10.0.0.1",  "2001:db8::1", "2001:db8::2",
                                        "::ffff:10.0.0.9", "127.0.0.1", "127.0.0.1" };
    for (size_t i = 0; i < 7; i++)
        (void)add(&conns, from[i], -1);
    assert_false(allow(&conns, "10.0.0.1"));
    assert_true(allow(&conns, "10.0.0.2"));
    assert_false(allow(&conns, "2001:db8::3")); /* one network, one owner */
    assert_true(allow(&conns, "2001:db9::1"));
    assert_true(allow(&conns, "::ffff:10.0.0.8"));
    assert_true(allow(&conns, "127.0.0.1"));
    (void)add(&conns, "127.0.0.1", -1);
    assert_false(allow(&conns, "127.0.0.1"));
    while (conns.first)
        conns_remove(&conns, conns.first);
    assert_int_equal(conns.count, 0);
}

static bool is_shut(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void late_connections_are_shut_down(void **state)
{
    (void)state;
    struct clock_fake clock;
    clock_fake_init(&clock, 0);
    struct conns conns = { .clock = &clock.clock, .limits = conn_limits_default };
    assert_int_equal(conns_timeout_ms(&conns), -1);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct conn *conn = add(&conns, "127.0.0.1", pair[0]);
    clock_fake_advance(&clock, 9 * US_PER_S);
    conns_sweep(&conns);
    assert_false(is_shut(pair[1]));
    assert_int_equal(conns_timeout_ms(&conns), 1000);
    conn_enter(&conns, conn, CONN_WORK); /* what we ourselves take long for has no deadline */
    clock_fake_advance(&clock, 3600 * US_PER_S);
    conns_sweep(&conns);
    assert_false(is_shut(pair[1]));
    conn_enter(&conns, conn, CONN_BODY);
    clock_fake_advance(&clock, 30 * US_PER_S);
    conns_sweep(&conns);
    assert_true(is_shut(pair[1]));
    conns_remove(&conns, conn);
    close(pair[0]);
    close(pair[1]);
}

static void at_the_total_who_waited_longest_makes_room(void **state)
{
    (void)state;
    struct clock_fake clock;
    clock_fake_init(&clock, 0);
    struct conns conns = { .clock = &clock.clock, .limits = conn_limits_default };
    conns.limits.total = 3;
    int pairs[3][2];
    struct conn *conn[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        conn[i] = add(&conns, "127.0.0.1", pairs[i][0]);
        clock_fake_advance(&clock, US_PER_S / 4);
    }
    assert_false(allow(&conns, "127.0.0.1")); /* all of them have just come */
    conn_enter(&conns, conn[0], CONN_WORK);
    conn_enter(&conns, conn[1], CONN_IDLE);
    clock_fake_advance(&clock, 2 * US_PER_S);
    assert_true(allow(&conns, "127.0.0.1"));
    assert_true(is_shut(pairs[2][1])); /* a header that does not come */
    (void)add(&conns, "127.0.0.1", -1);
    assert_true(allow(&conns, "127.0.0.1"));
    assert_true(is_shut(pairs[1][1]));  /* kept alive, and nothing was asked */
    assert_false(is_shut(pairs[0][1])); /* we are at it */
    conns_remove(&conns, conn[2]);
    conns_remove(&conns, conn[1]);
    assert_int_equal(conns.going, 0);
    (void)add(&conns, "127.0.0.1", -1);
    conn_enter(&conns, conns.first, CONN_BODY);
    conn_enter(&conns, conns.first->next, CONN_ANSWER);
    clock_fake_advance(&clock, 9 * US_PER_S);
    assert_false(allow(&conns, "127.0.0.1")); /* nobody is sent away in the middle of a request */
    while (conns.first)
        conns_remove(&conns, conns.first);
    for (int i = 0; i < 3; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
}

static void removing_keeps_the_others(void **state)
{
    (void)state;
    struct clock_fake clock;
    clock_fake_init(&clock, 0);
    struct conns conns = { .clock = &clock.clock, .limits = conn_limits_default };
    struct conn *a = add(&conns, "127.0.0.1", -1), *b = add(&conns, "127.0.0.1", -1);
    struct conn *c = add(&conns, "127.0.0.1", -1);
    conns_remove(&conns, b);
    assert_ptr_equal(conns.first, c);
    assert_ptr_equal(c->next, a);
    assert_ptr_equal(a->prev, c);
    conns_remove(&conns, c);
    conns_remove(&conns, a);
    assert_null(conns.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caps_hold_per_address_and_in_all),
        cmocka_unit_test(late_connections_are_shut_down),
        cmocka_unit_test(at_the_total_who_waited_longest_makes_room),
        cmocka_unit_test(removing_keeps_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
