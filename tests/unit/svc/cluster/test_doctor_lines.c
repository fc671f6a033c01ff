/* The doctor's lines from answers written by hand. */
#include "svc/cluster/doctor_lines.h"

#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { MAX_BYTES = 64 * 1024, NOW_S = 1800000000 };

struct part {
    const char *name, *data;
    int rc;
};

static struct cluster_config config;
static struct transport_status link_up;
static struct str text = { .max = MAX_BYTES };

static enum doctor_level judge(const struct part *parts, size_t count, const char *noise)
{
    struct frame_section sections[16];
    struct run_result result = { .end = RUN_DONE, .noise = span_of(noise) };
    for (size_t i = 0; i < count; i++)
        sections[i] = (struct frame_section){ .name = span_of(parts[i].name),
                                              .data = span_of(parts[i].data),
                                              .rc = parts[i].rc,
                                              .complete = true };
    result.frame = (struct frame){ .items = sections, .count = count, .begun = true, .ended = true };
    const struct doctor_patient patient = {
        .config = &config, .link = &link_up, .result = &result, .now_s = NOW_S, .free_slots = 4
    };
    str_cut(&text, 0);
    struct json_out out = { .to = &text };
    json_open_array(&out);
    enum doctor_level worst = doctor_lines(&patient, &out);
    json_close_array(&out);
    return worst;
}

static const struct part well[] = {
    { "who", "ml\n/bin/bash\nLinux 6.1\n", 0 },
    { "clock", "1800000001\n", 0 },
    { "workspace", "ok\n/dev/sda1 100 10 99999999 1% /home\n", 0 },
    { "quota", "", 0 },
    { "tools", "", 0 },
    { "version", "slurm-wlm 22.05.8\n", 0 },
    { "commands", "", 0 },
    { "ping", "Slurmctld(primary) at here is UP\n", 0 },
    { "accounting", "", 0 },
    { "partitions", "gpu|up|1-00:00:00\ncpu|up|infinite\n", 0 },
    { "accounts", "ml||normal\n", 0 },
};

static int prepare(void **state)
{
    (void)state;
    static char host[] = "login", space[] = "~/w", name[] = "alder";
    config = (struct cluster_config){ .name = name, .type = CLUSTER_SLURM, .host = host, .workspace = space };
    config.ssh.max_channels = 4;
    link_up = (struct transport_status){ .state = LINK_UP, .backend = "libssh2", .logins = 1 };
    return 0;
}

/* The well patient with one part changed. */
static enum doctor_level with(const char *name, const char *data, int rc)
{
    struct part parts[ARRAY_LEN(well)];
    memcpy(parts, well, sizeof(well));
    for (size_t i = 0; i < ARRAY_LEN(well); i++)
        if (strcmp(parts[i].name, name) == 0)
            parts[i] = (struct part){ name, data, rc };
    return judge(parts, ARRAY_LEN(parts), "");
}

static void says(const char *what)
{
    if (!strstr(str_text(&text), what))
        fail_msg("\"%s\" is not in %s", what, str_text(&text));
}

static void a_well_cluster_has_only_good_lines(void **state)
{
    (void)state;
    assert_int_equal(judge(well, ARRAY_LEN(well), ""), DOCTOR_OK);
    says("\"check\":\"host key\",\"status\":\"ok\"");
    says("95.4 GiB free");
    assert_null(strstr(str_text(&text), "hint"));
}

static void each_illness_is_named_with_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *name, *data;
        int rc;
        enum doctor_level level;
        const char *said;
    } cases[] = {
        { "clock", "1800000010", 0, DOCTOR_WARNING, "10 s ahead" },
        { "clock", "1799990000", 0, DOCTOR_ERROR, "10000 s behind" },
        { "clock", "soon", 0, DOCTOR_WARNING, "could not be read" },
        { "workspace", "mkdir: cannot create directory", 1, DOCTOR_ERROR, "cannot be written: mkdir" },
        { "workspace", "ok\n/dev/sda1 1 1 500000 1% /h", 0, DOCTOR_WARNING, "0.5 GiB free" },
        { "workspace", "ok\n/dev/sda1 1 1 5 1% /h", 0, DOCTOR_ERROR, "make room" },
        { "tools", "b2sum\ntar\n", 0, DOCTOR_ERROR, "missing: b2sum tar" },
        { "quota", "/home 900* 800 1000", 0, DOCTOR_ERROR, "over your quota" },
        { "who", "ml\n/bin/menu\nLinux\n", 0, DOCTOR_WARNING, "/bin/menu" },
        { "commands", "sacct\n", 0, DOCTOR_ERROR, "slurm.bin_dir" },
        { "ping", "Slurmctld(primary) at here is DOWN", 0, DOCTOR_ERROR, "slurmctld does not answer" },
        { "accounting", "sacct: error: Connection refused", 1, DOCTOR_ERROR, "slurmdbd" },
        { "partitions", "", 0, DOCTOR_ERROR, "none is up" },
        { "partitions", "gpu|down|1", 0, DOCTOR_ERROR, "gpu (not up)" },
        { "accounts", "", 0, DOCTOR_WARNING, "none of this user" },
        { "accounts", "sacctmgr: error", 1, DOCTOR_WARNING, "not known" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(with(cases[i].name, cases[i].data, cases[i].rc), cases[i].level);
        says(cases[i].said);
        says("\"hint\":");
    }
}

static void a_shell_that_talks_is_a_warning(void **state)
{
    (void)state;
    assert_int_equal(judge(well, ARRAY_LEN(well), "Welcome to the cluster\n"), DOCTOR_WARNING);
    says("23 bytes before our output");
}

static void partitions_that_are_allowed_must_exist(void **state)
{
    (void)state;
    char *names[] = { (char[]){ "gpu" }, (char[]){ "gone" } };
    config.allowed_partitions = (struct strs){ .items = names, .count = 2 };
    assert_int_equal(judge(well, ARRAY_LEN(well), ""), DOCTOR_ERROR);
    says("unknown: gone");
}

static void what_cannot_be_reached_is_told_by_kind(void **state)
{
    (void)state;
    static const struct {
        struct err err;
        const char *check;
    } cases[] = {
        { { ERR_AUTH, "login: the host key is not in known_hosts" }, "\"host key\",\"status\":\"error\"" },
        { { ERR_AUTH, "refused" }, "\"login\",\"status\":\"error\"" },
        { { ERR_OFFLINE, "no route" }, "\"connection\",\"status\":\"error\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct doctor_patient patient = { .config = &config, .link = &link_up, .err = &cases[i].err };
        struct json_out out = { .to = &text };
        str_cut(&text, 0);
        assert_int_equal(doctor_lines(&patient, &out), DOCTOR_ERROR);
        says(cases[i].check);
        says("\"hint\":");
        says("sluice connect alder\""); /* as it can be typed */
    }
    str_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_well_cluster_has_only_good_lines, prepare),
        cmocka_unit_test_setup(each_illness_is_named_with_what_to_do, prepare),
        cmocka_unit_test_setup(a_shell_that_talks_is_a_warning, prepare),
        cmocka_unit_test_setup(partitions_that_are_allowed_must_exist, prepare),
        cmocka_unit_test_setup(what_cannot_be_reached_is_told_by_kind, prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
