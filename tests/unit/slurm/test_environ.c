/* Covers: slurm/environ. */
#include "slurm/environ.h"

#include "shell.h"

#include "base/mem.h"

static void what_hides_jobs_is_unset_and_the_rest_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        struct shell shell;
        shell_setup(&shell);
        auto_str struct str program = STR_MAX(10000), out = STR_MAX(10000);
        str_add(
            &program,
            "export SQUEUE_PARTITION=cpu SCANCEL_STATE=PD SLURM_CLUSTERS=b SLURM_CONF=/etc/x SINFO_ALL=1\n");
        slurm_environ_clean(&program);
        str_add(&program,
                "echo \"$SQUEUE_PARTITION|$SCANCEL_STATE|$SLURM_CLUSTERS|$SLURM_CONF|$SINFO_ALL\"\n");
        str_add(&program, "SQUEUE_USERS=me\nreadonly SQUEUE_USERS\n");
        slurm_environ_clean(&program); /* cannot be unset, and ends nothing */
        str_add(&program, "echo on\n");
        shell_run(&shell, shells[i], str_span(&program), &out);
        assert_string_equal(str_text(&out), "|||/etc/x|\non\n");
        shell_teardown(&shell);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_hides_jobs_is_unset_and_the_rest_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
