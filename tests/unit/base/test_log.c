#include "base/log.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* What one call writes to stderr. */
static void written(char *to, size_t size, enum log_level level, const char *text)
{
    auto_fd int file = memfd_create("log", MFD_CLOEXEC);
    auto_fd int keep = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    log_at(level, "%s", text);
    dup2(keep, STDERR_FILENO);
    ssize_t n = pread(file, to, size - 1, 0);
    to[n > 0 ? n : 0] = '\0';
}

static void nobody_forges_a_line(void **state)
{
    (void)state;
    char line[8192];
    log_setup(LOG_INFO, false);
    written(line, sizeof(line), LOG_WARN, "a\nb\r\x1b[2J\x7f");
    assert_non_null(strstr(line, "Z warn  a\\u000ab\\u000d\\u001b[2J\\u007f\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void json_is_escaped(void **state)
{
    (void)state;
    char line[8192];
    log_setup(LOG_INFO, true);
    written(line, sizeof(line), LOG_ERROR, "say \"hi\" \\");
    assert_non_null(strstr(line, "\"level\":\"error\",\"text\":\"say \\u0022hi\\u0022 \\u005c\"}\n"));
}

static void levels_below_are_silent(void **state)
{
    (void)state;
    char line[8192];
    log_setup(LOG_WARN, false);
    written(line, sizeof(line), LOG_INFO, "x");
    assert_string_equal(line, "");
}

static void long_lines_are_cut_and_still_end(void **state)
{
    (void)state;
    static char text[20000], line[30000];
    log_setup(LOG_INFO, false);
    memset(text, '\x01', sizeof(text) - 1);
    written(line, sizeof(line), LOG_INFO, text);
    assert_true(strlen(line) < 4300);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_forges_a_line),
        cmocka_unit_test(json_is_escaped),
        cmocka_unit_test(levels_below_are_silent),
        cmocka_unit_test(long_lines_are_cut_and_still_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
