#include "svc/cluster/gpus_table.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S(text) SPAN_LIT(text)

static const struct span both[] = { { "gpu", 3 }, { "all", 3 } };
static const struct seen_gpus a100_2_of_8[] = { { { "a100", 4 }, 8, 2 } };
static const struct seen_gpus a100_free[] = { { { "a100", 4 }, 8, 0 } };
static const struct seen_gpus mixed[] = { { { "rtx2080", 7 }, 2, 1 }, { { "gtx1080", 7 }, 2, 0 } };

static const struct seen_node nodes[] = {
    { .name = { "n1", 2 },
      .partitions = both,
      .partition_count = 2,
      .accepts_work = true,
      .gpus = a100_2_of_8,
      .gpu_count = 1 },
    { .name = { "n2", 2 },
      .partitions = both,
      .partition_count = 1,
      .accepts_work = true,
      .gpus = a100_free,
      .gpu_count = 1 },
    { .name = { "n3", 2 },
      .partitions = both,
      .partition_count = 1,
      .accepts_work = false,
      .gpus = a100_2_of_8,
      .gpu_count = 1 },
    { .name = { "n4", 2 },
      .partitions = both,
      .partition_count = 1,
      .accepts_work = true,
      .gpus = mixed,
      .gpu_count = 2 },
};

static struct gpu_table table_of(const struct cluster_config *config, const struct seen_demand *demand,
                                 size_t n)
{
    struct gpu_table table = { 0 };
    struct tick_report report = {
        .nodes_ok = true, .nodes = nodes, .node_count = ARRAY_LEN(nodes), .demand = demand, .demand_count = n
    };
    gpu_table_build(&table, config, &report);
    return table;
}

static const struct gpu_row *row_of(const struct gpu_table *table, const char *partition, const char *type)
{
    for (size_t i = 0; i < table->count; i++)
        if (span_is(span_of(partition), table->rows[i].partition) &&
            span_is(span_of(type), table->rows[i].type))
            return &table->rows[i];
    return NULL;
}

static void free_gpus_are_configured_minus_allocated_on_nodes_that_accept_work(void **state)
{
    (void)state;
    struct cluster_config config = { 0 };
    struct gpu_table table = table_of(&config, NULL, 0);
    const struct gpu_row *row = row_of(&table, "gpu", "a100");
    assert_int_equal(row->total, 24);
    assert_int_equal(row->in_use, 4);
    assert_int_equal(row->down, 6);
    assert_int_equal(row->nodes_total, 3);
    assert_int_equal(row->whole_nodes_free, 1);
    assert_int_equal(row_of(&table, "all", "a100")->total, 8);
    auto_str struct str text = STR_MAX(65536);
    struct json_out out = { .to = &text };
    json_open_array(&out);
    gpu_table_json(&table, &(struct gpu_view){ "alder", 1700000000000000, false }, &out);
    json_close_array(&out);
    assert_true(span_has(str_span(&text), "\"type\":\"a100\",\"total\":24,\"free\":14,\"in_use\":4"));
    gpu_table_clear(&table);
}

static void types_and_partitions_that_are_not_allowed_are_left_out(void **state)
{
    (void)state;
    struct cluster_config config = { 0 };
    strs_push(&config.allowed_gpu_types, "rtx2080");
    strs_push(&config.allowed_partitions, "gpu");
    struct gpu_table table = table_of(&config, NULL, 0);
    assert_int_equal(table.count, 1);
    assert_string_equal(table.rows[0].type, "rtx2080");
    gpu_table_clear(&table);
    strs_clear(&config.allowed_gpu_types);
    strs_clear(&config.allowed_partitions);
}

static void pending_demand_without_a_type_counts_for_each_type(void **state)
{
    (void)state;
    struct cluster_config config = { 0 };
    struct seen_demand demand[] = { { S("gpu"), S("a100"), 4, 1 }, { S("gpu"), S(""), 2, 1 } };
    struct gpu_table table = table_of(&config, demand, 2);
    assert_int_equal(row_of(&table, "gpu", "a100")->pending, 6);
    assert_int_equal(row_of(&table, "gpu", "rtx2080")->pending, 2);
    assert_int_equal(row_of(&table, "all", "a100")->pending, 0);
    gpu_table_clear(&table);
}

