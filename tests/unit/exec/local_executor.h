/* A whole executor on this machine, with an empty workspace. */
#ifndef SLUICE_TESTS_LOCAL_EXECUTOR_H
#define SLUICE_TESTS_LOCAL_EXECUTOR_H

#include "exec/executor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"
#include "text/errs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct {
    struct loop *loop;
    struct executor *ex;
    struct clusters_config *clusters;
    char dir[64];
} local;

static inline struct clusters_config *local_clusters(void)
{
    char yaml[256];
    struct clusters_config *clusters = NULL;
    auto_errs struct errs errs = { 0 };
    (void)snprintf(yaml, sizeof(yaml), "clusters:\n  - {name: here, type: local, workspace: %s}\n",
                   local.dir);
    assert_int_equal(clusters_config_parse(span_of(yaml), "c.yaml", &clusters, &errs), 0);
    return clusters;
}

static inline int local_executor_begin(void **state)
{
    (void)state;
    (void)snprintf(local.dir, sizeof(local.dir), "/tmp/sluice-local-XXXXXX");
    assert_non_null(mkdtemp(local.dir));
    local.clusters = local_clusters();
    local.loop = loop_new();
    struct executor_deps deps = {
        .loop = local.loop, .clock = &clock_real, .self_path = "/proc/self/exe", .state_dir = local.dir
    };
    assert_int_equal(executor_new(&local.clusters->items[0], &deps, &local.ex, NULL), 0);
    return 0;
}

static inline int local_executor_end(void **state)
{
    (void)state;
    executor_free(local.ex);
    loop_free(local.loop);
    clusters_config_free(local.clusters);
    char line[100];
    (void)snprintf(line, sizeof(line), "rm -rf %s", local.dir);
    return system(line);
}

#endif
