#include "text/units.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void durations_read_as_slurm_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "90", 5400 },   { "90:30", 5430 },  { "24:00:00", 86400 }, { "100:00:00", 360000 },
        { "1-0", 86400 }, { "1-12", 129600 }, { "2-00:30", 174600 }, { "1-02:03:04", 93784 },
        { "90s", 90 },    { "90m", 5400 },    { "2h", 7200 },        { "2d", 172800 },
        { "1w", 604800 }, { "1h30m", 5400 },  { "1D12H", 129600 },   { " 5m\n", 300 },
        { "0", 0 },       { "00:00:00", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t got = -1;
        struct err err;
        if (units_parse_duration(span_of(rows[i].text), &got, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(got, rows[i].seconds);
    }
}

static void odd_durations_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",          "h",     "1:", ":1",   "1:2:3:4", "-5",   "1-",   "1-24",    "0:60",
        "30m1h",     "1h1h",  "5x", "1.5h", "1h 30m",  "1-2h", "1--2", "forever", "99999999999999999999",
        "99999999w", "1:2:60"
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t got = -1;
        struct err err;
        if (units_parse_duration(span_of(rows[i]), &got, &err) == 0)
            fail_msg("%s is taken as %d", rows[i], (int)got);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(got, -1);
    }
}

static void durations_print_as_slurm_takes_them(void **state)
{
    (void)state;
    auto_str struct str text = STR_MAX(100);
    units_add_duration(&text, 86399);
    str_add_char(&text, ' ');
    units_add_duration(&text, 93784);
    str_add_char(&text, ' ');
    units_add_duration(&text, -1);
    assert_string_equal(str_text(&text), "23:59:59 1-02:03:04 00:00:00");
    for (int64_t s = 0; s < 4000000; s += 7919) {
        int64_t back;
        str_clear(&text);
        units_add_duration(&text, s);
        assert_int_equal(units_parse_duration(str_span(&text), &back, NULL), 0);
        assert_int_equal(back, s);
    }
}

