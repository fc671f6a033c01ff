#include "slurm/nodes.h"

#include "sample.h"

static const struct slurm_node *find(const struct slurm_nodes *nodes, const char *name)
{
    for (size_t i = 0; i < nodes->count; i++)
        if (span_is(nodes->nodes[i].name, name))
            return &nodes->nodes[i];
    fail_msg("no node %s", name);
    return NULL;
}

static void a_real_list_of_nodes_is_read(void **state)
{
    (void)state;
    auto_str struct str text = sample_read("t1-running.scontrol-node-o.out");
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    assert_int_equal(slurm_parse_nodes(str_span(&text), &nodes, NULL), 0);
    assert_int_equal(nodes.count, 5);
    assert_int_equal(nodes.rejected, 0);
    const struct slurm_node *node = find(&nodes, "gpu01");
    assert_span(node->state, "MIXED");
    assert_span(node->partitions, "gpu,debug");
    assert_span(node->features, "gpu,a100");
    assert_true(node->accepts);
    assert_int_equal(node->cpus, 32);
    assert_int_equal(node->cpus_used, 1);
    assert_int_equal(node->mem_bytes, UINT64_C(128000) << 20);
    assert_int_equal(node->gpu_count, 1);
    assert_span(node->gpus[0].type, "a100");
    assert_int_equal(node->gpus[0].total, 8);
    assert_int_equal(node->gpus[0].used, 8);
    assert_int_equal(slurm_node_gpu_free(node, &node->gpus[0]), 0);
    assert_int_equal(find(&nodes, "cpu01")->gpu_count, 0);
}

static void every_sample_is_understood_whole(void **state)
{
    (void)state;
    static const char *const names[] = { "t2-after.scontrol-node-o.out", "t3-end.scontrol-node-o.out" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        auto_str struct str text = sample_read(names[i]);
        auto_slurm_nodes struct slurm_nodes nodes = { 0 };
        assert_int_equal(slurm_parse_nodes(str_span(&text), &nodes, NULL), 0);
        assert_int_equal(nodes.count, 5);
        assert_int_equal(nodes.rejected, 0);
    }
}

struct node_case {
    const char *line;
    const char *type;
    uint32_t total, used, free;
};

