/* The last megabytes of one log, as a file below the state directory: what a log's readers are served from,
 * and how the gateway knows after a restart how far it has read.
 *
 * A header line of fixed length, then the bytes from `base` on. Above LOG_CACHE_MAX_BYTES the older part is
 * dropped. Written without fsync: what a power cut takes is read again from the cluster. */
#ifndef SLUICE_SVC_LOG_CACHE_H
#define SLUICE_SVC_LOG_CACHE_H

#include "base/err.h"
#include "base/str.h"

enum { LOG_CACHE_KEEP_BYTES = 4 * 1024 * 1024, LOG_CACHE_MAX_BYTES = 8 * 1024 * 1024 };
#define LOG_LINES_UNKNOWN INT64_C(-1)

struct log_cache {
    char *path;
    uint64_t inode;     /* of the log on the cluster, 0 not known */
    int64_t base, end;  /* offsets in the log */
    int64_t base_lines; /* newlines before base, or LOG_LINES_UNKNOWN */
    int64_t end_lines;  /* before end */
    bool is_closed;     /* the log is complete: the job is over and all was read */
};

/* Takes up what is there; a damaged or absent file is an empty cache. */
void log_cache_open(struct log_cache *cache, const char *path);
void log_cache_clear(struct log_cache *cache);

/* Bytes of the log from offset on. is_new: the file was cut or replaced, forget the old. *fresh is the part
 * of bytes that was not known. */
int log_cache_put(struct log_cache *cache, int64_t offset, struct span bytes, bool is_new, struct span *fresh,
                  struct err *err);
/* Stores what else the header says. */
int log_cache_close(struct log_cache *cache, struct err *err);
/* At most max bytes from offset on, which must be within [base, end]. */
int log_cache_read(const struct log_cache *cache, int64_t offset, size_t max, struct str *out,
                   struct err *err);

#endif
