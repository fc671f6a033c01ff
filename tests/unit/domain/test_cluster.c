#include "domain/cluster.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct clusters_config *parse(const char *text)
{
    struct clusters_config *clusters = NULL;
    auto_errs struct errs errs = { 0 };
    auto_str struct str said = STR_MAX(65536);
    (void)clusters_config_parse(span_of(text), "clusters.yaml", &clusters, &errs);
    errs_text(&errs, &said);
    assert_string_equal(str_text(&said), "");
    return clusters;
}

static void expect_errors(const char *text, const char *expected)
{
    struct clusters_config *clusters = NULL;
    auto_errs struct errs errs = { 0 };
    auto_str struct str said = STR_MAX(65536);
    assert_int_equal(clusters_config_parse(span_of(text), "clusters.yaml", &clusters, &errs), -1);
    assert_null(clusters);
    errs_text(&errs, &said);
    assert_string_equal(str_text(&said), expected);
}

static void without_a_file_there_is_one_local_cluster(void **state)
{
    (void)state;
    auto_clusters_config struct clusters_config *clusters = parse("# nothing\n");
    assert_int_equal(clusters->count, 1);
    assert_string_equal(clusters->items[0].name, "local");
    assert_int_equal(clusters->items[0].type, CLUSTER_LOCAL);
    assert_string_equal(clusters->items[0].workspace, "~/mlops-jobs");
    assert_int_equal(clusters->items[0].local.gpus, BIND_NONE);
    assert_int_equal(clusters->items[0].poll.active_s, 30);
    assert_string_equal(cluster_scheduler(&clusters->items[0]), "process");
}

static void existing_users_files_load_unchanged(void **state)
{
    (void)state;
    auto_clusters_config struct clusters_config *clusters = parse("clusters:\n"
                                                                  "  - name: my-cluster\n"
                                                                  "    host: alice@login.example.edu\n"
                                                                  "    ssh_key_path: ~/.ssh/id_ed25519\n"
                                                                  "    workspace: /scratch/alice\n"
                                                                  "    conda_env: torch\n"
                                                                  "    gpu_request_style: constraint\n"
                                                                  "    allowed_partitions: [gpu]\n"
                                                                  "    allowed_gpu_types: [a100, v100]\n"
                                                                  "    use_login_shell: true\n"
                                                                  "    requires_vpn: true\n"
                                                                  "    vpn_name: campus\n"
                                                                  "    vpn_url: https://vpn.example.edu\n"
                                                                  "    vpn_password: hunter2\n"
                                                                  "    requires_manual_auth: true\n");
    const struct cluster_config *c = clusters_config_find(clusters, "my-cluster");
    assert_non_null(c);
    assert_string_equal(c->user, "alice");
    assert_string_equal(c->host, "login.example.edu");
    assert_int_equal(c->port, BIND_NONE);
    assert_int_equal(c->gpu_request_style, GPU_CONSTRAINT);
    assert_true(strs_has(&c->allowed_gpu_types, "v100"));
    assert_true(c->use_login_shell && c->requires_vpn && c->requires_manual_auth);
    assert_string_equal(c->connection_instructions, "vpn_name: campus, vpn_url: https://vpn.example.edu");
}

static void defaults_lie_under_every_cluster(void **state)
{
    (void)state;
    auto_clusters_config struct clusters_config *clusters = parse(
        "defaults:\n  poll: {active: 10, gpu: 20}\n  prelude: [module load slurm]\nclusters:\n- name: a\n"
        "  poll: {active: 5}\n- {name: b, prelude: []}\n");
    assert_int_equal(clusters->items[0].poll.active_s, 5);
    assert_int_equal(clusters->items[0].poll.gpu_s, 20);
    assert_int_equal(clusters->items[1].poll.active_s, 10);
    assert_int_equal(clusters->items[0].prelude.count, 1);
    assert_int_equal(clusters->items[1].prelude.count, 0);
}

