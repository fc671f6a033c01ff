#include "text/known_hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* Two raw keys and their base64; the type stands in front of the raw bytes. */
#define KEY_A                                  \
    SPAN_LIT("\0\0\0\x0bssh-ed25519\0\0\0\x01" \
             "A")
#define KEY_B                                  \
    SPAN_LIT("\0\0\0\x0bssh-ed25519\0\0\0\x01" \
             "B")
#define KEY_R                              \
    SPAN_LIT("\0\0\0\x07ssh-rsa\0\0\0\x01" \
             "R")
#define A64 "AAAAC3NzaC1lZDI1NTE5AAAAAUE="
#define B64 "AAAAC3NzaC1lZDI1NTE5AAAAAUI="

static struct known_answer check(const char *text, const char *host, unsigned port, struct span key)
{
    return known_hosts_check(span_of(text), host, port, key);
}

static void plain_names_match_or_changed_or_unknown(void **state)
{
    (void)state;
    const char *text = "# comment\n\nother,h ssh-ed25519 " A64 " me@there\r\n";
    assert_int_equal(check(text, "h", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "H", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "h", 22, KEY_A).line, 3);
    assert_int_equal(check(text, "x", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    struct known_answer changed = check(text, "h", 22, KEY_B);
    assert_int_equal(changed.verdict, KNOWN_CHANGED);
    assert_int_equal(changed.line, 3);
    assert_true(changed.same_type);
    changed = check(text, "h", 22, KEY_R);
    assert_int_equal(changed.verdict, KNOWN_CHANGED);
    assert_false(changed.same_type);
}

static void one_match_among_several_keys_is_enough(void **state)
{
    (void)state;
    const char *text = "h ssh-ed25519 " B64 "\nh ssh-ed25519 " A64;
    assert_int_equal(check(text, "h", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "h", 22, KEY_A).line, 2);
}

static void ports_have_names_of_their_own(void **state)
{
    (void)state;
    const char *text = "[h]:2222 ssh-ed25519 " A64 "\nbare ssh-ed25519 " A64 "\n";
    assert_int_equal(check(text, "h", 2222, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "h", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    assert_int_equal(check(text, "bare", 2222, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "bare", 2222, KEY_B).verdict, KNOWN_UNKNOWN);
}

static void wildcards_and_negation_work_as_in_ssh(void **state)
{
    (void)state;
    const char *text = "*.site,!bad.site,n?de ssh-ed25519 " A64 "\n";
    assert_int_equal(check(text, "a.site", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "bad.site", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    assert_int_equal(check(text, "node", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "noode", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    assert_int_equal(check("****a*b ssh-ed25519 " A64, "xaxxb", 22, KEY_A).verdict, KNOWN_MATCH);
}

/* HMAC-SHA1 of "login.site" under the salt 00 01 .. 13, computed elsewhere. */
static void hashed_names_are_found(void **state)
{
    (void)state;
    const char *text = "|1|AAECAwQFBgcICQoLDA0ODxAREhM=|HASH ssh-ed25519 " A64 "\n";
    assert_int_equal(check(text, "login.site", 22, KEY_A).verdict, KNOWN_UNKNOWN); /* no such hash */
    text = "|1|AAECAwQFBgcICQoLDA0ODxAREhM=|qTAxhGBWmf2TsAypaG0PrB4TfMQ= ssh-ed25519 " A64 "\n";
    assert_int_equal(check(text, "login.site", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "LOGIN.site", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "other.site", 22, KEY_A).verdict, KNOWN_UNKNOWN);
}

static void revoked_wins_and_authorities_are_only_told(void **state)
{
    (void)state;
    const char *text = "h ssh-ed25519 " A64 "\n@revoked * ssh-ed25519 " A64 "\n";
    assert_int_equal(check(text, "h", 22, KEY_A).verdict, KNOWN_REVOKED);
    assert_int_equal(check(text, "h", 22, KEY_A).line, 2);
    assert_int_equal(check(text, "h", 22, KEY_B).verdict, KNOWN_CHANGED);
    text = "@cert-authority *.site ssh-ed25519 " A64 "\n";
    assert_int_equal(check(text, "a.site", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    assert_true(check(text, "a.site", 22, KEY_A).has_authority);
}

static void damaged_lines_are_skipped(void **state)
{
    (void)state;
    const char *text =
        "h\nh ssh-ed25519\nh ssh-ed25519 !!!!\n|1|x ssh-ed25519 " A64 "\n|1||| a b\n@revoked\n\t\n";
    assert_int_equal(check(text, "h", 22, KEY_A).verdict, KNOWN_CHANGED); /* of the line with a broken key */
    assert_int_equal(check("", "h", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    assert_int_equal(check("h ssh-ed25519 " A64, "h", 22, (struct span){ 0 }).verdict, KNOWN_CHANGED);
}

static void types_known_for_a_host(void **state)
{
    (void)state;
    struct span text = span_of("h ssh-ed25519 " A64 "\n@revoked h ecdsa-sha2-nistp256 " A64 "\n");
    assert_true(known_hosts_has_type(text, "h", 22, "ssh-ed25519"));
    assert_true(known_hosts_has_type(text, "h", 2222, "ssh-ed25519"));
    assert_false(known_hosts_has_type(text, "h", 22, "ecdsa-sha2-nistp256"));
    assert_false(known_hosts_has_type(text, "x", 22, "ssh-ed25519"));
}

static void a_new_line_is_found_again(void **state)
{
    (void)state;
    auto_str struct str line = STR_MAX(1000);
    known_hosts_line("h", 2222, KEY_A, &line);
    assert_string_equal(line.buf, "[h]:2222 ssh-ed25519 " A64 "\n");
    assert_int_equal(check(line.buf, "h", 2222, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(known_hosts_key_type(SPAN_LIT("\0\0\1\0x")).len, 0);
}

static void blanks_of_any_kind_and_trailing_stars(void **state)
{
    (void)state;
    const char *text = "\th* \t ssh-ed25519\t" A64 "\tcomment\nh ssh-ed25519\n";
    assert_int_equal(check(text, "h", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "hx", 22, KEY_A).verdict, KNOWN_MATCH);
    assert_int_equal(check(text, "x", 22, KEY_A).verdict, KNOWN_UNKNOWN);
}

static void hashes_that_are_none_match_nothing(void **state)
{
    (void)state;
    static const char *const hosts[] = { "|1|", "|1|c2FsdA==", "|1|!!!!|c2FsdA==", "|1|c2FsdA==|!!!!",
                                         "|1|c2FsdA==|c2FsdA==" };
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        auto_str struct str text = STR_MAX(1000);
        str_addf(&text, "%s ssh-ed25519 %s\n", hosts[i], A64);
        assert_int_equal(check(str_text(&text), "h", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    }
    char host[400];
    memset(host, 'h', sizeof(host));
    host[sizeof(host) - 1] = '\0'; /* longer than any name: cut, or not looked for */
    const char *hashed = "|1|c2FsdHNhbHRzYWx0c2FsdHM=|c2FsdHNhbHRzYWx0c2FsdHM= ssh-ed25519 " A64 "\n";
    assert_int_equal(check(hashed, host, 22, KEY_A).verdict, KNOWN_UNKNOWN);
    assert_int_equal(check(hashed, host, 2222, KEY_A).verdict, KNOWN_UNKNOWN);
}

static void the_line_told_is_of_the_same_type_where_there_is_one(void **state)
{
    (void)state;
    const char *text = "h ssh-rsa AAAA\nh ssh-ed25519 " B64 "\nh ssh-ed25519 " B64 "\nh ssh-rsa AAAA\n";
    struct known_answer answer = check(text, "h", 22, KEY_A);
    assert_int_equal(answer.verdict, KNOWN_CHANGED);
    assert_int_equal(answer.line, 2);
    assert_true(answer.same_type);
    answer = check("h ssh-ed25519 " A64 "\nh ssh-ed25519 " B64 "\n", "h", 22, KEY_A);
    assert_int_equal(answer.verdict, KNOWN_MATCH);
    assert_int_equal(answer.line, 1);
}

static void a_revoked_key_stays_revoked_and_unknown_markers_say_nothing(void **state)
{
    (void)state;
    const char *text = "@revoked h ssh-ed25519 " A64 "\nh ssh-ed25519 " A64 "\n@new h ssh-ed25519 " B64 "\n";
    assert_int_equal(check(text, "h", 22, KEY_A).verdict, KNOWN_REVOKED);
    assert_int_equal(check(text, "h", 2222, KEY_A).verdict, KNOWN_REVOKED); /* under the bare name, too */
    assert_int_equal(check("@new h ssh-ed25519 " A64 "\n", "h", 22, KEY_A).verdict, KNOWN_UNKNOWN);
    const char *other =
        "@revoked [h]:2222 ssh-ed25519 " A64 "\n[k]:2222 ssh-ed25519 " B64 "\nk ssh-ed25519 " A64 "\n";
    assert_int_equal(check(other, "h", 2222, KEY_A).verdict, KNOWN_REVOKED);
    assert_int_equal(check(other, "k", 2222, KEY_A).verdict, KNOWN_CHANGED); /* its own name knows another */
}

static void a_type_is_known_by_either_name(void **state)
{
    (void)state;
    struct span text = SPAN_LIT("h ssh-ed25519 " A64 "\n[k]:2222 ssh-rsa AAAA\n@revoked r ssh-rsa AAAA\n");
    assert_true(known_hosts_has_type(text, "h", 22, "ssh-ed25519"));
    assert_true(known_hosts_has_type(text, "h", 2222, "ssh-ed25519"));
    assert_true(known_hosts_has_type(text, "k", 2222, "ssh-rsa"));
    assert_false(known_hosts_has_type(text, "k", 22, "ssh-rsa"));
    assert_false(known_hosts_has_type(text, "h", 2222, "ssh-rsa"));
    assert_false(known_hosts_has_type(text, "r", 22, "ssh-rsa"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names_match_or_changed_or_unknown),
        cmocka_unit_test(one_match_among_several_keys_is_enough),
        cmocka_unit_test(ports_have_names_of_their_own),
        cmocka_unit_test(wildcards_and_negation_work_as_in_ssh),
        cmocka_unit_test(hashed_names_are_found),
        cmocka_unit_test(revoked_wins_and_authorities_are_only_told),
        cmocka_unit_test(damaged_lines_are_skipped),
        cmocka_unit_test(types_known_for_a_host),
        cmocka_unit_test(a_new_line_is_found_again),
        cmocka_unit_test(blanks_of_any_kind_and_trailing_stars),
        cmocka_unit_test(hashes_that_are_none_match_nothing),
        cmocka_unit_test(the_line_told_is_of_the_same_type_where_there_is_one),
        cmocka_unit_test(a_revoked_key_stays_revoked_and_unknown_markers_say_nothing),
        cmocka_unit_test(a_type_is_known_by_either_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
