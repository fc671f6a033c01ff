#include "text/ssh_config.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_distributions_own_file_says_nothing_about_hosts(void **state)
{
    (void)state;
    static const char *const files[] = {
        "",
        "# Host alder\n   # ProxyJump x\n\n",
        "Include /etc/ssh/ssh_config.d/*.conf\n\nHost *\n#   ForwardAgent no\n    SendEnv LANG LC_*\n"
        "    HashKnownHosts yes\n    GSSAPIAuthentication yes\n",
        "host = \"*\"\r\n\tSendEnv LANG\r\n",
        "Match all\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (ssh_config_matters(span_of(files[i])))
            fail_msg("%s", files[i]);
}

static void whatever_moves_a_connection_matters(void **state)
{
    (void)state;
    static const char *const files[] = {
        "Host alder",
        "HOST * !alder\n",
        "host=alder\n",
        "Host\talder\n",
        "  Host \"alder\"\n",
        "Match host alder\n",
        "Match exec \"test -e x\"\n",
        "Host *\n  ProxyJump gate\n", /* a site's gate for everybody */
        "Host *\nport 2222\n",
        "IdentityFile=/etc/keys/%u\n",
        "Include /etc/ssh/site.conf\n",
        "# first\nUserKnownHostsFile\t/etc/hosts.known\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (!ssh_config_matters(span_of(files[i])))
            fail_msg("%s", files[i]);
}

static void lines_are_split_as_openssh_splits_them(void **state)
{
    (void)state;
    struct span text = SPAN_LIT(" # no\n\n Port = 22 \r\nHost\t \"a b\" c\nUser\nX==y\nHost\"a\"\nPort\r22"),
                keyword, arguments;
    static const char *const parts[][2] = { { "Port", "22" }, { "Host", "\"a b\" c" }, { "User", "" },
                                            { "X", "=y" },    { "Host", "\"a\"" },     { "Port", "22" } };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        assert_true(ssh_config_next(&text, &keyword, &arguments));
        assert_true(span_is(keyword, parts[i][0]));
        assert_true(span_is(arguments, parts[i][1]));
    }
    assert_false(ssh_config_next(&text, &keyword, &arguments));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_distributions_own_file_says_nothing_about_hosts),
        cmocka_unit_test(whatever_moves_a_connection_matters),
        cmocka_unit_test(lines_are_split_as_openssh_splits_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
