#include "exec/ssh_methods.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void add_list(struct str *to, const char *list)
{
    size_t len = strlen(list);
    const char head[4] = { 0, 0, (char)(len >> 8), (char)len };
    str_add_span(to, (struct span){ head, 4 });
    str_add(to, list);
}

static struct str kexinit(const char *kex, const char *hostkey, const char *cipher, const char *mac)
{
    struct str s = STR_MAX(4096);
    str_add(&s, "welcome\r\nSSH-2.0-x\r\n");
    str_add_span(&s, (struct span){ "\0\0\1\0\4\x14"
                                    "0123456789abcdef",
                                    22 });
    const char *const lists[] = { kex, hostkey, cipher, cipher, mac, mac };
    for (size_t i = 0; i < 6; i++)
        add_list(&s, lists[i]);
    return s;
}

static void the_list_without_anything_for_us_is_named(void **state)
{
    (void)state;
    struct err err = { 0 };
    auto_str struct str rsa = kexinit("x,curve25519-sha256", "rsa-sha2-512", "aes256-ctr", "hmac-sha2-256");
    assert_true(ssh_methods_explain(str_span(&rsa), &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "host key algorithms are rsa-sha2-512"));
    assert_non_null(strstr(err.text, "ssh.backend openssh"));
    auto_str struct str gcm =
        kexinit("curve25519-sha256", "ssh-ed25519", "aes256-gcm@openssh.com", "hmac-sha2-256");
    assert_true(ssh_methods_explain(str_span(&gcm), &err));
    assert_non_null(strstr(err.text, "cipher algorithms are aes256-gcm"));
    auto_str struct str good = kexinit("curve25519-sha256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-256");
    assert_false(ssh_methods_explain(str_span(&good), &err));
}

static void every_cut_and_other_bytes_are_survived(void **state)
{
    (void)state;
    struct err err = { 0 };
    auto_str struct str rsa = kexinit("curve25519-sha256", "rsa-sha2-512", "aes256-ctr", "hmac-sha2-256");
    for (size_t n = 0; n < rsa.len; n++)
        assert_false(ssh_methods_explain(span_head(str_span(&rsa), n), &err) && n < 60);
    assert_false(ssh_methods_explain(SPAN_LIT("HTTP/1.1 400 Bad Request\r\n\r\n"), &err));
    assert_false(ssh_methods_explain((struct span){ 0 }, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_without_anything_for_us_is_named),
        cmocka_unit_test(every_cut_and_other_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
