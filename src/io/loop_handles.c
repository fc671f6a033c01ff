/* Timers, watched descriptors and names: what is made and freed while the loop runs. */
#include "io/loop.h"

#include "io/loop_uv.h"

#include "base/mem.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

/* --- timers (the handle comes first: loop_free frees by it) --- */

struct loop_timer {
    uv_timer_t handle;
    loop_fn *fn;
    void *ctx;
};

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
    struct loop_timer *timer = mem_zalloc(sizeof(*timer));
    uv_timer_init(loop_uv(loop), &timer->handle);
    timer->fn = fn;
    timer->ctx = ctx;
    return timer;
}

static void on_timer(uv_timer_t *handle)
{
    struct loop_timer *timer = (struct loop_timer *)handle;
    timer->fn(timer->ctx);
}

void loop_timer_repeat(struct loop_timer *timer, int64_t first_ms, int64_t every_ms)
{
    uv_update_time(timer->handle.loop); /* else the time of a long callback would be taken off */
    uv_timer_start(&timer->handle, on_timer, first_ms > 0 ? (uint64_t)first_ms : 0,
                   every_ms > 0 ? (uint64_t)every_ms : 0);
}

void loop_timer_start(struct loop_timer *timer, int64_t ms)
{
    loop_timer_repeat(timer, ms, 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
    uv_timer_stop(&timer->handle);
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
    return uv_is_active((const uv_handle_t *)&timer->handle);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer && !uv_is_closing((uv_handle_t *)&timer->handle))
        uv_close((uv_handle_t *)&timer->handle, (uv_close_cb)free);
}

/* --- descriptors --- */

struct loop_watch {
    uv_poll_t handle;
    loop_fd_fn *fn;
    void *ctx;
    unsigned events;
};

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct loop_watch *watch = (struct loop_watch *)handle;
    unsigned told = 0;
    if (status < 0 || (events & UV_DISCONNECT))
        told = LOOP_READ | LOOP_WRITE;
    if (events & UV_READABLE)
        told |= LOOP_READ;
    if (events & UV_WRITABLE)
        told |= LOOP_WRITE;
    watch->fn(watch->ctx, told);
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    if (watch->events == events)
        return;
    watch->events = events;
    int flags = (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0);
    if (flags)
        uv_poll_start(&watch->handle, flags, on_poll);
    else
        uv_poll_stop(&watch->handle);
}

struct loop_watch *loop_watch_fd(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *ctx)
{
    struct loop_watch *watch = mem_zalloc(sizeof(*watch));
    if (uv_poll_init(loop_uv(loop), &watch->handle, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->fn = fn;
    watch->ctx = ctx;
    loop_watch_set(watch, events);
    return watch;
}

void loop_watch_free(struct loop_watch *watch)
{
    if (watch && !uv_is_closing((uv_handle_t *)&watch->handle))
        uv_close((uv_handle_t *)&watch->handle, (uv_close_cb)free);
}

/* --- names --- */

struct loop_resolve {
    uv_getaddrinfo_t request;
    loop_resolved_fn *fn; /* NULL: cancelled */
    void *ctx;
    char *host;
};

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addrs)
{
    struct loop_resolve *resolve = request->data;
    struct err err = { 0 };
    if (status < 0)
        err_set(&err, ERR_OFFLINE, "cannot find the address of %s: %s", resolve->host, uv_strerror(status));
    if (resolve->fn)
        resolve->fn(resolve->ctx, status < 0 ? NULL : addrs, status < 0 ? &err : NULL);
    uv_freeaddrinfo(addrs);
    free(resolve->host);
    free(resolve);
}

struct loop_resolve *loop_resolve(struct loop *loop, const char *host, unsigned port, loop_resolved_fn *fn,
                                  void *ctx)
{
    struct loop_resolve *resolve = mem_zalloc(sizeof(*resolve));
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    char service[16];
    snprintf(service, sizeof(service), "%u", port);
    resolve->request.data = resolve;
    resolve->fn = fn;
    resolve->ctx = ctx;
    resolve->host = mem_dup_str(host);
    /* Fails only on a name too long for DNS; a name of one dot then fails as it should, later. */
    if (uv_getaddrinfo(loop_uv(loop), &resolve->request, on_resolved, host, service, &hints) != 0)
        uv_getaddrinfo(loop_uv(loop), &resolve->request, on_resolved, ".", service, &hints);
    return resolve;
}

void loop_resolve_cancel(struct loop_resolve *resolve)
{
    if (!resolve)
        return;
    resolve->fn = NULL;
    uv_cancel((uv_req_t *)&resolve->request);
}
