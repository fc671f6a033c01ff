/* The last megabytes of one log, compressed, below the state directory: what a log's readers are served from,
 * and how the gateway knows after a restart how far it has read.
 *
 * Two files. PATH has a header line of fixed length and blocks (text/log_block.h), each led to by the one
 * before. PATH.tail has the bytes behind the last block as they are, until they fill one; its own header line
 * says where it begins and how long PATH is, and so decides what counts: a kill at any moment leaves the
 * state before a change or the one after it. Of a log that is complete only PATH is left. Above `max_bytes`
 * the older half of the blocks is dropped. Written without fsync: what a power cut takes is read again from
 * the cluster. */
#ifndef SLUICE_SVC_LIVE_LOG_CACHE_H
#define SLUICE_SVC_LIVE_LOG_CACHE_H

#include "base/err.h"
#include "base/str.h"

enum { LOG_CACHE_MAX_BYTES = 8 * 1024 * 1024 };
#define LOG_LINES_UNKNOWN INT64_C(-1)
#define LOG_CACHE_TAIL    ".tail"

struct log_cache {
    char *path;
    uint64_t inode;     /* of the log on the cluster, 0 not known */
    int64_t base, end;  /* offsets in the log */
    int64_t base_lines; /* newlines before base, or LOG_LINES_UNKNOWN */
    int64_t end_lines;  /* before end */
    bool is_closed;     /* the log is complete: the job is over and all was read */
    unsigned renewals;  /* how often it was cut or replaced since it was taken up */
    int64_t max_bytes;  /* on disk; LOG_CACHE_MAX_BYTES unless set otherwise */

    /* its own */
    int64_t sealed; /* where the tail begins in the log */
    int64_t sealed_lines;
    int64_t stored;     /* bytes of PATH that count; 0: there is no file yet */
    bool has_tail_file; /* PATH.tail is the tail of just this */
};

/* Takes up what is there; a damaged or absent file is an empty cache. */
void log_cache_open(struct log_cache *cache, const char *path);
void log_cache_clear(struct log_cache *cache);

/* Bytes of the log from offset on. is_new: the file was cut or replaced, forget the old. *fresh is the part
 * of bytes that was not known. -1: not all could be kept. What was kept before stays, *fresh is what was kept
 * of these, and the rest is to be put again: no byte behind end is taken before it. Where not even a file
 * could be begun (log_cache_is_begun) the cache goes on, empty, behind them. */
int log_cache_put(struct log_cache *cache, int64_t offset, struct span bytes, bool is_new, struct span *fresh,
                  struct err *err);
bool log_cache_is_begun(const struct log_cache *cache);
/* The log is complete. */
int log_cache_close(struct log_cache *cache, struct err *err);
/* At most max bytes from offset on, which must be within [base, end]. */
int log_cache_read(const struct log_cache *cache, int64_t offset, size_t max, struct str *out,
                   struct err *err);
/* The last max bytes, or what there is. *first_line: the number of the line they begin in; 0 not known. */
int log_cache_read_end(const struct log_cache *cache, size_t max, struct str *out, int64_t *first_line);

#endif
