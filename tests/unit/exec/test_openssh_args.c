#include "exec/openssh_args.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct ssh_settings settings(void)
{
    static char host[] = "login.example.edu", user[] = "ann", path[] = "/k/a \"%b", name[] = "x";
    struct ssh_settings set = { .name = name, .host = host, .user = user, .port = 22 };
    set.keys[0] = path;
    set.known_hosts = path;
    set.connect_timeout_ms = 15000;
    return set;
}

static bool has(const struct openssh_args *args, const char *word)
{
    for (size_t i = 0; i < args->count; i++)
        if (strcmp(args->argv[i], word) == 0)
            return true;
    return false;
}

static void the_host_stands_last_behind_two_dashes(void **state)
{
    (void)state;
    struct openssh_args args = { 0 };
    struct ssh_settings set = settings();
    openssh_args_master(&args, &set, "/s", "/log", OPENSSH_NO_PROMPTS);
    assert_null(args.argv[args.count]);
    assert_string_equal(args.argv[args.count - 1], "login.example.edu");
    assert_string_equal(args.argv[args.count - 2], "--");
    assert_true(has(&args, "BatchMode=yes"));
    assert_true(has(&args, "StrictHostKeyChecking=yes"));
    assert_false(has(&args, "-l"));
    assert_false(has(&args, "-i"));
    assert_false(has(&args, "-p"));
    openssh_args_clear(&args);
}

static void what_we_know_goes_before_ssh_config(void **state)
{
    (void)state;
    struct openssh_args args = { 0 };
    struct ssh_settings set = settings();
    set.has_user = set.has_port = set.has_own_key = set.accept_new_host = true;
    set.has_known_hosts = true;
    openssh_args_master(&args, &set, "/s", "/log", OPENSSH_PASSPHRASE);
    assert_true(has(&args, "ann"));
    assert_true(has(&args, "22"));
    assert_true(has(&args, "IdentityFile=\"/k/a \\\"%%b\""));
    assert_true(has(&args, "UserKnownHostsFile=\"/k/a \\\"%%b\""));
    assert_true(has(&args, "StrictHostKeyChecking=accept-new"));
    assert_true(has(&args, "BatchMode=no"));
    assert_true(has(&args, "PasswordAuthentication=no"));
    openssh_args_clear(&args);
}

static void explains(const char *log, enum err_code code, bool needs_person)
{
    struct err err = { 0 };
    bool person = !needs_person;
    struct ssh_settings set = settings();
    openssh_explain(&set, span_of(log), &err, &person);
    assert_int_equal(err.code, code);
    assert_int_equal(person, needs_person);
    assert_int_equal(strncmp(err.text, "login.example.edu: ", 19), 0);
}

static void its_last_words_are_understood(void **state)
{
    (void)state;
    explains("ann@x: Permission denied (publickey).\r\n", ERR_AUTH, false);
    explains("ann@x: Permission denied (keyboard-interactive).\r\n", ERR_AUTH, true);
    explains("Permissions 0644 for '/k' are too open.\r\nann@x: Permission denied "
             "(publickey,keyboard-interactive).\r\n",
             ERR_AUTH, false); /* its own key is at fault, and no person */
    explains("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
             ERR_AUTH, false);
    explains("ssh: connect to host x port 22: Connection refused\n", ERR_OFFLINE, false);
    explains("ssh: Could not resolve hostname x: Name or service not known\n", ERR_OFFLINE, false);
    explains("Unable to negotiate with 1.2.3.4 port 22: no matching cipher found.\n", ERR_UNSUPPORTED, false);
    explains("", ERR_OFFLINE, false);
}

static void only_what_matters_for_a_login_is_compared(void **state)
{
    (void)state;
    auto_str struct str why = STR_MAX(512);
    struct span without = SPAN_LIT("hostname a\nport 22\nidentityfile ~/.ssh/id_rsa\n"),
                same = SPAN_LIT("hostname a\nport 22\ntcpkeepalive no\nidentityfile ~/.ssh/id_rsa\n"),
                alias = SPAN_LIT("hostname b.example.edu\nport 22\nidentityfile ~/.ssh/id_rsa\n"),
                jump = SPAN_LIT("hostname a\nport 22\nproxyjump hop\nidentityfile ~/.ssh/id_rsa\n");
    assert_false(openssh_config_matters(same, without, &why));
    assert_true(openssh_config_matters(jump, without, &why));
    str_cut(&why, 0);
    assert_true(openssh_config_matters(alias, without, &why));
    assert_string_equal(str_text(&why), "ssh_config says hostname b.example.edu");
    assert_true(span_is(openssh_setting(jump, "proxyjump"), "hop"));
    assert_int_equal(openssh_setting(alias, "proxyjump").len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_stands_last_behind_two_dashes),
        cmocka_unit_test(what_we_know_goes_before_ssh_config),
        cmocka_unit_test(its_last_words_are_understood),
        cmocka_unit_test(only_what_matters_for_a_login_is_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
