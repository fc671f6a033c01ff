/* A file read ahead in the thread pool, for a writer on the loop: two buffers, one being filled while the
 * other is drained. A slow disk delays the stream, never the loop. */
#ifndef SLUICE_IO_FEED_H
#define SLUICE_IO_FEED_H

#include "base/err.h"
#include "base/span.h"
#include "io/loop.h"

enum { FEED_CHUNK_BYTES = 256 * 1024 };

struct feed;
/* Takes fd. ready runs from the loop whenever there is a chunk again, or an end, after there was none. */
struct feed *feed_new(struct loop *loop, int fd, uint64_t bytes, loop_fn *ready, void *ctx);
void feed_free(struct feed *feed); /* ready will not run again; NULL is fine */

/* What can be written now, stable until feed_take; empty: wait for ready, or the end. */
struct span feed_chunk(const struct feed *feed);
void feed_take(struct feed *feed, size_t bytes);
bool feed_is_done(const struct feed *feed); /* all bytes were taken */
/* -1 where the file could not be read or was shorter than promised: what was streamed is useless. */
int feed_check(const struct feed *feed, struct err *err);

#endif
