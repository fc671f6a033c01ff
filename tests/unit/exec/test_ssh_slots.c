#include "exec/ssh_slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static unsigned retries;

static void on_retry(void *ctx)
{
    (void)ctx;
    retries++;
}

static void a_refusal_teaches_the_limit_and_is_asked_again(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct ssh_slots s;
    retries = 0;
    ssh_slots_init(&s, loop, 4, on_retry, NULL);
    assert_true(ssh_slots_may_open(&s, 3));
    assert_false(ssh_slots_may_open(&s, 4));
    ssh_slots_refused(&s, 2);
    assert_int_equal(s.limit, 2);
    assert_false(ssh_slots_may_open(&s, 0)); /* not at once */
    while (!retries)
        loop_step(loop);
    assert_true(ssh_slots_may_open(&s, 1));
    assert_false(ssh_slots_may_open(&s, 2));
    s.limit_until_ms = loop_now_ms(loop) - 1;
    assert_true(ssh_slots_may_open(&s, 3)); /* it is doubted */
    ssh_slots_clear(&s);
    loop_free(loop);
}

static void refusals_are_asked_about_ever_less_often(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct ssh_slots s;
    ssh_slots_init(&s, loop, 4, on_retry, NULL);
    for (int64_t want = 20; want < 1000; want *= 2) {
        ssh_slots_refused(&s, 0);
        assert_int_equal(s.retry_wait_ms, want);
    }
    ssh_slots_refused(&s, 0);
    assert_int_equal(s.retry_wait_ms, 1000);
    assert_int_equal(s.limit, 1); /* never none */
    ssh_slots_opened(&s);
    ssh_slots_refused(&s, 3);
    assert_int_equal(s.retry_wait_ms, 20);
    ssh_slots_lost(&s);
    ssh_slots_connected(&s);
    assert_true(ssh_slots_may_open(&s, 3));
    ssh_slots_clear(&s);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_teaches_the_limit_and_is_asked_again),
        cmocka_unit_test(refusals_are_asked_about_ever_less_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
