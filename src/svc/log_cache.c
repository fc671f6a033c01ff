#include "svc/log_cache.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 128 };

static int64_t count_lines(struct span bytes)
{
    int64_t count = 0;
    for (const char *at = bytes.ptr, *end = bytes.ptr + bytes.len;
         at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    return count;
}

static bool read_header(const char *text, struct log_cache *cache)
{
    char *at = NULL;
    if (strncmp(text, "sluice-log 1 ", 13) != 0)
        return false;
    cache->inode = strtoull(text + 13, &at, 10);
    cache->base = strtoll(at, &at, 10);
    cache->base_lines = strtoll(at, &at, 10);
    cache->end_lines = strtoll(at, &at, 10);
    cache->is_closed = strtoll(at, &at, 10) == 1;
    return cache->base >= 0;
}

static int write_at(int fd, const char *bytes, size_t len, off_t at)
{
    while (len) {
        ssize_t n = pwrite(fd, bytes, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
        at += n;
    }
    return 0;
}

static int write_header(int fd, const struct log_cache *cache)
{
    char header[HEADER_BYTES];
    memset(header, ' ', sizeof(header));
    int len =
        snprintf(header, sizeof(header), "sluice-log 1 %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %d",
                 cache->inode, cache->base, cache->base_lines, cache->end_lines, cache->is_closed);
    header[len] = ' ';
    header[HEADER_BYTES - 1] = '\n';
    return write_at(fd, header, sizeof(header), 0);
}

/* The header may be older than the bytes behind it (a crash between the two writes). */
static void recount(struct log_cache *cache)
{
    auto_str struct str bytes = STR_MAX((size_t)LOG_CACHE_MAX_BYTES * 2);
    if (cache->base_lines < 0 || cache->end == cache->base)
        return;
    if (log_cache_read(cache, cache->base, (size_t)(cache->end - cache->base), &bytes, NULL) == 0)
        cache->end_lines = cache->base_lines + count_lines(str_span(&bytes));
}

void log_cache_open(struct log_cache *cache, const char *path)
{
    char header[HEADER_BYTES + 1] = "";
    struct stat st;
    *cache = (struct log_cache){ .path = mem_dup_str(path) };
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || pread(fd, header, HEADER_BYTES, 0) != HEADER_BYTES)
        return;
    struct log_cache found = { 0 };
    if (!read_header(header, &found))
        return;
    found.path = cache->path;
    found.end = found.base + st.st_size - HEADER_BYTES;
    *cache = found;
    recount(cache);
}

void log_cache_clear(struct log_cache *cache)
{
    mem_clear_str(&cache->path);
}

/* Drops all but the last of it, beside and by rename: a reader has one or the other. */
static int shrink(struct log_cache *cache, struct err *err)
{
    auto_str struct str kept = STR_MAX((size_t)LOG_CACHE_KEEP_BYTES), temp = STR_MAX(4096);
    struct log_cache next = *cache;
    next.base = cache->end - LOG_CACHE_KEEP_BYTES;
    if (log_cache_read(cache, next.base, LOG_CACHE_KEEP_BYTES, &kept, err) < 0)
        return -1;
    if (cache->end_lines >= 0)
        next.base_lines = cache->end_lines - count_lines(str_span(&kept));
    str_addf(&temp, "%s.new", cache->path);
    auto_fd int fd = open(str_text(&temp), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write_header(fd, &next) < 0 || write_at(fd, kept.buf, kept.len, HEADER_BYTES) < 0 ||
        rename(str_text(&temp), cache->path) < 0)
        return err_errno(err, errno, "%s", str_text(&temp));
    *cache = next;
    return 0;
}

static void start_anew(struct log_cache *cache, int64_t offset)
{
    cache->base = cache->end = offset;
    cache->base_lines = cache->end_lines = offset ? LOG_LINES_UNKNOWN : 0;
    cache->is_closed = false;
}

int log_cache_put(struct log_cache *cache, int64_t offset, struct span bytes, bool is_new, struct span *fresh,
                  struct err *err)
{
    bool jumps = is_new || offset > cache->end;
    struct log_cache next = *cache;
    if (jumps)
        start_anew(&next, offset);
    *fresh = span_skip(bytes, (size_t)(next.end - offset));
    auto_fd int fd = open(cache->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    off_t at = HEADER_BYTES + (off_t)(next.end - next.base);
    bool is_first = jumps || at == HEADER_BYTES; /* whatever else stands in the file is none of ours */
    if (fd < 0 || (is_first && ftruncate(fd, HEADER_BYTES) < 0) ||
        write_at(fd, fresh->ptr, fresh->len, at) < 0)
        return err_errno(err, errno, "%s", cache->path);
    next.end += (int64_t)fresh->len;
    if (next.end_lines >= 0)
        next.end_lines += count_lines(*fresh);
    if (is_first && write_header(fd, &next) < 0)
        return err_errno(err, errno, "%s", cache->path);
    *cache = next;
    return cache->end - cache->base > LOG_CACHE_MAX_BYTES ? shrink(cache, err) : 0;
}

int log_cache_close(struct log_cache *cache, struct err *err)
{
    cache->is_closed = true;
    auto_fd int fd = open(cache->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write_header(fd, cache) < 0)
        return err_errno(err, errno, "%s", cache->path);
    return 0;
}

int log_cache_read(const struct log_cache *cache, int64_t offset, size_t max, struct str *out,
                   struct err *err)
{
    if (offset < cache->base || offset > cache->end)
        return err_set(err, ERR_NOT_FOUND, "%s does not hold that part", cache->path);
    auto_fd int fd = open(cache->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", cache->path);
    size_t left = (size_t)(cache->end - offset) < max ? (size_t)(cache->end - offset) : max;
    off_t at = HEADER_BYTES + (off_t)(offset - cache->base);
    char piece[16384];
    while (left) {
        ssize_t n = pread(fd, piece, left < sizeof(piece) ? left : sizeof(piece), at);
        if (n < 0)
            return err_errno(err, errno, "%s", cache->path);
        if (n == 0)
            break;
        str_add_span(out, (struct span){ piece, (size_t)n });
        left -= (size_t)n;
        at += n;
    }
    return 0;
}
