#include "io/loop.h"

#include "io/loop_uv.h"
#include "io/process.h"

#include "base/mem.h"

#include <signal.h>
#include <stdlib.h>

enum { MAX_SIGNALS = 8 };

struct call {
    loop_fn *fn;
    void *ctx;
};

struct calls {
    struct call *items;
    size_t count, cap;
};

struct signal_slot {
    uv_signal_t handle;
    struct call call;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* the last thing before the loop sleeps */
    uv_idle_t idle;       /* active while calls are deferred: the loop does not sleep then */
    struct calls turn, deferred, running;
    struct signal_slot signals[MAX_SIGNALS];
    struct processes processes;
    size_t signal_count, work_count;
};

static void must(int rc)
{
    if (rc != 0)
        abort(); /* a loop without its own handles: the kernel is out of descriptors at start */
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

struct processes *loop_processes(struct loop *loop)
{
    return &loop->processes;
}

static void push(struct calls *calls, loop_fn *fn, void *ctx)
{
    *vec_push(calls->items, calls->count, calls->cap) = (struct call){ fn, ctx };
}

static void on_prepare(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;
    for (size_t i = 0; i < loop->turn.count; i++)
        loop->turn.items[i].fn(loop->turn.items[i].ctx);
}

/* What a deferred call defers runs in the turn after. */
static void on_idle(uv_idle_t *handle)
{
    struct loop *loop = handle->data;
    struct calls now = loop->deferred;
    loop->deferred = loop->running;
    loop->running = now;
    for (size_t i = 0; i < loop->running.count; i++)
        if (loop->running.items[i].fn)
            loop->running.items[i].fn(loop->running.items[i].ctx);
    loop->running.count = 0;
    if (!loop->deferred.count)
        uv_idle_stop(handle);
}

struct loop *loop_new(void)
{
    struct loop *loop = mem_zalloc(sizeof(*loop));
    must(uv_loop_init(&loop->uv));
    must(uv_prepare_init(&loop->uv, &loop->prepare));
    must(uv_idle_init(&loop->uv, &loop->idle));
    must(processes_init(&loop->processes, &loop->uv));
    loop->prepare.data = loop->idle.data = loop;
    must(uv_prepare_start(&loop->prepare, on_prepare));
    uv_unref((uv_handle_t *)&loop->prepare);
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error value, not our end */
    return loop;
}

/* Children are reaped: they were told to die and end by themselves. Detached ones outlive us. */
static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (uv_is_closing(handle) || handle->type == UV_NAMED_PIPE)
        return;
    if (handle->type == UV_SIGNAL && uv_has_ref(handle)) /* no signal keeps a loop but SIGCHLD */
        return;
    bool is_heap = handle->type == UV_TIMER || handle->type == UV_POLL;
    uv_close(handle, is_heap ? (uv_close_cb)free : NULL);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    while (loop->work_count) /* its done_fn may still free timers and watchers */
        uv_run(&loop->uv, UV_RUN_ONCE);
    loop->turn.count = 0;
    loop->deferred.count = 0;
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_walk(&loop->uv, close_handle, NULL); /* what ended meanwhile may have opened more */
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    processes_let_go(&loop->processes);
    free(loop->turn.items);
    free(loop->deferred.items);
    free(loop->running.items);
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_step(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_ONCE);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

bool loop_is_busy(const struct loop *loop)
{
    return loop->work_count || loop->deferred.count;
}

int64_t loop_now_ms(struct loop *loop)
{
    uv_update_time(&loop->uv);
    return (int64_t)uv_now(&loop->uv);
}

void loop_on_turn(struct loop *loop, loop_fn *fn, void *ctx)
{
    push(&loop->turn, fn, ctx);
}

void loop_off_turn(struct loop *loop, loop_fn *fn, void *ctx)
{
    struct calls *turn = &loop->turn;
    size_t kept = 0;
    for (size_t i = 0; i < turn->count; i++)
        if (turn->items[i].fn != fn || turn->items[i].ctx != ctx)
            turn->items[kept++] = turn->items[i];
    turn->count = kept;
}

void loop_defer(struct loop *loop, loop_fn *fn, void *ctx)
{
    push(&loop->deferred, fn, ctx);
    uv_idle_start(&loop->idle, on_idle);
}

void loop_defer_drop(struct loop *loop, const void *ctx)
{
    struct calls *lists[] = { &loop->deferred, &loop->running };
    for (size_t k = 0; k < ARRAY_LEN(lists); k++)
        for (size_t i = 0; i < lists[k]->count; i++)
            if (lists[k]->items[i].ctx == ctx)
                lists[k]->items[i] = (struct call){ 0 };
}

/* --- signals --- */

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    struct signal_slot *slot = handle->data;
    slot->call.fn(slot->call.ctx);
}

void loop_on_signal(struct loop *loop, int signum, loop_fn *fn, void *ctx)
{
    for (size_t i = 0; i < loop->signal_count; i++) {
        if (loop->signals[i].handle.signum != signum)
            continue;
        loop->signals[i].call = (struct call){ fn, ctx };
        return;
    }
    if (loop->signal_count == MAX_SIGNALS)
        abort(); /* our own list of signals is fixed */
    struct signal_slot *slot = &loop->signals[loop->signal_count++];
    slot->call = (struct call){ fn, ctx };
    must(uv_signal_init(&loop->uv, &slot->handle));
    slot->handle.data = slot;
    must(uv_signal_start(&slot->handle, on_signal, signum));
    uv_unref((uv_handle_t *)&slot->handle);
}

/* --- the pool --- */

struct work {
    uv_work_t request;
    struct loop *loop;
    loop_fn *work_fn, *done_fn;
    void *ctx;
};

static void in_pool(uv_work_t *request)
{
    struct work *work = request->data;
    work->work_fn(work->ctx);
}

static void after_pool(uv_work_t *request, int status)
{
    (void)status; /* never cancelled */
    struct work *work = request->data;
    work->loop->work_count--;
    work->done_fn(work->ctx);
    free(work);
}

void loop_work(struct loop *loop, loop_fn *work_fn, loop_fn *done_fn, void *ctx)
{
    struct work *work = mem_zalloc(sizeof(*work));
    loop->work_count++;
    *work = (struct work){ .loop = loop, .work_fn = work_fn, .done_fn = done_fn, .ctx = ctx };
    work->request.data = work;
    must(uv_queue_work(&loop->uv, &work->request, in_pool, after_pool));
}
