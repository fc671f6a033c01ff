#include "text/log_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct str stored;

static int setup(void **state)
{
    (void)state;
    stored = STR_MAX((size_t)4 * LOG_BLOCK_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    str_clear(&stored);
    return 0;
}

static void a_block_comes_back_as_it_was(void **state)
{
    (void)state;
    struct log_block block;
    auto_str struct str got = STR_MAX(LOG_BLOCK_BYTES);
    struct span raw = { "a\nb\0\xff\n", 6 };
    assert_int_equal(log_block_add(&stored, 77, raw, NULL), 0);
    assert_true(log_block_head(str_span(&stored), &block));
    assert_int_equal(block.offset, 77);
    assert_int_equal(block.raw, 6);
    assert_int_equal(block.lines, 2);
    assert_int_equal(block.stored, stored.len - LOG_BLOCK_HEAD_BYTES);
    assert_int_equal(
        log_block_inflate(&block, span_skip(str_span(&stored), LOG_BLOCK_HEAD_BYTES), &got, NULL), 0);
    assert_true(span_eq(str_span(&got), raw));
}

static void the_largest_block_of_noise_still_fits(void **state)
{
    (void)state;
    static char noise[LOG_BLOCK_BYTES];
    struct log_block block;
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
    assert_int_equal(log_block_add(&stored, 0, (struct span){ noise, sizeof(noise) }, NULL), 0);
    assert_true(log_block_head(str_span(&stored), &block));
    auto_str struct str got = STR_MAX(LOG_BLOCK_BYTES);
    assert_int_equal(
        log_block_inflate(&block, span_skip(str_span(&stored), LOG_BLOCK_HEAD_BYTES), &got, NULL), 0);
    assert_memory_equal(got.buf, noise, sizeof(noise));
}

static void a_changed_byte_is_noticed(void **state)
{
    (void)state;
    struct log_block block;
    assert_int_equal(log_block_add(&stored, 0, SPAN_LIT("the quick brown fox jumps over the lazy dog"), NULL),
                     0);
    assert_true(log_block_head(str_span(&stored), &block));
    for (size_t i = LOG_BLOCK_HEAD_BYTES; i < stored.len; i++) {
        auto_str struct str got = STR_MAX(LOG_BLOCK_BYTES);
        struct err err = { 0 };
        stored.buf[i] ^= 1;
        int rc = log_block_inflate(&block, span_skip(str_span(&stored), LOG_BLOCK_HEAD_BYTES), &got, &err);
        stored.buf[i] ^= 1;
        assert_true(rc == 0 ? span_is(str_span(&got), "the quick brown fox jumps over the lazy dog")
                            : err.code == ERR_CORRUPT && got.len == 0);
    }
}

static void what_is_no_head_is_refused(void **state)
{
    (void)state;
    struct log_block block;
    assert_int_equal(log_block_add(&stored, 5, SPAN_LIT("x\n"), NULL), 0);
    assert_false(log_block_head(span_head(str_span(&stored), LOG_BLOCK_HEAD_BYTES - 1), &block));
    stored.buf[4 + 4 + 4] = 9; /* more lines than bytes */
    assert_false(log_block_head(str_span(&stored), &block));
    stored.buf[0] = 'x';
    assert_false(log_block_head(str_span(&stored), &block));
    assert_int_equal(log_block_add(&stored, 0, (struct span){ 0 }, NULL), -1);
}

static void each_number_of_a_head_is_looked_at(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned char byte;
    } wrong[] = {
        { 4, 0 },    /* nothing stored */
        { 7, 1 },    /* 16 MiB of it */
        { 8, 0 },    /* nothing in it */
        { 11, 1 },   /* 16 MiB in it */
        { 23, 128 }, /* before the log's start */
    };
    struct log_block block;
    assert_int_equal(log_block_add(&stored, 5, SPAN_LIT("x"), NULL), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char right = stored.buf[wrong[i].at];
        stored.buf[wrong[i].at] = (char)wrong[i].byte;
        assert_false(log_block_head(str_span(&stored), &block));
        stored.buf[wrong[i].at] = right;
        assert_true(log_block_head(str_span(&stored), &block));
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static char zeros[LOG_BLOCK_BYTES + 1];
    struct log_block block;
    auto_str struct str tight = STR_MAX(LOG_BLOCK_HEAD_BYTES), got = STR_MAX(LOG_BLOCK_BYTES);
    assert_int_equal(log_block_add(&stored, 0, (struct span){ zeros, sizeof(zeros) }, NULL), -1);
    assert_int_equal(log_block_add(&tight, 0, SPAN_LIT("x"), NULL), -1);
    assert_int_equal(log_block_add(&stored, 0, SPAN_LIT("x"), NULL), 0);
    assert_true(log_block_head(str_span(&stored), &block));
    block.raw++; /* the head says another length than what is in it */
    assert_int_equal(
        log_block_inflate(&block, span_skip(str_span(&stored), LOG_BLOCK_HEAD_BYTES), &got, NULL), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_block_comes_back_as_it_was),       TEST(the_largest_block_of_noise_still_fits),
        TEST(a_changed_byte_is_noticed),          TEST(what_is_no_head_is_refused),
        TEST(each_number_of_a_head_is_looked_at), TEST(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
