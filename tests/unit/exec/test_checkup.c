/* The doctor's program on this machine, and which transport a cluster's entry gets.
 * Covers: exec/transport_make. */
#include "exec/checkup.h"

#include "base/clock.h"
#include "base/mem.h"
#include "exec/executor.h"
#include "exec/transport_make.h"
#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct seen {
    unsigned calls;
    bool is_whole;
    char workspace[512];
};

static void keep(void *ctx, const struct run_result *result, const struct err *err)
{
    struct seen *seen = ctx;
    seen->calls++;
    seen->is_whole = !err && frame_get(&result->frame, "who") && frame_get(&result->frame, "clock") &&
                     frame_get(&result->frame, "tools") && frame_get(&result->frame, "gpus");
    const struct frame_section *s = err ? NULL : frame_get(&result->frame, "workspace");
    if (s)
        snprintf(seen->workspace, sizeof(seen->workspace), "%d %.*s", s->rc, SPAN_FMT(s->data));
}

static void visit(char *workspace, struct seen *seen)
{
    static char name[] = "local";
    struct loop *loop = loop_new();
    struct cluster_config cluster = { .name = name, .type = CLUSTER_LOCAL, .workspace = workspace };
    struct executor_deps deps = { .loop = loop, .clock = &clock_real };
    struct executor *ex = NULL;
    struct err err = { 0 };
    cluster.ssh.command_timeout_s = 60;
    *seen = (struct seen){ 0 };
    assert_int_equal(executor_new(&cluster, &deps, &ex, &err), 0);
    assert_int_equal(executor_login(ex, NULL, &err), 0);
    assert_int_equal(executor_login(ex, "x", &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(executor_checkup(ex, keep, seen, &err), 0);
    while (!seen->calls)
        loop_step(loop);
    assert_int_equal(executor_echo(ex, 1, keep, &(struct seen){ 0 }, &err), 0);
    executor_free(ex);
    loop_free(loop);
}

static void the_sections_tell_how_things_stand(void **state)
{
    (void)state;
    char dir[] = "/tmp/sluice-check-XXXXXX";
    struct seen seen;
    assert_non_null(mkdtemp(dir));
    visit(dir, &seen);
    assert_true(seen.is_whole);
    assert_int_equal(strncmp(seen.workspace, "0 ok\n", 5), 0);
    assert_int_equal(rmdir(dir), 0); /* it leaves nothing */
}

static void a_workspace_that_cannot_be_is_one_of_its_sections(void **state)
{
    (void)state;
    char nowhere[] = "/proc/nowhere";
    struct seen seen;
    visit(nowhere, &seen);
    assert_true(seen.is_whole);
    assert_int_not_equal(seen.workspace[0], '0');
}

static void the_entry_chooses_the_transport(void **state)
{
    (void)state;
    static char name[] = "c", host[] = "h.example.edu", jump[] = "hop";
    char dir[] = "/tmp/sluice-make-XXXXXX", command[64];
    static const struct {
        int backend;
        bool has_jump, is_manual;
        const char *made; /* NULL: refused */
    } cases[] = {
        { BACKEND_AUTO, false, false, "auto" },       { BACKEND_LIBSSH2, false, false, "ssh" },
        { BACKEND_OPENSSH, false, false, "openssh" }, { BACKEND_AUTO, true, true, "auto" },
        { BACKEND_LIBSSH2, true, false, NULL },       { BACKEND_LIBSSH2, false, true, NULL },
    };
    assert_non_null(mkdtemp(dir));
    struct loop *loop = loop_new();
    struct executor_deps deps = { .loop = loop, .clock = &clock_real, .state_dir = dir };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cluster_config cluster = { .name = name, .host = host };
        struct transport *t = NULL;
        struct err err = { 0 };
        cluster.ssh.backend = cases[i].backend;
        cluster.proxy_jump = cases[i].has_jump ? jump : NULL;
        cluster.requires_manual_auth = cases[i].is_manual;
        int rc = transport_make(&cluster, &deps, &t, &err);
        assert_int_equal(rc, cases[i].made ? 0 : -1);
        if (cases[i].made)
            assert_string_equal(t->ops->name, cases[i].made);
        else
            assert_int_equal(err.code, ERR_UNSUPPORTED);
        transport_free(t);
    }
    loop_free(loop);
    snprintf(command, sizeof(command), "%s", dir);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(1);
    }
}

/* Whoever tells it names the cluster. */
static void why_an_executor_is_impossible_is_told_without_the_clusters_name(void **state)
{
    (void)state;
    static char name[] = "broken", host[] = "h", jump[] = "j";
    struct cluster_config cluster = { .name = name, .host = host, .proxy_jump = jump };
    struct executor_deps deps = { .clock = &clock_real };
    struct executor *ex = NULL;
    struct err err = { 0 };
    cluster.ssh.backend = BACKEND_LIBSSH2;
    assert_int_equal(executor_new(&cluster, &deps, &ex, &err), -1);
    assert_string_equal(err.text, "proxy_jump needs ssh.backend auto or openssh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sections_tell_how_things_stand),
        cmocka_unit_test(a_workspace_that_cannot_be_is_one_of_its_sections),
        cmocka_unit_test(the_entry_chooses_the_transport),
        cmocka_unit_test(why_an_executor_is_impossible_is_told_without_the_clusters_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
