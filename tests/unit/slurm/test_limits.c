#include "slurm/limits.h"

#include "shell.h"
#include "slurm/value.h"
#include "text/frame.h"

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

static void limits_of_an_association_are_read(void **state)
{
    (void)state;
    auto_slurm_limits struct slurm_limits limits = { 0 };
    const char *text = "bed|ml|u|gpu|normal|normal|1-00:00:00|gres/gpu=8,node=2|gres/gpu=32\n"
                       "bed|ml|u||normal|normal|||\n"
                       "bed|ml|u||normal|normal\n";
    assert_int_equal(slurm_parse_assocs(span_of(text), &limits, NULL), 0);
    assert_int_equal(limits.rejected, 1);
    assert_int_equal(limits.assoc_count, 2);
    assert_int_equal(limits.assocs[0].max_wall_s, 86400);
    assert_span(limits.assocs[0].max_tres_per_job, "gres/gpu=8,node=2");
    assert_span(limits.assocs[0].group_tres, "gres/gpu=32");
    assert_int_equal(limits.assocs[1].max_wall_s, SLURM_UNLIMITED);
}

static void limits_of_a_qos_are_read(void **state)
{
    (void)state;
    auto_slurm_limits struct slurm_limits limits = { 0 };
    const char *text = "normal|0||||||||\n"
                       "two|0|||||2|2|4|\n"
                       "strict|0|DenyOnLimit||00:10:00|gres/gpu=4|gres/gpu=2|2|4|gres/gpu=64\n"
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
    assert_span(strict->group_tres, "gres/gpu=64");
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
    str_add(&text, "bed|ml|mluser||gpu4,high|normal|||\nSLURM_VERSION = 22.05.8\nKillWait = 2 sec\n");
    sample_torture(str_span(&text), 1000, read_any);
}

static void lines_that_are_none_are_counted_and_blank_ones_pass(void **state)
{
    (void)state;
    auto_slurm_limits struct slurm_limits limits = { 0 };
    assert_int_equal(
        slurm_parse_partitions(span_of("\nPartitionName=gpu TRES=gres/gpu=x\nPartitionName= State=UP\n"
                                       "PartitionName=a State=UP OverSubscribe TRES\n"),
                               &limits, NULL),
        0);
    assert_int_equal(limits.partition_count, 1);
    assert_int_equal(limits.rejected, 2);
    assert_int_equal(
        slurm_parse_assocs(span_of("\nbed||ada||||||\nbed|ml|ada||normal|normal|||\n"), &limits, NULL), 0);
    assert_int_equal(limits.assoc_count, 1);
    assert_int_equal(limits.rejected, 3);
    assert_int_equal(slurm_parse_qos(span_of("\n|0||||||||\nnormal|0||||||||\n"), &limits, NULL), 0);
    assert_int_equal(limits.qos_count, 1);
    assert_int_equal(limits.rejected, 4);
    assert_true(slurm_list_allows((struct span){ 0 }, span_of("ml")));
}

static void settings_of_a_site_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool has_accounting, is_enforcing;
    } rows[] = { { "AccountingStorageType = accounting_storage/none\nEnforcePartLimits = ANY", false, true },
                 { "AccountingStorageType = accounting_storage/slurmdbd\nEnforcePartLimits = ALL", true,
                   true },
                 { "AccountingStorageType =\nEnforcePartLimits = NO\nno setting", false, false },
                 { "AccountingStorageType = (null)", false, false } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_slurm_limits struct slurm_limits limits = { 0 };
        slurm_parse_config(span_of(rows[i].line), &limits);
        assert_int_equal(limits.config.has_accounting, rows[i].has_accounting);
        assert_int_equal(limits.config.is_enforcing_limits, rows[i].is_enforcing);
    }
}

static void add_rows(struct str *to, const char *before, const char *behind, int count)
{
    for (int i = 0; i < count; i++)
        str_addf(to, "%s%d%s\n", before, i, behind);
}