static void counts_come_from_the_source_that_knows_most(void **state)
{
    (void)state;
    static const struct node_case cases[] = {
        { "NodeName=n State=IDLE Gres=gpu:a100:4 CfgTRES=cpu=1,gres/gpu=4 AllocTRES=gres/gpu=1", "a100", 4, 1,
          3 },
        { "NodeName=n State=IDLE Gres=gpu:4 CfgTRES=gres/gpu=4 AllocTRES=", "", 4, 0, 4 },
        { "NodeName=n State=MIXED Gres=gpu:a100:4 GresUsed=gpu:a100:2(IDX:0-1) CfgTRES=cpu=1", "a100", 4, 2,
          2 },
        { "NodeName=n State=MIXED+DRAIN Gres=gpu:a100:4 CfgTRES=gres/gpu:a100=4 AllocTRES=gres/gpu:a100=1",
          "a100", 4, 1, 0 },
        { "NodeName=n State=IDLE Gres=gpu:a:2,gpu:b:2 GresUsed=gpu:a:0(IDX:N/A),gpu:b:2(IDX:0-1) "
          "CfgTRES=gres/gpu=4 AllocTRES=gres/gpu=2",
          "a", 2, 0, 2 },
        { "NodeName=n State=IDLE Gres=gpu:a:2,gpu:b:2 CfgTRES=gres/gpu=4 AllocTRES=gres/gpu=3", "a", 2, 2,
          0 },
        { "NodeName=n State=MIXED Gres=gpu:a:2 CfgTRES=gres/gpu:a=2 AllocTRES=gres/gpu:a=9", "a", 2, 9, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_slurm_nodes struct slurm_nodes nodes = { 0 };
        assert_int_equal(slurm_parse_nodes(span_of(cases[i].line), &nodes, NULL), 0);
        assert_int_equal(nodes.count, 1);
        const struct slurm_node *node = &nodes.nodes[0];
        assert_span(node->gpus[0].type, cases[i].type);
        assert_int_equal(node->gpus[0].total, cases[i].total);
        assert_int_equal(node->gpus[0].used, cases[i].used);
        assert_int_equal(slurm_node_gpu_free(node, &node->gpus[0]), cases[i].free);
    }
}

static void a_reason_cannot_change_what_slurm_says(void **state)
{
    (void)state;
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    const char *line = "NodeName=n OS=Linux 6.1 #1 SMP State=DOWN Gres=(null) CfgTRES=cpu=1 AllocTRES= "
                       "Reason=Not responding State=IDLE GresUsed=gpu:9 [root@2026]";
    assert_int_equal(slurm_parse_nodes(span_of(line), &nodes, NULL), 0);
    assert_span(nodes.nodes[0].state, "DOWN");
    assert_int_equal(nodes.nodes[0].gpu_count, 0);
    assert_span(nodes.nodes[0].reason, "Not responding State=IDLE GresUsed=gpu:9 [root@2026]");
}

static void a_whole_free_node_has_all_its_gpus_free(void **state)
{
    (void)state;
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    const char *text = "NodeName=a State=IDLE CfgTRES=gres/gpu=4\n"
                       "NodeName=b State=MIXED CfgTRES=gres/gpu=4 AllocTRES=gres/gpu=1\n"
                       "NodeName=c State=IDLE+DRAIN CfgTRES=gres/gpu=4\n"
                       "NodeName=d State=IDLE CfgTRES=cpu=4\n";
    assert_int_equal(slurm_parse_nodes(span_of(text), &nodes, NULL), 0);
    assert_true(slurm_node_is_whole(&nodes.nodes[0]));
    for (int i = 1; i < 4; i++)
        assert_false(slurm_node_is_whole(&nodes.nodes[i]));
}

static void lines_that_are_no_nodes_are_counted(void **state)
{
    (void)state;
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    const char *text =
        "slurm_load_node error: x\nNodeName=a State=IDLE CfgTRES=gres/gpu=x\n\nNodeName=b State=IDLE\n";
    assert_int_equal(slurm_parse_nodes(span_of(text), &nodes, NULL), 0);
    assert_int_equal(nodes.count, 1);
    assert_int_equal(nodes.rejected, 2);
}

static void the_command_is_scontrols(void **state)
{
    (void)state;
    auto_str struct str sh = STR_MAX(1000);
    struct err err;
    assert_int_equal(nodes_command(&sh, "/opt/s", "c1", &err), 0);
    assert_string_equal(str_text(&sh), "LC_ALL=C SLURM_TIME_FORMAT=%s /opt/s/scontrol -M c1 show node -d -o");
    assert_int_equal(nodes_command(&sh, "x", NULL, &err), -1);
    assert_int_equal(nodes_command(&sh, NULL, ";", &err), -1);
}

static void read_any(struct span text)
{
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    (void)slurm_parse_nodes(text, &nodes, NULL);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    auto_str struct str text = sample_read("t1-running.scontrol-node-o.out");
    sample_torture(str_span(&text), 1000, read_any);
}

static void read_nodes(const char *text, struct slurm_nodes *nodes)
{
    assert_int_equal(slurm_parse_nodes(span_of(text), nodes, NULL), 0);
}

static void counts_that_are_none_make_no_node(void **state)
{
    (void)state;
    static const char *const keys[] = { "CfgTRES=gres/gpu=x", "Gres=gpu:a:x", "AllocTRES=gres/gpu=x",
                                        "GresUsed=gpu:a:x" };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        auto_slurm_nodes struct slurm_nodes nodes = { 0 };
        auto_str struct str line = STR_MAX(200);
        str_addf(&line, "NodeName=n1 State=IDLE %s\n\nNodeName=n2 State=IDLE Reason=x\n", keys[i]);
        read_nodes(str_text(&line), &nodes);
        assert_int_equal(nodes.rejected, 1);
        assert_non_null(strstr(nodes.reject, "GPUs"));
        assert_int_equal(nodes.count, 1);
        assert_span(nodes.nodes[0].reason, "x");
    }
}

/* A GPU gone from the configuration while its jobs run: what is used of no known type fills only free room.
 */
static void use_beyond_the_total_leaves_nothing_free_and_wraps_nowhere(void **state)
{
    (void)state;
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    read_nodes(
        "NodeName=n1 State=MIXED CfgTRES=gres/gpu:a=1,gres/gpu:b=2 AllocTRES=gres/gpu:a=2,gres/gpu:c=1",
        &nodes);
    assert_int_equal(nodes.nodes[0].gpus[0].used, 2);
    assert_int_equal(nodes.nodes[0].gpus[1].used, 1);
}

static void a_cluster_without_end_is_refused(void **state)
{
    (void)state;
    auto_slurm_nodes struct slurm_nodes nodes = { 0 };
    auto_str struct str text = STR_MAX((size_t)8 << 20);
    struct err err;
    for (int i = 0; i <= MAX_NODES; i++)
        str_addf(&text, "NodeName=n%d State=IDLE\n", i);
    assert_int_equal(slurm_parse_nodes(str_span(&text), &nodes, &err), -1);
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_null(nodes.nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_list_of_nodes_is_read),
        cmocka_unit_test(every_sample_is_understood_whole),
        cmocka_unit_test(counts_come_from_the_source_that_knows_most),
        cmocka_unit_test(a_reason_cannot_change_what_slurm_says),
        cmocka_unit_test(a_whole_free_node_has_all_its_gpus_free),
        cmocka_unit_test(lines_that_are_no_nodes_are_counted),
        cmocka_unit_test(the_command_is_scontrols),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(counts_that_are_none_make_no_node),
        cmocka_unit_test(use_beyond_the_total_leaves_nothing_free_and_wraps_nowhere),
        cmocka_unit_test(a_cluster_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
