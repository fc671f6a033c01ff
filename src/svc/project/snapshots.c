#include "svc/project/snapshots.h"

#include "base/limits.h"
#include "base/mem.h"
#include "text/json_out.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct waiter {
    snapshot_done *done;
    void *ctx;
    struct waiter *next;
};

/* One look, under way or waiting for the one before it at the same folder by the same rules. */
struct look {
    struct snapshots *snapshots;
    char *plan;                /* folder and rules */
    struct snapshot_call call; /* the first waiter's, which lives until it was answered */
    struct waiter *waiters;
    bool has_begun;
    struct look *prev, *next;
};

struct snapshots {
    const struct gateway *gw;
    struct look *looks; /* in the order they came */
};

struct snapshots *snapshots_new(const struct gateway *gw)
{
    struct snapshots *snapshots = mem_zalloc(sizeof(*snapshots));
    snapshots->gw = gw;
    return snapshots;
}

static void look_free(struct look *look)
{
    struct waiter *waiter, *next;
    LL_FOREACH_SAFE(look->waiters, waiter, next)
    {
        free(waiter);
    }
    free(look->plan);
    free(look);
}

void snapshots_free(struct snapshots *snapshots)
{
    struct look *look, *next;
    if (!snapshots)
        return;
    DL_FOREACH_SAFE(snapshots->looks, look, next)
    {
        look_free(look);
    }
    free(snapshots);
}

/* Every setting of code.*: what is added to them counts by itself. */
static char *plan_of(const struct snapshot_call *call)
{
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    struct json_out out = { .to = &text };
    json_open_object(&out);
    json_member_str(&out, "folder", call->folder);
    for (size_t i = 0; i < resolved_count(call->resolved); i++) {
        struct resolved_leaf leaf = resolved_leaf(call->resolved, i);
        if (strncmp(leaf.path, "code.", 5) == 0)
            json_member_doc(&out, leaf.path, leaf.value);
    }
    json_close_object(&out);
    return text.failed ? NULL : mem_dup_str(str_text(&text));
}

static struct look *find(const struct snapshots *snapshots, const char *plan, bool has_begun)
{
    struct look *look;
    DL_FOREACH (snapshots->looks, look)
        if (plan && look->plan && look->has_begun == has_begun && strcmp(look->plan, plan) == 0)
            return look;
    return NULL;
}

static void answer(struct look *look, const struct snapshot *snapshot, const struct err *err)
{
    struct waiter *waiter;
    DL_DELETE(look->snapshots->looks, look);
    LL_FOREACH (look->waiters, waiter)
        waiter->done(waiter->ctx, snapshot, err);
}

static int begin(struct look *look, struct err *err);

static void on_snapshot(void *ctx, const struct snapshot *snapshot, const struct err *err)
{
    struct look *look = ctx, *next;
    struct err why = { 0 };
    answer(look, snapshot, err);
    next = find(look->snapshots, look->plan, false);
    if (next && begin(next, &why) < 0) {
        answer(next, NULL, &why);
        look_free(next);
    }
    look_free(look);
}

static int begin(struct look *look, struct err *err)
{
    look->has_begun = true;
    return snapshot_take(look->snapshots->gw, &look->call, on_snapshot, look, err);
}

static struct look *look_new(struct snapshots *snapshots, const struct snapshot_call *call, char *plan_taken)
{
    struct look *look = mem_zalloc(sizeof(*look));
    *look = (struct look){ .snapshots = snapshots, .plan = plan_taken, .call = *call };
    DL_APPEND(snapshots->looks, look);
    return look;
}

static void add_waiter(struct look *look, snapshot_done *done, void *ctx)
{
    struct waiter *waiter = mem_alloc(sizeof(*waiter));
    *waiter = (struct waiter){ .done = done, .ctx = ctx };
    LL_APPEND(look->waiters, waiter);
}

int snapshots_take(struct snapshots *snapshots, const struct snapshot_call *call, snapshot_done *done,
                   void *ctx, struct err *err)
{
    auto_free char *plan = plan_of(call);
    bool is_busy = find(snapshots, plan, true);
    struct look *look = find(snapshots, plan, false);
    if (!look)
        look = look_new(snapshots, call, move_ptr(plan));
    add_waiter(look, done, ctx);
    if (is_busy || begin(look, err) == 0)
        return 0;
    DL_DELETE(snapshots->looks, look);
    look_free(look);
    return -1;
}