static void sizes_are_binary(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {
        { "64G", UINT64_C(64) << 30 },
        { "512m", UINT64_C(512) << 20 },
        { "1T", UINT64_C(1) << 40 },
        { "1.5G", UINT64_C(3) << 29 },
        { "200 MiB", UINT64_C(200) << 20 },
        { "64GB", UINT64_C(64) << 30 },
        { "7B", 7 },
        { "3", UINT64_C(3) << 20 },
        { "0", 0 },
        { "0.001K", 1 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t got = 1;
        struct err err;
        if (units_parse_size(span_of(rows[i].text), UNITS_BARE_MIB, &got, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(got == rows[i].bytes);
    }
    uint64_t bare;
    assert_int_equal(units_parse_size(SPAN_LIT("3"), UNITS_BARE_BYTES, &bare, NULL), 0);
    assert_int_equal(bare, 3);
    static const char *const wrong[] = { "",
                                         "G",
                                         "-1G",
                                         "1X",
                                         "1.G",
                                         "1,5G",
                                         "1GG",
                                         "0x10",
                                         "9223372036854775808B",
                                         "8192P",
                                         "99999999999999999999G",
                                         "1e3" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (units_parse_size(span_of(wrong[i]), UNITS_BARE_MIB, &bare, NULL) == 0)
            fail_msg("%s is taken", wrong[i]);
}

static void size_prints(uint64_t bytes, const char *people, const char *slurm)
{
    auto_str struct str text = STR_MAX(100), mem = STR_MAX(100);
    units_add_size(&text, bytes);
    units_add_mem(&mem, bytes);
    assert_string_equal(str_text(&text), people);
    assert_string_equal(str_text(&mem), slurm);
}

static void sizes_print_for_people_and_for_slurm(void **state)
{
    (void)state;
    size_prints(0, "0B", "0M");
    size_prints(1023, "1023B", "1M");
    size_prints(UINT64_C(3) << 29, "1.5G", "1536M");
    size_prints(UINT64_C(64) << 30, "64G", "64G");
    size_prints(UINT64_C(2) << 40, "2T", "2048G");
    size_prints(UINT64_C(1) << 62, "4096P", "4294967296G");
}

static void time_is(int64_t us, const char *want)
{
    auto_str struct str text = STR_MAX(100);
    units_add_time(&text, us);
    assert_string_equal(str_text(&text), want);
    int64_t back = 0;
    assert_int_equal(units_parse_time(str_span(&text), &back, NULL), 0);
    assert_true(back == us);
}

static void times_print_and_read_back(void **state)
{
    (void)state;
    time_is(0, "1970-01-01T00:00:00Z");
    time_is(INT64_C(951782400) * 1000000, "2000-02-29T00:00:00Z");
    time_is(INT64_C(4107542399) * 1000000 + 999000, "2100-02-28T23:59:59.999Z");
    time_is(-1000, "1969-12-31T23:59:59.999Z");
    time_is(INT64_C(-62167219200) * 1000000, "0000-01-01T00:00:00Z");
    time_is(INT64_C(253402300799) * 1000000, "9999-12-31T23:59:59Z");
    auto_str struct str text = STR_MAX(100);
    units_add_time(&text, INT64_MAX);
    assert_string_equal(str_text(&text), "9999-12-31T23:59:59.999Z");
}

static void times_with_offsets_and_fractions(void **state)
{
    (void)state;
    int64_t us;
    assert_int_equal(units_parse_time(SPAN_LIT("1970-01-01t02:00:00.1234567+01:30"), &us, NULL), 0);
    assert_int_equal(us, INT64_C(1800) * 1000000 + 123456);
    static const char *const wrong[] = { "",
                                         "2026-01-31",
                                         "2026-02-29T00:00:00Z",
                                         "2026-01-31T24:00:00Z",
                                         "2026-13-01T00:00:00Z",
                                         "2026-01-31T12:00:00",
                                         "2026-01-31T12:00:00.Z",
                                         "2026-01-31T12:00:00Zx",
                                         "2026-01-31T12:00:00+2:00",
                                         "26-01-31T12:00:00Z",
                                         "9999-12-31T23:59:60Z", /* years that we could not write */
                                         "9999-12-31T23:59:59-00:01",
                                         "0000-01-01T00:00:00+00:01" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (units_parse_time(span_of(wrong[i]), &us, NULL) == 0)
            fail_msg("%s is taken", wrong[i]);
}

static void limits_of_durations_and_sizes_hold(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "9999999999s", "9999999999", "9999999999-00", "h",  "1h5",  "1hm", "36601-00:00:00", "99999d", "1x-5",
        "-5",          "36600d1s",   "0:0:0:0",       "1:", "1:60", "1-24"
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        int64_t seconds;
        if (units_parse_duration(span_of(wrong[i]), &seconds, NULL) == 0)
            fail_msg("%s is taken", wrong[i]);
    }
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = { { "17B", 17 },   { "17b", 17 },   { "1KiB", 1024 },         { "1kib", 1024 },
                  { "1KB", 1024 }, { "1kb", 1024 }, { "0.12345678999K", 126 } };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t bytes = 0;
        assert_int_equal(units_parse_size(span_of(sizes[i].text), UNITS_BARE_BYTES, &bytes, NULL), 0);
        assert_int_equal(bytes, sizes[i].bytes);
    }
    uint64_t bytes;
    assert_int_equal(units_parse_size(span_of("1Kx"), UNITS_BARE_BYTES, &bytes, NULL), -1);
    assert_int_equal(units_parse_size(span_of("1."), UNITS_BARE_BYTES, &bytes, NULL), -1);
}

static void times_are_whole_and_of_the_calendar(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "20x6-01-31T12:00:00Z",      "2026x01-31T12:00:00Z",      "2026-0x-31T12:00:00Z",
        "2026-01x31T12:00:00Z",      "2026-01-3xT12:00:00Z",      "2026-00-31T12:00:00Z",
        "2026-01-00T12:00:00Z",      "1900-02-29T12:00:00Z",      "2026-04-31T12:00:00Z",
        "2026-01-31x12:00:00Z",      "2026-01-31T1x:00:00Z",      "2026-01-31T12x00:00Z",
        "2026-01-31T12:0x:00Z",      "2026-01-31T12:00x00Z",      "2026-01-31T12:00:0xZ",
        "2026-01-31T12:60:00Z",      "2026-01-31T12:00:61Z",      "2026-01-31T12:00:00+0x:00",
        "2026-01-31T12:00:00+02x00", "2026-01-31T12:00:00+02:0x", "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+02:60", "2026-01-31T12:00:00*02:00"
    };
    int64_t us;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (units_parse_time(span_of(wrong[i]), &us, NULL) == 0)
            fail_msg("%s is taken", wrong[i]);
    assert_int_equal(units_parse_time(span_of("2000-02-29T22:00:00-02:00"), &us, NULL), 0);
    assert_int_equal(us, INT64_C(951868800000000));
    assert_int_equal(units_parse_time(span_of("2024-02-29 00:00:00z"), &us, NULL), 0);
    auto_str struct str last = STR_MAX(100), first = STR_MAX(100);
    units_add_time(&last, INT64_MAX);
    units_add_time(&first, INT64_MIN);
    assert_string_equal(str_text(&last), "9999-12-31T23:59:59.999Z");
    assert_string_equal(str_text(&first), "0000-01-01T00:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_as_slurm_reads_them),
        cmocka_unit_test(odd_durations_are_refused),
        cmocka_unit_test(durations_print_as_slurm_takes_them),
        cmocka_unit_test(sizes_are_binary),
        cmocka_unit_test(sizes_print_for_people_and_for_slurm),
        cmocka_unit_test(times_print_and_read_back),
        cmocka_unit_test(times_with_offsets_and_fractions),
        cmocka_unit_test(limits_of_durations_and_sizes_hold),
        cmocka_unit_test(times_are_whole_and_of_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
