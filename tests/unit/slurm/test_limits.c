#include "slurm/limits.h"

#include "shell.h"
#include "slurm/value.h"

static const struct nonce frame_nonce = { "fedcba98765432100123456789abcdeX" };

static void real_partitions_are_read(void **state)
{
    (void)state;
    auto_str struct str text = sample_read("scontrol-partition.out");
    auto_slurm_limits struct slurm_limits limits = { 0 };
    assert_int_equal(slurm_parse_partitions(str_span(&text), &limits, NULL), 0);
    assert_int_equal(limits.partition_count, 5);
    assert_int_equal(limits.rejected, 0);
    const struct slurm_partition *gpu = slurm_partition_find(&limits, span_of("gpu"));
    assert_non_null(gpu);
    assert_true(gpu->is_up && gpu->is_default);
    assert_int_equal(gpu->max_time_s, 2 * 86400);
    assert_int_equal(gpu->default_time_s, 3600);
    assert_int_equal(gpu->max_nodes, SLURM_UNLIMITED);
    assert_int_equal(gpu->total_nodes, 3);
    assert_int_equal(slurm_gpus_total(&gpu->gpus), 20);
    assert_int_equal(gpu->allow_accounts.len, 0);
    const struct slurm_partition *closed = slurm_partition_find(&limits, span_of("closed"));
    assert_false(closed->is_up);
    assert_int_equal(closed->default_time_s, 0);
    const struct slurm_partition *hers = slurm_partition_find(&limits, span_of("private"));
    assert_span(hers->allow_accounts, "nobody");
    assert_false(slurm_list_allows(hers->allow_accounts, span_of("ml")));
    assert_null(slurm_partition_find(&limits, span_of("nosuch")));
}

static void real_associations_are_read(void **state)
{
    (void)state;
    auto_str struct str text = sample_read("sacctmgr-assoc.out");
    auto_slurm_limits struct slurm_limits limits = { 0 };
    assert_int_equal(slurm_parse_assocs(str_span(&text), &limits, NULL), 0);
    assert_int_equal(limits.assoc_count, 2);
    assert_span(limits.assocs[0].account, "ml");
    assert_span(limits.assocs[1].account, "tiny");
    assert_span(limits.assocs[0].default_qos, "normal");
    assert_true(slurm_list_allows(limits.assocs[0].qos, span_of("strict")));
    assert_int_equal(limits.assocs[0].partition.len, 0);
}

static void limits_of_a_qos_are_read(void **state)
{
    (void)state;
    auto_slurm_limits struct slurm_limits limits = { 0 };
    const char *text = "normal|0|||||||\n"
                       "two|0|||||2|2|4\n"
                       "strict|0|DenyOnLimit||00:10:00|gres/gpu=4|gres/gpu=2|2|4\n"
                       "broken|1\n";
    assert_int_equal(slurm_parse_qos(span_of(text), &limits, NULL), 0);
    assert_int_equal(limits.rejected, 1);
    assert_int_equal(limits.qos_count, 3);
    assert_int_equal(limits.qos[0].max_wall_s, SLURM_UNLIMITED);
    const struct slurm_qos *strict = &limits.qos[2];
    assert_span(strict->flags, "DenyOnLimit");
    assert_int_equal(strict->max_wall_s, 600);
    assert_span(strict->max_tres_per_user, "gres/gpu=4");
    assert_span(strict->max_tres_per_job, "gres/gpu=2");
    assert_int_equal(strict->max_submit_per_user, 4);
}

static void a_real_configuration_is_read(void **state)
{
    (void)state;
    auto_str struct str text = sample_read("scontrol-config.out");
    auto_slurm_limits struct slurm_limits limits = { 0 };
    slurm_parse_config(str_span(&text), &limits);
    assert_span(limits.config.version, "22.05.8");
    assert_span(limits.config.cluster, "bed");
    assert_int_equal(limits.config.message_timeout_s, 10);
    assert_int_equal(limits.config.min_job_age_s, 300);
    assert_int_equal(limits.config.max_array_size, 50001);
    assert_true(limits.config.has_accounting);
    assert_true(limits.config.stores_comments);
    assert_false(limits.config.is_enforcing_limits);
}

static void the_program_asks_all_of_it_and_survives_missing_accounting(void **state)
{
    (void)state;
    struct shell shell;
    shell_setup(&shell);
    auto_str struct str config = sample_read("scontrol-config.out");
    auto_str struct str partitions = sample_read("scontrol-partition.out");
    shell_write(&shell, "config", str_text(&config), 0600);
    shell_write(&shell, "partitions", str_text(&partitions), 0600);
    shell_fake(&shell, "scontrol",
               "case \"$*\" in 'show config') cat config;; '-a show partition -o') cat "
               "partitions;; *) exit 9;; esac");
    shell_fake(&shell, "sacctmgr", "echo down >&2; exit 1");
    struct limits_request request = { .frame = &frame_nonce };
    auto_str struct str program = STR_MAX(10000);
    assert_int_equal(limits_program(&program, &request, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_str struct str out = STR_MAX(100000);
        auto_slurm_limits struct slurm_limits limits = { 0 };
        shell_run(&shell, shells[i], str_span(&program), &out);
        assert_int_equal(limits_parse(str_span(&out), &frame_nonce, &limits, NULL), 0);
        assert_int_equal(limits.partition_count, 5);
        assert_int_equal(limits.assoc_count, 0);
        struct err err;
        struct slurm_limits none = { 0 };
        assert_int_equal(limits_parse(span_head(str_span(&out), out.len / 2), &frame_nonce, &none, &err), -1);
        assert_int_equal(err.code, ERR_CORRUPT);
    }
    request.user = "a;b";
    assert_int_equal(limits_program(&program, &request, NULL), -1);
    shell_teardown(&shell);
}

static void read_any(struct span text)
{
    auto_slurm_limits struct slurm_limits limits = { 0 };
    (void)slurm_parse_partitions(text, &limits, NULL);
    (void)slurm_parse_assocs(text, &limits, NULL);
    (void)slurm_parse_qos(text, &limits, NULL);
    slurm_parse_config(text, &limits);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    auto_str struct str text = sample_read("scontrol-partition.out");
    str_add(&text, "bed|ml|mluser||gpu4,high|normal\nSLURM_VERSION = 22.05.8\nKillWait = 2 sec\n");
    sample_torture(str_span(&text), 1000, read_any);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_partitions_are_read),
        cmocka_unit_test(real_associations_are_read),
        cmocka_unit_test(limits_of_a_qos_are_read),
        cmocka_unit_test(a_real_configuration_is_read),
        cmocka_unit_test(the_program_asks_all_of_it_and_survives_missing_accounting),
        cmocka_unit_test(any_bytes_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
