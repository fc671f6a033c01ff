/* Covers: slurm/budgets. */
#include "slurm/budgets.h"

#include "base/str.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool is(struct span span, const char *text)
{
    return span_is(span, text);
}

static void what_is_allowed_and_used_is_read(void **state)
{
    static const char text[] =
        "Current Association Manager state\nAssociation Records\n"
        "ClusterName=bed Account=ml UserName= Partition= ID=3 GrpJobs=N(0) GrpTRES=cpu=N(0),gres/gpu=10(4),"
        "gres/gpu:a100=2(4) GrpTRESMins=cpu=N(0),gres/gpu=6000(125),gres/gpu:a100=N(0) MaxJobs=\n"
        "ClusterName=bed Account=ml UserName=ada(1008) Partition=gpu GrpTRES=gres/gpu=N(4) "
        "GrpTRESMins=gres/gpu=60(61)\n"
        "ClusterName=bed Account=free UserName= GrpTRES=gres/gpu=N(4) GrpTRESMins=cpu=7(1)\n"
        "QOS Records\nQOS=small(5) UsageRaw=0.0 GrpTRES=gres/gpu=N(0) GrpTRESMins=gres/gpu=120(0) "
        "MaxWallPJ=\n"
        "ClusterName=bed UserName=nobody GrpTRES=gres/gpu=1(0)\n";
    auto_slurm_budgets struct slurm_budgets budgets = { 0 };
    (void)state;
    assert_int_equal(slurm_parse_budgets(span_of(text), &budgets, NULL), 0);
    assert_int_equal(budgets.count, 3);
    const struct slurm_budget *all = &budgets.rows[0], *mine = &budgets.rows[1], *qos = &budgets.rows[2];
    assert_true(is(all->account, "ml") && !all->user.len && !all->qos.len);
    assert_int_equal(all->gpus, 10);
    assert_int_equal(all->gpus_in_use, 4);
    assert_int_equal(all->gpu_minutes, 6000);
    assert_int_equal(all->gpu_minutes_used, 125);
    assert_true(is(mine->user, "ada") && is(mine->partition, "gpu"));
    assert_int_equal(mine->gpus, SLURM_UNLIMITED);
    assert_int_equal(mine->gpu_minutes_used, 61);
    assert_true(is(qos->qos, "small") && !qos->account.len);
    assert_int_equal(qos->gpu_minutes, 120);
}

static void what_slurm_says_is_read(void **state)
{
    auto_str struct str text = sample_read("scontrol-assoc-mgr.out");
    auto_slurm_budgets struct slurm_budgets budgets = { 0 };
    (void)state;
    assert_int_equal(slurm_parse_budgets(str_span(&text), &budgets, NULL), 0);
    assert_int_equal(budgets.count, 2);
    assert_true(is(budgets.rows[0].account, "ml"));
    assert_int_equal(budgets.rows[0].gpus, 10);
    assert_int_equal(budgets.rows[0].gpu_minutes, 6000);
    assert_true(is(budgets.rows[1].qos, "gpu4"));
    assert_int_equal(budgets.rows[1].gpu_minutes, 120);
}

static void what_is_no_number_is_no_limit(void **state)
{
    auto_slurm_budgets struct slurm_budgets budgets = { 0 };
    (void)state;
    assert_int_equal(slurm_parse_budgets(
                         span_of("QOS=a(1) GrpTRES=gres/gpu= GrpTRESMins=gres/gpu=99999999999999999999(1)\n"
                                 "QOS=b GrpTRES=gres/gpu=9223372036854775808(2) GrpTRESMins\nQOS\n"
                                 "QOS=c(2) GrpTRES=gres/gpu=3\n"
                                 "QOS=d(2) GrpTRES=gres/gpu=3(9223372036854775808)\n"),
                         &budgets, NULL),
                     0);
    assert_int_equal(budgets.count, 2);
    assert_int_equal(budgets.rows[0].gpus, 3);
    assert_int_equal(budgets.rows[0].gpus_in_use, 0);
    assert_int_equal(budgets.rows[1].gpus_in_use, 0);
}

static void a_list_without_end_is_refused(void **state)
{
    auto_str struct str text = STR_MAX((size_t)1 << 20);
    auto_slurm_budgets struct slurm_budgets budgets = { 0 };
    struct err err;
    (void)state;
    for (int i = 0; i <= MAX_BUDGET_ROWS; i++)
        str_add(&text, "QOS=q GrpTRES=gres/gpu=1(0)\n");
    assert_int_equal(slurm_parse_budgets(str_span(&text), &budgets, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allowed_and_used_is_read),
        cmocka_unit_test(what_slurm_says_is_read),
        cmocka_unit_test(what_is_no_number_is_no_limit),
        cmocka_unit_test(a_list_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
