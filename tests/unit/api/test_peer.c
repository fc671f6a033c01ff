#include "unit/api/cm.h"

#include "api/listen.h"
#include "api/peer.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

static const char table[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:2116 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0 100 0 "
    "0 10 0\n"
    "   1: 0100007F:2116 0100007F:AAAA 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0 20 4 "
    "30 10 -1\n"
    "   2: 0100007F:AAAA 0100007F:2116 01 00000000:00000000 00:00000000 00000000  1001        0 13 1 0 20 4 "
    "30 10 -1\n"
    "   3: 0100007F:BBBB 0100007F:2116 06 00000000:00000000 03:000017B3 00000000     0        0 0 3 0 0\n"
    "   4: 0100007F:CCCC 0100007F:2116 01 short\n";

static bool find(const char *local, const char *remote, uid_t *uid)
{
    return peer_find(span_of(table), span_of(local), span_of(remote), uid);
}

static void finds_the_owner_of_the_other_end(void **state)
{
    (void)state;
    uid_t uid = 0;
    assert_true(find("0100007F:AAAA", "0100007F:2116", &uid));
    assert_int_equal(uid, 1001);
    assert_true(find("0100007F:2116", "0100007F:AAAA", &uid));
    assert_int_equal(uid, 1000);
}

static void a_socket_nobody_holds_has_no_owner(void **state)
{
    (void)state;
    uid_t uid = 77;
    assert_false(find("0100007F:BBBB", "0100007F:2116", &uid));
    assert_false(find("0100007F:CCCC", "0100007F:2116", &uid));
    assert_false(find("0100007F:DDDD", "0100007F:2116", &uid));
    assert_int_equal(uid, 77);
}

static void check_live(const char *host, int family)
{
    int port;
    bool is_loopback = false;
    auto_fd int listener = -1, client = socket(family, SOCK_STREAM, 0);
    if (listen_open(host, 0, &listener, NULL) < 0)
        skip(); /* no IPv6 here */
    assert_int_equal(listen_look(listener, &port, &is_loopback, NULL), 0);
    assert_true(is_loopback);
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    (void)inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
    (void)inet_pton(AF_INET6, "::1", &six.sin6_addr);
    struct sockaddr *addr = family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    assert_int_equal(connect(client, addr, family == AF_INET ? sizeof(four) : sizeof(six)), 0);
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    auto_fd int server = accept(listener, (struct sockaddr *)&from, &len);
    assert_true(server >= 0);
    assert_true(peer_is_loopback((struct sockaddr *)&from));
    uid_t uid = (uid_t)-1;
    struct err err;
    if (peer_uid(server, &uid, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(uid, geteuid());
    close(client);
    client = -1;
    assert_int_equal(peer_uid(server, &uid, NULL), -1);
}

static void nobody_is_denied_who_could_not_be_looked_for(void **state)
{
    (void)state;
    uid_t uid = 77;
    struct err err = { 0 };
    auto_fd int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(peer_uid(file, &uid, &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
    assert_int_equal(uid, 77);
}

static void the_kernel_tells_our_own_uid(void **state)
{
    (void)state;
    check_live("127.0.0.1", AF_INET);
}

static void the_kernel_tells_our_own_uid_over_ipv6(void **state)
{
    (void)state;
    check_live("::1", AF_INET6);
}

static void loopback_is_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_loopback;
    } six[] = { { "::1", true },
                { "::ffff:127.0.0.1", true },
                { "::ffff:10.0.0.1", false },
                { "fe80::1", false },
                { "::", false },
                { "::2", false } };
    for (size_t i = 0; i < ARRAY_LEN(six); i++) {
        struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
        assert_int_equal(inet_pton(AF_INET6, six[i].text, &addr.sin6_addr), 1);
        assert_int_equal(peer_is_loopback((struct sockaddr *)&addr), six[i].is_loopback);
    }
    struct sockaddr_in four = { .sin_family = AF_INET };
    assert_int_equal(inet_pton(AF_INET, "127.9.9.9", &four.sin_addr), 1);
    assert_true(peer_is_loopback((struct sockaddr *)&four));
    assert_int_equal(inet_pton(AF_INET, "0.0.0.0", &four.sin_addr), 1);
    assert_false(peer_is_loopback((struct sockaddr *)&four));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_owner_of_the_other_end),
        cmocka_unit_test(a_socket_nobody_holds_has_no_owner),
        cmocka_unit_test(nobody_is_denied_who_could_not_be_looked_for),
        cmocka_unit_test(the_kernel_tells_our_own_uid),
        cmocka_unit_test(the_kernel_tells_our_own_uid_over_ipv6),
        cmocka_unit_test(loopback_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
