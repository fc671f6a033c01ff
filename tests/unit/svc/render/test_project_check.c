/* What every submit would refuse is told before one is tried. */
#include "svc/render/project_check.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static char *said_of(const char *text)
{
    auto_errs struct errs errs = { 0 };
    auto_str struct str said = STR_MAX(65536);
    int rc = project_check("p.yaml", span_of(text), &errs);
    errs_text(&errs, &said);
    assert_int_equal(rc<0, errs.count> 0);
    return str_steal(&said);
}

static void faults_of_a_submit_are_told_with_their_place(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "command: [a]\nshell: b\n", "p.yaml:2:8: shell: excludes command" },
        { "resources:\n  cpus: 4\n  cpus_per_gpu: 2\n", "p.yaml:3:17: resources.cpus_per_gpu: excludes" },
        { "resources: {gpus: 0, mem_per_gpu: 2G}\n", "resources.mem_per_gpu: is per GPU" },
        { "slurm: {array: foo}\n", "p.yaml:1:16: slurm.array: --array: expected array indices" },
        { "slurm: {extra: {nope: 1}}\n", "p.yaml:1:23: slurm.extra.nope: sbatch option --nope is not known" },
        { "notify: {when: [failed, nonsense]}\n", "p.yaml:1:16: notify.when: nonsense is no occasion" },
        { "links: {g: \"ftp://x\"}\n", "p.yaml:1:12: links.g: is no address" },
        { "env: {activate: conda}\n", "p.yaml:1:17: env.activate: needs conda_env" },
        { "params:\n  lr: {type: float, min: 3, max: 1}\n", "p.yaml:2:7: params.lr: min 3 is above max 1" },
        { "profiles:\n  big: {slurm: {array: foo}}\n", "p.yaml:2:24: slurm.array" },
        { "clusters:\n  alder: {slurm: {array: foo}}\n", "p.yaml:2:26: slurm.array" },
        { "gpus: 1\n", "p.yaml:1:1: gpus: unknown key" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_free char *said = said_of(cases[i].text);
        if (!strstr(said, cases[i].said))
            fail_msg("of %s it says\n%s", cases[i].text, said);
        assert_ptr_equal(strchr(said, '\n'), strrchr(said, '\n')); /* each once */
    }
}

static void what_an_overlay_or_a_cluster_puts_right_is_no_fault(void **state)
{
    static const char *const texts[] = {
        "",
        "env: {activate: conda}\nclusters: {alder: {conda_env: x}}\n",
        "resources: {gpus: 0, cpus_per_gpu: 4}\nprofiles: {big: {resources: {gpus: 2}}}\n",
        "profiles: {a: {env: {activate: conda}}}\nclusters: {alder: {conda_env: x}}\n",
        "resources: {gpu_mem: 80G}\n",
        "resources: {gpu_type: h100}\nslurm: {partition: gpu, array: 0-3%2}\n",
        "notify: {to: [somebody], when: [verdict:gpu_oom, failed]}\n",
        "template: own.sh\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        auto_free char *said = said_of(texts[i]);
        assert_string_equal(said, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_a_submit_are_told_with_their_place),
        cmocka_unit_test(what_an_overlay_or_a_cluster_puts_right_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
