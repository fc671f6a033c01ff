/* The one event loop, wrapped: nothing outside io/ and exec/ sees libuv.
 *
 * Everything here belongs to the thread that runs the loop; only loop_work's first function runs elsewhere
 * (libuv's pool) and must share nothing with the loop meanwhile. Callbacks never run from inside the call
 * that armed them. Milliseconds are of the monotonic clock. */
#ifndef SLUICE_IO_LOOP_H
#define SLUICE_IO_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct addrinfo;
struct loop;
typedef void loop_fn(void *ctx);

struct loop *loop_new(void); /* never NULL; aborts where the kernel gives no loop */
/* What still hangs on the loop (children that were told to die, work in the pool) is waited for; timers,
 * watchers and signals not freed before are closed without a call. */
void loop_free(struct loop *loop);
void loop_run(struct loop *loop);  /* until loop_stop, or nothing is left to wait for */
void loop_step(struct loop *loop); /* waits for at least one event, serves it: for tests */
void loop_stop(struct loop *loop);
bool loop_is_busy(const struct loop *loop); /* the pool works, or a deferred call is due */
int64_t loop_now_ms(struct loop *loop);

/* --- at the end of each turn, after all callbacks and before the loop sleeps: the store's group commit.
 * fn decides itself whether there is anything to do. What it defers runs without a sleep between. --- */
void loop_on_turn(struct loop *loop, loop_fn *fn, void *ctx);
void loop_off_turn(struct loop *loop, loop_fn *fn, void *ctx);

/* --- a call in the next turn. Order is kept. loop_defer_drop forgets all those of ctx. --- */
void loop_defer(struct loop *loop, loop_fn *fn, void *ctx);
void loop_defer_drop(struct loop *loop, const void *ctx);

/* --- timers: any call is fine from inside its own callback, loop_timer_free too --- */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx);
void loop_timer_start(struct loop_timer *timer, int64_t ms); /* once; a running one starts anew */
void loop_timer_repeat(struct loop_timer *timer, int64_t first_ms, int64_t every_ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_running(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); /* NULL is fine */

/* --- file descriptors (sockets, pipes, epoll sets; not regular files). Level triggered. An error or a
 * hang-up is told as both, so that the read or write that follows meets it. --- */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
typedef void loop_fd_fn(void *ctx, unsigned events);
struct loop_watch;
/* NULL where the descriptor cannot be watched. Makes it non-blocking; does not own it. */
struct loop_watch *loop_watch_fd(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *ctx);
void loop_watch_set(struct loop_watch *watch, unsigned events); /* 0 pauses */
void loop_watch_free(struct loop_watch *watch);                 /* before close(fd); NULL is fine */

/* --- libuv's thread pool: work_fn there, then done_fn here. Always both. --- */
void loop_work(struct loop *loop, loop_fn *work_fn, loop_fn *done_fn, void *ctx);

/* --- signals: fn runs in the loop. For the life of the loop; a second call for a signal replaces fn. --- */
void loop_on_signal(struct loop *loop, int signum, loop_fn *fn, void *ctx);

/* --- names to addresses, in the pool. addrs (freed after fn) is NULL where err is set. --- */
typedef void loop_resolved_fn(void *ctx, const struct addrinfo *addrs, const struct err *err);
struct loop_resolve;
struct loop_resolve *loop_resolve(struct loop *loop, const char *host, unsigned port, loop_resolved_fn *fn,
                                  void *ctx);
void loop_resolve_cancel(struct loop_resolve *resolve); /* fn will not run; not after it ran; NULL is fine */

#endif