static void lists_without_end_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before, *behind; /* a row's number */
        int (*parse)(struct span text, struct slurm_limits *limits, struct err *err);
        const char *section;
    } lists[] = { { "PartitionName=p", "", slurm_parse_partitions, "partitions" },
                  { "bed|a", "|ada||||||", slurm_parse_assocs, "assocs" },
                  { "q", "|0||||||||", slurm_parse_qos, "qos" } };
    struct shell shell;
    shell_setup(&shell);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        auto_slurm_limits struct slurm_limits limits = { 0 }, whole = { 0 };
        auto_str struct str text = STR_MAX((size_t)1 << 20), frame = STR_MAX((size_t)2 << 20);
        auto_str struct str program = STR_MAX(10000);
        struct err err;
        add_rows(&text, lists[i].before, lists[i].behind, MAX_LIMIT_ROWS);
        assert_int_equal(lists[i].parse(str_span(&text), &limits, NULL), 0);
        add_rows(&text, lists[i].before, lists[i].behind, 1);
        slurm_limits_clear(&limits);
        assert_int_equal(lists[i].parse(str_span(&text), &limits, &err), -1);
        assert_int_equal(err.code, ERR_TOO_LARGE);
        frame_begin(&program, &frame_nonce);
        frame_section_open(&program, "config");
        str_add(&program, "echo ClusterName = bed\n");
        frame_section_close(&program, "config");
        frame_section_open(&program, lists[i].section);
        str_add(&program, "cat rows\n");
        frame_section_close(&program, lists[i].section);
        frame_end(&program);
        shell_write(&shell, "rows", str_text(&text), 0600);
        assert_int_equal(shell_run(&shell, "dash", str_span(&program), &frame), 0);
        assert_int_equal(limits_parse(str_span(&frame), &frame_nonce, &whole, &err), -1);
        assert_int_equal(err.code, ERR_TOO_LARGE);
    }
    shell_teardown(&shell);
}

static void answers_that_cannot_be_trusted_say_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *frame; /* @ stands for the nonce on a new line */
        enum err_code code;
    } rows[] = {
        { "", ERR_CORRUPT },
        { "@ BEGIN\n@ + config\nClusterName = bed\n@ - other 0\n@ END 0\n", ERR_CORRUPT },
        { "@ BEGIN\n@ + config\n@ - config 0\n@ END 0\n", ERR_OFFLINE },
        { "@ BEGIN\n@ + config\nslurm_load_ctl_conf error\n@ - config 1\n@ END 1\n", ERR_OFFLINE },
        { "@ BEGIN\n@ END 0\n", ERR_OFFLINE },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_str struct str frame = STR_MAX(1000);
        auto_slurm_limits struct slurm_limits limits = { 0 };
        struct err err;
        for (const char *c = rows[i].frame; *c; c++)
            str_addf(&frame, *c == '@' ? "\n%s" : "%.1s", *c == '@' ? frame_nonce.text : c);
        assert_int_equal(limits_parse(str_span(&frame), &frame_nonce, &limits, &err), -1);
        assert_int_equal(err.code, rows[i].code);
    }
}

static void names_stand_in_the_program_or_are_refused(void **state)
{
    (void)state;
    auto_str struct str sh = STR_MAX(10000);
    static const struct limits_request bad[] = {
        { .frame = &frame_nonce, .user = "a b" },
        { .frame = &frame_nonce, .user = "ada", .cluster = "$(id)" },
        { .frame = &frame_nonce, .cluster = "-M" },
        { .frame = &frame_nonce, .bin_dir = "relative" },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err;
        assert_int_equal(limits_program(&sh, &bad[i], &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(sh.len, 0);
    }
    const struct limits_request good = { &frame_nonce, "/opt/slurm/bin", "bed", "ada" };
    assert_int_equal(limits_program(&sh, &good, NULL), 0);
    assert_true(span_has(str_span(&sh), "/opt/slurm/bin/scontrol -M bed show config\n"));
    assert_true(span_has(str_span(&sh), "/opt/slurm/bin/sacctmgr -nP show assoc user=\"$_u\" format="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_partitions_are_read),
        cmocka_unit_test(real_associations_are_read),
        cmocka_unit_test(limits_of_an_association_are_read),
        cmocka_unit_test(limits_of_a_qos_are_read),
        cmocka_unit_test(a_real_configuration_is_read),
        cmocka_unit_test(the_program_asks_all_of_it_and_survives_missing_accounting),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(lines_that_are_none_are_counted_and_blank_ones_pass),
        cmocka_unit_test(settings_of_a_site_are_read),
        cmocka_unit_test(lists_without_end_are_refused),
        cmocka_unit_test(answers_that_cannot_be_trusted_say_nothing),
        cmocka_unit_test(names_stand_in_the_program_or_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
