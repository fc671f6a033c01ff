#include "io/feed.h"

#include "io/loop_uv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

struct chunk {
    char *bytes;
    size_t len, taken;
};

struct feed {
    uv_fs_t request;
    struct loop *loop;
    loop_fn *ready;
    void *ctx;
    int fd;
    uint64_t left; /* still to be read */
    struct chunk now, next;
    bool is_reading, is_orphan;
    struct err err;
};

static void read_ahead(struct feed *feed);

static void destroy(struct feed *feed)
{
    close(feed->fd);
    free(feed->now.bytes);
    free(feed->next.bytes);
    free(feed);
}

static void swap_when_drained(struct feed *feed)
{
    if (feed->now.taken < feed->now.len || feed->is_reading || !feed->next.len)
        return;
    struct chunk drained = feed->now;
    feed->now = feed->next;
    feed->next = (struct chunk){ .bytes = drained.bytes };
    read_ahead(feed);
}

static void on_read(uv_fs_t *request)
{
    struct feed *feed = request->data;
    ssize_t n = request->result;
    uv_fs_req_cleanup(request);
    feed->is_reading = false;
    if (feed->is_orphan) {
        destroy(feed);
        return;
    }
    if (n <= 0) {
        err_set(&feed->err, ERR_IO, "the file to be sent %s",
                n < 0 ? uv_strerror((int)n) : "is shorter than said");
        feed->left = 0;
    } else {
        feed->next.len = (size_t)n;
        feed->left -= (uint64_t)n;
    }
    bool was_dry = feed->now.taken == feed->now.len;
    swap_when_drained(feed);
    if (was_dry)
        feed->ready(feed->ctx);
}

static void read_ahead(struct feed *feed)
{
    if (feed->is_reading || !feed->left || feed->next.len)
        return;
    if (!feed->next.bytes)
        feed->next.bytes = mem_alloc(FEED_CHUNK_BYTES);
    size_t want = feed->left < FEED_CHUNK_BYTES ? (size_t)feed->left : FEED_CHUNK_BYTES;
    uv_buf_t buf = uv_buf_init(feed->next.bytes, (unsigned)want);
    feed->request.data = feed;
    feed->is_reading = uv_fs_read(loop_uv(feed->loop), &feed->request, feed->fd, &buf, 1, -1, on_read) == 0;
}

struct feed *feed_new(struct loop *loop, int fd, uint64_t bytes, loop_fn *ready, void *ctx)
{
    struct feed *feed = mem_zalloc(sizeof(*feed));
    feed->loop = loop;
    feed->fd = fd;
    feed->left = bytes;
    feed->ready = ready;
    feed->ctx = ctx;
    read_ahead(feed);
    return feed;
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    if (feed->is_reading)
        feed->is_orphan = true; /* the pool still writes into our buffer */
    else
        destroy(feed);
}

struct span feed_chunk(const struct feed *feed)
{
    return (struct span){ feed->now.bytes + feed->now.taken, feed->now.len - feed->now.taken };
}

void feed_take(struct feed *feed, size_t bytes)
{
    feed->now.taken += bytes;
    swap_when_drained(feed);
}

bool feed_is_done(const struct feed *feed)
{
    return !feed->left && !feed->is_reading && !feed->next.len && feed->now.taken == feed->now.len &&
           feed->err.code == ERR_NONE;
}

int feed_check(const struct feed *feed, struct err *err)
{
    if (feed->err.code != ERR_NONE)
        return err_set(err, feed->err.code, "%s", feed->err.text);
    return 0;
}