static void partitions_and_gpus_are_read(void **state)
{
    (void)state;
    auto_clusters_config struct clusters_config *clusters =
        parse("clusters:\n- name: a\n  partitions:\n    short: {max_time: 2h, gpu_types: [a100]}\n"
              "  gpus:\n    a100: {match: [nvidia_a100-sxm4-80gb], mem: 80G, request: a100_80}\n");
    const struct cluster_config *c = &clusters->items[0];
    assert_int_equal(cluster_partition(c, "short")->max_time_s, 7200);
    assert_null(cluster_partition(c, NULL));
    assert_int_equal(cluster_gpu(c, "a100")->mem_bytes, INT64_C(80) << 30);
    assert_string_equal(cluster_gpu(c, "a100")->request, "a100_80");
    assert_true(span_is(cluster_gpu_type(c, SPAN_LIT("nvidia_a100-sxm4-80gb")), "a100"));
    assert_true(span_is(cluster_gpu_type(c, SPAN_LIT("h100")), "h100"));
}

static void mistakes_of_a_list_are_told(void **state)
{
    (void)state;
    expect_errors("clusters:\n- name: a\n- name: a\n",
                  "clusters.yaml:3:9: clusters[1].name: another cluster has this name already\n");
    expect_errors(
        "clusters:\n- name: a\n  type: local\n  host: x\n",
        "clusters.yaml:4:9: clusters[0].host: a cluster of type local is this machine: it has no host "
        "(leave host out, or write type: slurm)\n");
    expect_errors("clusters:\n- host: x\n", "clusters.yaml:2:3: clusters[0]: name is missing\n");
    expect_errors(
        "clusters:\n- name: 'a b'\n  partitons: {}\n  host: -oProxyCommand=x\n",
        "clusters.yaml:2:9: clusters[0].name: expected a string of letters, digits and _ . -, not "
        "beginning with . or -, at most 64 bytes, got \"a b\"\n"
        "clusters.yaml:3:3: clusters[0].partitons: unknown key (did you mean partitions?)\n"
        "clusters.yaml:4:9: clusters[0].host: expected a string like user@login.example.edu or a host "
        "alone, got \"-oProxyCommand=x\"\n");
}

static void all_faults_are_told_at_once(void **state)
{
    (void)state;
    expect_errors(
        "defaults: {host: h}\n"
        "clusters:\n"
        "- {name: a, poll: {active: x}}\n"
        "- {name: a, type: local}\n"
        "- {name: b, type: ssh, host: null}\n"
        "- {name: [], type: {}}\n"
        "notifiers:\n"
        "  n: {type: ntfy}\n",
        "clusters.yaml:1:18: clusters[1].host: a cluster of type local is this machine: it has no host "
        "(leave host out, or write type: slurm)\n"
        "clusters.yaml:3:28: clusters[0].poll.active: expected a whole number from 1 to 3600, got \"x\"\n"
        "clusters.yaml:4:10: clusters[1].name: another cluster has this name already\n"
        "clusters.yaml:5:19: clusters[2].type: a cluster of type ssh needs a host (add host: "
        "[user@]machine, or write type: local)\n"
        "clusters.yaml:6:10: clusters[3].name: expected a string of letters, digits and _ . -, not "
        "beginning with . or -, at most 64 bytes, got a list\n"
        "clusters.yaml:6:20: clusters[3].type: expected one of slurm, local, ssh, got a map\n"
        "clusters.yaml:8:6: notifiers.n.url_secret: must be given for this type of notifier\n");
    expect_errors("clusters: 3\nnotifiers: {n: {type: 3}}\n",
                  "clusters.yaml:1:11: clusters: expected a list of maps, got 3\n"
                  "clusters.yaml:2:23: notifiers.n.type: expected one of slack, discord, webhook, ntfy, "
                  "email, got 3\n");
}

static void what_has_not_come_is_refused(void **state)
{
    (void)state;
    expect_errors(
        "clusters:\n- name: a\n  type: slurm\n  quota_command: quota\n  scratch: null\n",
        "clusters.yaml:4:18: clusters[0].quota_command: not supported yet (leave it out, or at its default "
        "null)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_there_is_one_local_cluster),
        cmocka_unit_test(existing_users_files_load_unchanged),
        cmocka_unit_test(defaults_lie_under_every_cluster),
        cmocka_unit_test(partitions_and_gpus_are_read),
        cmocka_unit_test(mistakes_of_a_list_are_told),
        cmocka_unit_test(all_faults_are_told_at_once),
        cmocka_unit_test(what_has_not_come_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
