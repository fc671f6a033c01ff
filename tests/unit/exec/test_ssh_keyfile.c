#include "exec/ssh_keyfile.h"

#include "base/str.h"
#include "text/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void add_string(struct str *to, const char *text)
{
    const char head[4] = { 0, 0, 0, (char)strlen(text) };
    str_add_span(to, (struct span){ head, 4 });
    str_add(to, text);
}

/* The outside of an OpenSSH key file; what is secret in it we never read. */
static struct str key_text(const char *type, const char *cipher)
{
    auto_str struct str raw = STR_MAX(1000);
    struct str text = STR_MAX(2000);
    str_add_span(&raw, (struct span){ "openssh-key-v1", 15 });
    add_string(&raw, cipher);
    add_string(&raw, "bcrypt");
    add_string(&raw, "");
    str_add_span(&raw, (struct span){ "\0\0\0\1\0\0\0\x40", 8 });
    add_string(&raw, type);
    for (int i = 0; i < 64; i++)
        str_add_char(&raw, 'x');
    str_add(&text, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    base64_encode(str_span(&raw), true, &text);
    str_add(&text, "\n-----END OPENSSH PRIVATE KEY-----\n");
    return text;
}

static void type_and_encryption_are_seen(void **state)
{
    (void)state;
    struct ssh_keyfile key = { 0 };
    struct err err = { 0 };
    auto_str struct str plain = key_text("ssh-ed25519", "none"), locked = key_text("ssh-rsa", "aes256-ctr");
    assert_int_equal(ssh_keyfile_parse(str_span(&plain), &key, &err), 0);
    assert_string_equal(key.type, "ssh-ed25519");
    assert_false(key.is_encrypted);
    assert_int_equal(ssh_keyfile_parse(str_span(&locked), &key, &err), 0);
    assert_string_equal(key.type, "ssh-rsa");
    assert_true(key.is_encrypted);
    struct span pem = SPAN_LIT("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n");
    assert_int_equal(ssh_keyfile_parse(pem, &key, &err), 0);
    assert_string_equal(key.type, "ssh-rsa");
    assert_true(key.is_encrypted);
}

static void what_is_no_key_or_cut_is_refused(void **state)
{
    (void)state;
    struct ssh_keyfile key = { 0 };
    struct err err = { 0 };
    auto_str struct str plain = key_text("ssh-ed25519", "none");
    for (size_t n = 0; n < 100; n++)
        assert_int_equal(ssh_keyfile_parse(span_head(str_span(&plain), n), &key, &err), -1);
    assert_int_equal(ssh_keyfile_parse(SPAN_LIT("ssh-ed25519 AAAA me"), &key, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
}

static void types_beyond_libssh2_name_the_other_backend(void **state)
{
    (void)state;
    static const char *const beyond[] = { "ssh-rsa", "ssh-dss", "sk-ssh-ed25519@openssh.com",
                                          "ssh-ed25519-cert-v01@openssh.com" };
    struct err err = { 0 };
    for (size_t i = 0; i < sizeof(beyond) / sizeof(*beyond); i++) {
        assert_int_equal(ssh_keyfile_check_type(span_of(beyond[i]), "k", &err), -1);
        assert_int_equal(err.code, ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "ssh.backend openssh"));
    }
    assert_int_equal(ssh_keyfile_check_type(SPAN_LIT("ssh-ed25519"), "k", &err), 0);
    assert_int_equal(ssh_keyfile_check_type(SPAN_LIT("ecdsa-sha2-nistp256"), "k", &err), 0);
    assert_int_equal(ssh_keyfile_check_type((struct span){ 0 }, "k", &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_and_encryption_are_seen),
        cmocka_unit_test(what_is_no_key_or_cut_is_refused),
        cmocka_unit_test(types_beyond_libssh2_name_the_other_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
