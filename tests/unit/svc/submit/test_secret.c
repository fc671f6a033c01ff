#include "svc/submit/secret.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void put(const char *name, const char *text, mode_t mode)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/secrets/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
    char path[80];
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/sluice-secret-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/secrets", dir);
    return mkdir(path, 0700);
}

static int teardown(void **state)
{
    static const char *const names[] = { "good", "open", "group", "link", "empty", "lines", "/secrets", "" };
    char path[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s%s%s", dir, i < 6 ? "/secrets/" : "", names[i]);
        if (i < 6)
            unlink(path);
        else
            rmdir(path);
    }
    return 0;
}

static void a_secret_is_its_file_without_the_line_break(void **state)
{
    auto_str struct str secret = { 0 };
    (void)state;
    put("good", "https://x.org/T0KEN\n", 0600);
    assert_int_equal(secret_read(dir, "good", &secret, NULL), 0);
    assert_string_equal(str_text(&secret), "https://x.org/T0KEN");
}

static void refused(const char *name, enum err_code code)
{
    auto_str struct str secret = { 0 };
    struct err err = { 0 };
    assert_int_equal(secret_read(dir, name, &secret, &err), -1);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, "secret"));
    assert_null(strstr(err.text, "T0KEN"));
}

static void what_others_could_read_or_redirect_is_refused(void **state)
{
    char path[128];
    (void)state;
    put("open", "T0KEN", 0644);
    put("group", "T0KEN", 0640);
    put("empty", " \n", 0600);
    put("lines", "T0KEN\r\nX-Evil: 1", 0600);
    (void)snprintf(path, sizeof(path), "%s/secrets/link", dir);
    assert_int_equal(symlink("good", path), 0);
    refused("open", ERR_DENIED);
    refused("group", ERR_DENIED);
    refused("link", ERR_DENIED);
    refused("empty", ERR_INVALID);
    refused("lines", ERR_INVALID);
    refused("absent", ERR_NOT_FOUND);
    refused("../secrets/good", ERR_INVALID);
    refused(".", ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_its_file_without_the_line_break),
        cmocka_unit_test(what_others_could_read_or_redirect_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