static void the_queue_of_a_partition_counts_jobs_and_their_gpus(void **state)
{
    (void)state;
    struct cluster_config config = { 0 };
    struct seen_demand demand[] = { { S("gpu"), S("a100"), 4, 2 },
                                    { S("gpu"), S("h100"), 2, 0 },
                                    { S("cpu"), S(""), 0, 7 } };
    struct gpu_table table = table_of(&config, demand, 3);
    auto_str struct str text = STR_MAX(1000);
    struct json_out out = { .to = &text };
    gpu_table_queues_json(&table, &out);
    assert_string_equal(
        str_text(&text),
        "[{\"partition\":\"gpu\",\"jobs\":2,\"gpus\":6},{\"partition\":\"cpu\",\"jobs\":7,\"gpus\":0}]");
    assert_int_equal(gpu_table_place(&table, "gpu", NULL).waiting_gpus, 6);
    assert_int_equal(gpu_table_place(&table, "cpu", "a100").waiting_jobs, 7);
    assert_int_equal(gpu_table_place(&table, "none", NULL).waiting_jobs, 0);
    struct gpu_place one = gpu_table_place(&table, "gpu", "a100"), all = gpu_table_place(&table, "gpu", NULL);
    assert_true(one.total > 0 && one.free > 0 && one.free < one.total && all.total > one.total);
    gpu_table_clear(&table);
}

static void add_mine(struct gpu_table *table, const char *partition, const char *type, const char *node_list,
                     int64_t gpus)
{
    gpu_table_add_mine(table, &(struct gpu_held){ partition, type, node_list, gpus, 1 });
}

static void a_job_that_named_no_type_counts_by_its_nodes(void **state)
{
    (void)state;
    struct cluster_config config = { 0 };
    struct gpu_table table = table_of(&config, NULL, 0);
    add_mine(&table, "gpu", NULL, "n[1-2]", 3);
    assert_int_equal(row_of(&table, "gpu", "a100")->mine, 6);
    add_mine(&table, "all", NULL, NULL, 1); /* one type in all of that partition */
    assert_int_equal(row_of(&table, "all", "a100")->mine, 1);
    gpu_table_clear(&table);
}

static void mine_is_counted_only_where_the_row_is_certain(void **state)
{
    (void)state;
    struct cluster_config config = { 0 };
    struct gpu_table table = table_of(&config, NULL, 0);
    add_mine(&table, "gpu", "a100", NULL, 2);
    add_mine(&table, "gpu", NULL, NULL, 4);
    add_mine(&table, "gpu", NULL, "n4", 4); /* two types on it */
    add_mine(&table, "gpu", NULL, "gone", 4);
    add_mine(&table, "gpu", NULL, "n[", 4);
    assert_int_equal(row_of(&table, "gpu", "a100")->mine, 2);
    assert_int_equal(row_of(&table, "gpu", "rtx2080")->mine, 0);
    gpu_table_reset_mine(&table);
    assert_int_equal(row_of(&table, "gpu", "a100")->mine, 0);
    gpu_table_clear(&table);
}

static void the_largest_node_of_a_partition_is_known(void **state)
{
    (void)state;
    static const struct seen_node sizes[] = {
        { .name = { "s", 1 },
          .partitions = both,
          .partition_count = 2,
          .cpus = 8,
          .mem_mb = 100,
          .gpus = mixed,
          .gpu_count = 2 },
        { .name = { "l", 1 }, .partitions = both, .partition_count = 1, .cpus = 64, .mem_mb = 900 },
    };
    struct tick_report report = { .nodes_ok = true, .nodes = sizes, .node_count = ARRAY_LEN(sizes) };
    struct cluster_config config = { 0 };
    struct gpu_table table = { 0 };
    gpu_table_build(&table, &config, &report);
    assert_string_equal(gpu_table_largest(&table, "gpu")->name, "l");
    assert_string_equal(gpu_table_largest(&table, "all")->name, "s");
    assert_int_equal(gpu_table_largest(&table, "all")->gpu_count, 4);
    assert_string_equal(gpu_table_largest(&table, NULL)->name, "l");
    assert_null(gpu_table_largest(&table, "none"));
    gpu_table_clear(&table);
}

static void a_partitions_own_list_of_types_narrows_it(void **state)
{
    (void)state;
    char *types[] = { (char *)"rtx2080" };
    struct cluster_partition said = { .name = (char *)"gpu", .gpu_types = { .items = types, .count = 1 } };
    struct cluster_config config = { .partitions = &said, .partition_count = 1 };
    struct gpu_table table = table_of(&config, NULL, 0);
    assert_null(row_of(&table, "gpu", "a100"));
    assert_non_null(row_of(&table, "gpu", "rtx2080"));
    assert_non_null(row_of(&table, "all", "a100"));
    gpu_table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_gpus_are_configured_minus_allocated_on_nodes_that_accept_work),
        cmocka_unit_test(types_and_partitions_that_are_not_allowed_are_left_out),
        cmocka_unit_test(pending_demand_without_a_type_counts_for_each_type),
        cmocka_unit_test(the_queue_of_a_partition_counts_jobs_and_their_gpus),
        cmocka_unit_test(mine_is_counted_only_where_the_row_is_certain),
        cmocka_unit_test(a_job_that_named_no_type_counts_by_its_nodes),
        cmocka_unit_test(the_largest_node_of_a_partition_is_known),
        cmocka_unit_test(a_partitions_own_list_of_types_narrows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
