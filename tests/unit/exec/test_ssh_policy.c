#include "exec/ssh_policy.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const struct err offline = { ERR_OFFLINE, "no route" };
static const struct err denied = { ERR_AUTH, "refused" };

static bool may(struct ssh_policy *p, int64_t now_s, bool urgent)
{
    struct err err;
    return ssh_policy_may_try(p, now_s * US_PER_S, urgent, &err);
}

static void failing(struct ssh_policy *p, int64_t now_s)
{
    ssh_policy_try(p, now_s * US_PER_S);
    ssh_policy_down(p, now_s * US_PER_S, &offline, false, 250);
}

static void failures_back_off_from_2_s_to_5_min(void **state)
{
    (void)state;
    struct ssh_policy p;
    ssh_policy_init(&p, 20);
    int64_t now_s = 1000, waits[] = { 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
    for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
        assert_true(may(&p, now_s, false));
        failing(&p, now_s);
        assert_false(may(&p, now_s + waits[i] - 1, false));
        now_s += waits[i];
    }
    assert_int_equal(p.login_failures, 0); /* nobody was reached who could refuse one */
    ssh_policy_forget(&p);
    failing(&p, now_s);
    assert_true(may(&p, now_s + 2, false));
}

static void jitter_is_a_quarter_either_way(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 2000; random += 100) {
        struct ssh_policy p;
        ssh_policy_init(&p, 20);
        ssh_policy_down(&p, 0, &offline, false, random);
        assert_in_range(p.next_try_us, 1500000, 2500000);
    }
}

static void a_refusal_stops_everything_until_it_is_forgotten(void **state)
{
    (void)state;
    struct ssh_policy p;
    struct err err = { 0 };
    ssh_policy_init(&p, 20);
    ssh_policy_try(&p, 0);
    ssh_policy_down(&p, US_PER_S, &denied, true, 0);
    assert_int_equal(p.login_failures, 1);
    assert_false(may(&p, 100000, true));
    assert_false(ssh_policy_may_try(&p, 1, false, &err));
    assert_int_equal(err.code, ERR_AUTH);
    assert_non_null(strstr(err.text, "until reconnect"));
    ssh_policy_forget(&p);
    assert_true(may(&p, 1, false));
}

static void an_urgent_run_goes_through_the_back_off_but_not_at_once(void **state)
{
    (void)state;
    struct ssh_policy p;
    ssh_policy_init(&p, 20);
    for (int i = 0; i < 6; i++)
        failing(&p, 1000);
    assert_false(may(&p, 1010, false));
    assert_false(may(&p, 1001, true));
    assert_true(may(&p, 1002, true));
}

static void a_stable_connection_that_breaks_comes_back_at_once(void **state)
{
    (void)state;
    struct ssh_policy p;
    ssh_policy_init(&p, 20);
    ssh_policy_up(&p, 1000 * US_PER_S);
    ssh_policy_down(&p, 1100 * US_PER_S, &offline, true, 0);
    assert_true(may(&p, 1100, false));
    ssh_policy_up(&p, 1100 * US_PER_S); /* breaks at once: comes back once, then backs off */
    ssh_policy_down(&p, 1101 * US_PER_S, &offline, true, 0);
    assert_true(may(&p, 1101, false));
    ssh_policy_up(&p, 1101 * US_PER_S);
    ssh_policy_down(&p, 1102 * US_PER_S, &offline, true, 0);
    assert_false(may(&p, 1103, false));
}

static void the_budget_holds_back_all_but_urgent_ones(void **state)
{
    (void)state;
    struct ssh_policy p;
    struct err err = { 0 };
    ssh_policy_init(&p, 3);
    for (int i = 0; i < 3; i++) {
        ssh_policy_up(&p, (1000 + i * 100) * US_PER_S);
        ssh_policy_down(&p, (1050 + i * 100) * US_PER_S, &offline, true, 0);
    }
    assert_false(ssh_policy_may_try(&p, 2000 * US_PER_S, false, &err));
    assert_int_equal(err.code, ERR_BUSY);
    assert_true(may(&p, 2000, true));
    assert_true(may(&p, 1000 + 3600, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_back_off_from_2_s_to_5_min),
        cmocka_unit_test(jitter_is_a_quarter_either_way),
        cmocka_unit_test(a_refusal_stops_everything_until_it_is_forgotten),
        cmocka_unit_test(an_urgent_run_goes_through_the_back_off_but_not_at_once),
        cmocka_unit_test(a_stable_connection_that_breaks_comes_back_at_once),
        cmocka_unit_test(the_budget_holds_back_all_but_urgent_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
