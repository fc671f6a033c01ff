#include "svc/live/log_cache.h"

#include "base/mem.h"
#include "text/log_block.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 160, COPY_BYTES = 64 * 1024 };

static const char log_mark[] = "sluice-log 2 ", tail_mark[] = "sluice-tail 2 ";

/* --- files --- */

static void tail_path(const struct log_cache *cache, struct str *out)
{
    str_addf(out, "%s" LOG_CACHE_TAIL, cache->path);
}

static int open_tail(const struct log_cache *cache, int flags)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    tail_path(cache, &path);
    return open(str_text(&path), flags | O_CLOEXEC, 0600);
}

static int64_t length_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 ? -1 : (int64_t)st.st_size;
}

static int write_at(int fd, struct span bytes, int64_t at)
{
    while (bytes.len) {
        ssize_t n = pwrite(fd, bytes.ptr, bytes.len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes = span_skip(bytes, (size_t)n);
        at += n;
    }
    return 0;
}

/* Exactly that much, appended. */
static int read_at(int fd, int64_t at, size_t len, struct str *out)
{
    char piece[16384];
    while (len) {
        ssize_t n = pread(fd, piece, len < sizeof(piece) ? len : sizeof(piece), (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        str_add_span(out, (struct span){ piece, (size_t)n });
        len -= (size_t)n;
        at += n;
    }
    return 0;
}

/* --- the two header lines --- */

static int write_line(int fd, struct str *line)
{
    while (line->len < HEADER_BYTES - 1)
        str_add_char(line, ' ');
    str_add_char(line, '\n');
    return write_at(fd, str_span(line), 0);
}

static int write_header(int fd, const struct log_cache *cache)
{
    auto_str struct str line = STR_MAX(HEADER_BYTES);
    str_addf(&line, "%s%" PRIu64 " %" PRId64 " %" PRId64 " %d %" PRId64 " %" PRId64 " %" PRId64, log_mark,
             cache->inode, cache->base, cache->base_lines, cache->is_closed, cache->sealed,
             cache->sealed_lines, cache->stored);
    return write_line(fd, &line);
}

static int write_tail_header(int fd, const struct log_cache *cache)
{
    auto_str struct str line = STR_MAX(HEADER_BYTES);
    str_addf(&line, "%s%" PRId64 " %" PRId64 " %" PRId64, tail_mark, cache->sealed, cache->sealed_lines,
             cache->stored);
    return write_line(fd, &line);
}

/* The numbers of a header line; false where it is none of that mark, or not whole. */
static bool read_line(int fd, const char *mark, int64_t *numbers, size_t count)
{
    auto_str struct str text = STR_MAX(HEADER_BYTES);
    struct span line = { 0 }, word;
    if (fd < 0 || read_at(fd, 0, HEADER_BYTES, &text) < 0 || !span_starts(str_span(&text), mark))
        return false;
    line = span_skip(str_span(&text), strlen(mark));
    for (size_t i = 0; i < count; i++)
        if (!span_next(&line, ' ', &word) || !span_i64(span_trim(word), &numbers[i]))
            return false;
    return true;
}

/* --- blocks --- */

/* The block whose head stands at `at`, and follows what ends at `offset` in the log. */
static bool block_at(int fd, int64_t at, int64_t offset, int64_t length, struct log_block *block)
{
    char head[LOG_BLOCK_HEAD_BYTES];
    return pread(fd, head, sizeof(head), (off_t)at) == (ssize_t)sizeof(head) &&
           log_block_head((struct span){ head, sizeof(head) }, block) && block->offset == offset &&
           at + LOG_BLOCK_HEAD_BYTES + block->stored <= length;
}

static int64_t add_lines(int64_t lines, int64_t more)
{
    return lines < 0 ? LOG_LINES_UNKNOWN : lines + more;
}

/* As far as the blocks are whole: where no tail says how far they count. */
static void walk(struct log_cache *cache, int fd)
{
    struct log_block block;
    int64_t length = length_of(fd);
    cache->sealed = cache->base;
    cache->sealed_lines = cache->base_lines;
    cache->stored = HEADER_BYTES;
    while (block_at(fd, cache->stored, cache->sealed, length, &block)) {
        cache->stored += LOG_BLOCK_HEAD_BYTES + block.stored;
        cache->sealed += block.raw;
        cache->sealed_lines = add_lines(cache->sealed_lines, block.lines);
    }
}

/* --- opening --- */

static void count_tail(struct log_cache *cache, int fd)
{
    auto_str struct str bytes = STR_MAX(LOG_BLOCK_BYTES);
    int64_t len = length_of(fd) - HEADER_BYTES;
    if (len > LOG_BLOCK_BYTES)
        len = LOG_BLOCK_BYTES; /* no more was ever written */
    if (len <= 0 || read_at(fd, HEADER_BYTES, (size_t)len, &bytes) < 0)
        return;
    cache->end += len;
    cache->end_lines = add_lines(cache->end_lines, span_count_char(str_span(&bytes), '\n'));
}

static void open_end(struct log_cache *cache, int fd)
{
    enum { START, LINES, STORED, COUNT };
    int64_t said[COUNT];
    auto_fd int tail = open_tail(cache, O_RDONLY);
    cache->has_tail_file = read_line(tail, tail_mark, said, COUNT) && said[START] >= cache->base &&
                           said[STORED] >= HEADER_BYTES && said[STORED] <= length_of(fd);
    if (cache->has_tail_file) {
        cache->sealed = said[START];
        cache->sealed_lines = said[LINES];
        cache->stored = said[STORED];
    } else if (!cache->is_closed || cache->stored != length_of(fd)) {
        cache->is_closed = false;
        walk(cache, fd);
    }
    cache->end = cache->sealed;
    cache->end_lines = cache->sealed_lines;
    if (cache->has_tail_file)
        count_tail(cache, tail);
}

void log_cache_open(struct log_cache *cache, const char *path)
{
    enum { INODE, BASE, LINES, CLOSED, END, END_LINES, STORED, COUNT };
    int64_t said[COUNT];
    *cache = (struct log_cache){ .path = mem_dup_str(path), .max_bytes = LOG_CACHE_MAX_BYTES };
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!read_line(fd, log_mark, said, COUNT) || said[BASE] < 0 || said[END] < said[BASE])
        return;
    cache->inode = (uint64_t)said[INODE];
    cache->base = said[BASE];
    cache->base_lines = said[LINES];
    cache->is_closed = said[CLOSED] == 1;
    cache->sealed = said[END];
    cache->sealed_lines = said[END_LINES];
    cache->stored = said[STORED];
    open_end(cache, fd);
}

void log_cache_clear(struct log_cache *cache)
{
    mem_clear_str(&cache->path);
}

/* --- keeping --- */

static int restart_tail(struct log_cache *cache)
{
    auto_fd int fd = open_tail(cache, O_WRONLY | O_CREAT | O_TRUNC);
    cache->has_tail_file = fd >= 0 && write_tail_header(fd, cache) == 0;
    return cache->has_tail_file ? 0 : -1;
}

static void drop_tail(struct log_cache *cache)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    tail_path(cache, &path);
    (void)unlink(str_text(&path));
    cache->has_tail_file = false;
}

/* An empty file that begins at cache->end. The old one's tail goes first: it is the tail of nothing now. */
static int start_file(struct log_cache *cache)
{
    drop_tail(cache);
    cache->base = cache->sealed = cache->end;
    cache->base_lines = cache->sealed_lines = cache->end_lines;
    cache->stored = HEADER_BYTES;
    auto_fd int fd = open(cache->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : write_header(fd, cache);
}

static int append_block(struct log_cache *cache, struct span raw, struct err *err)
{
    auto_str struct str block = STR_MAX(2 * LOG_BLOCK_BYTES);
    auto_fd int fd = open(cache->path, O_WRONLY | O_CLOEXEC);
    if (log_block_add(&block, cache->sealed, raw, err) < 0)
        return -1;
    if (fd < 0 || write_at(fd, str_span(&block), cache->stored) < 0 ||
        ftruncate(fd, (off_t)(cache->stored + (int64_t)block.len)) < 0)
        return err_errno(err, errno, "%s", cache->path);
    cache->stored += (int64_t)block.len;
    cache->sealed += (int64_t)raw.len;
    cache->sealed_lines = add_lines(cache->sealed_lines, span_count_char(raw, '\n'));
    cache->has_tail_file = false; /* it is that of the state before */
    return 0;
}

static int read_tail(const struct log_cache *cache, int64_t from, size_t len, struct str *out)
{
    auto_fd int fd = open_tail(cache, O_RDONLY);
    return fd < 0 ? -1 : read_at(fd, HEADER_BYTES + from, len, out);
}

/* Full blocks of the tail and what is new; *bytes becomes what is left for the tail. */
static int seal(struct log_cache *cache, struct span *bytes, struct err *err)
{
    size_t held = (size_t)(cache->end - cache->sealed);
    bool is_sealed = held + bytes->len >= LOG_BLOCK_BYTES;
    while (held + bytes->len >= LOG_BLOCK_BYTES) {
        auto_str struct str raw = STR_MAX(LOG_BLOCK_BYTES);
        if (held && read_tail(cache, 0, held, &raw) < 0)
            return err_errno(err, errno, "%s" LOG_CACHE_TAIL, cache->path);
        str_add_span(&raw, span_head(*bytes, LOG_BLOCK_BYTES - held));
        *bytes = span_skip(*bytes, LOG_BLOCK_BYTES - held);
        held = 0;
        if (append_block(cache, str_span(&raw), err) < 0)
            return -1;
        cache->end = cache->sealed;
    }
    return is_sealed && restart_tail(cache) < 0 ? err_errno(err, errno, "%s" LOG_CACHE_TAIL, cache->path) : 0;
}

static int append_tail(struct log_cache *cache, struct span bytes, struct err *err)
{
    if (!bytes.len || (!cache->has_tail_file && restart_tail(cache) < 0))
        return bytes.len ? err_errno(err, errno, "%s" LOG_CACHE_TAIL, cache->path) : 0;
    auto_fd int fd = open_tail(cache, O_WRONLY);
    if (fd < 0 || write_at(fd, bytes, HEADER_BYTES + cache->end - cache->sealed) < 0)
        return err_errno(err, errno, "%s" LOG_CACHE_TAIL, cache->path);
    cache->end += (int64_t)bytes.len;
    return 0;
}

/* --- the limit --- */

static int copy_blocks(int from_fd, int64_t from, int64_t to, int fd)
{
    for (int64_t at = from; at < to; at += COPY_BYTES) {
        auto_str struct str piece = STR_MAX(COPY_BYTES);
        size_t len = to - at < COPY_BYTES ? (size_t)(to - at) : COPY_BYTES;
        if (read_at(from_fd, at, len, &piece) < 0 ||
            write_at(fd, str_span(&piece), HEADER_BYTES + at - from) < 0)
            return -1;
    }
    return 0;
}

/* Drops the older half, beside and by rename. From there until the tail's header is written once more it
 * names a longer file, and so counts for nothing: a kill just then only lets its bytes be read again. */
static int shrink(struct log_cache *cache, struct err *err)
{
    struct log_cache next = *cache;
    struct log_block block;
    auto_str struct str temp = STR_MAX(PATH_MAX);
    auto_fd int old = open(cache->path, O_RDONLY | O_CLOEXEC);
    int64_t at = HEADER_BYTES;
    while (old >= 0 && cache->stored - at > cache->max_bytes / 2 &&
           block_at(old, at, next.base, cache->stored, &block)) {
        at += LOG_BLOCK_HEAD_BYTES + block.stored;
        next.base += block.raw;
        next.base_lines = add_lines(next.base_lines, block.lines);
    }
    next.stored = cache->stored - at + HEADER_BYTES;
    str_addf(&temp, "%s.new", cache->path);
    auto_fd int fd = open(str_text(&temp), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (old < 0 || fd < 0 || write_header(fd, &next) < 0 || copy_blocks(old, at, cache->stored, fd) < 0 ||
        rename(str_text(&temp), cache->path) < 0)
        return err_errno(err, errno, "%s", str_text(&temp));
    *cache = next;
    auto_fd int tail = cache->has_tail_file ? open_tail(cache, O_WRONLY) : -1;
    cache->has_tail_file = tail >= 0 && write_tail_header(tail, cache) == 0;
    if (cache->has_tail_file || cache->end == cache->sealed)
        return 0;
    cache->end = cache->sealed;
    return err_errno(err, errno, "%s" LOG_CACHE_TAIL, cache->path);
}

static int keep(struct log_cache *cache, struct span fresh, struct err *err)
{
    if (cache->stored == 0 && start_file(cache) < 0) {
        cache->stored = 0;
        return err_errno(err, errno, "%s", cache->path);
    }
    if (seal(cache, &fresh, err) < 0 || append_tail(cache, fresh, err) < 0)
        return -1;
    return cache->stored > cache->max_bytes ? shrink(cache, err) : 0;
}

/* Of what a full disk took in part: end stands where keep() left it, behind the last byte that is there. */
static struct span take_kept(struct log_cache *cache, const struct log_cache *before, struct span fresh)
{
    int64_t kept = cache->end - before->end;
    if (kept != (int64_t)fresh.len)
        cache->end_lines = cache->end == cache->sealed ? cache->sealed_lines : before->end_lines;
    else
        cache->end_lines = add_lines(before->end_lines, span_count_char(fresh, '\n'));
    return span_head(fresh, kept > 0 ? (size_t)kept : 0);
}

int log_cache_put(struct log_cache *cache, int64_t offset, struct span bytes, bool is_new, struct span *fresh,
                  struct err *err)
{
    cache->renewals += is_new;
    if (is_new || offset > cache->end) {
        cache->end = offset;
        cache->end_lines = offset ? LOG_LINES_UNKNOWN : 0;
        cache->stored = 0;
    }
    *fresh = span_skip(bytes, (size_t)(cache->end - offset));
    if (!fresh->len && cache->stored)
        return 0;
    const struct log_cache before = *cache;
    cache->is_closed = false;
    int rc = keep(cache, *fresh, err);
    if (cache->stored) {
        *fresh = take_kept(cache, &before, *fresh);
        return rc;
    }
    cache->end += (int64_t)fresh->len; /* where nothing at all can be kept the log still goes on */
    cache->end_lines = add_lines(cache->end_lines, span_count_char(*fresh, '\n'));
    cache->base = cache->sealed = cache->end;
    cache->base_lines = cache->sealed_lines = cache->end_lines;
    return rc;
}

bool log_cache_is_begun(const struct log_cache *cache)
{
    return cache->stored > 0;
}

int log_cache_close(struct log_cache *cache, struct err *err)
{
    auto_str struct str raw = STR_MAX(LOG_BLOCK_BYTES);
    size_t held = (size_t)(cache->end - cache->sealed);
    if (cache->stored == 0 && start_file(cache) < 0)
        return err_errno(err, errno, "%s", cache->path);
    if (held && read_tail(cache, 0, held, &raw) < 0)
        return err_errno(err, errno, "%s" LOG_CACHE_TAIL, cache->path);
    if (held && append_block(cache, str_span(&raw), err) < 0)
        return -1;
    cache->is_closed = true;
    auto_fd int fd = open(cache->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write_header(fd, cache) < 0)
        return err_errno(err, errno, "%s", cache->path);
    drop_tail(cache);
    return 0;
}

/* --- reading --- */

struct want {
    int64_t offset;
    size_t left;
    struct str *out;
};

static int add_block(int fd, int64_t at, const struct log_block *block, struct want *want, struct err *err)
{
    auto_str struct str stored = STR_MAX(2 * LOG_BLOCK_BYTES), raw = STR_MAX(LOG_BLOCK_BYTES);
    if (read_at(fd, at + LOG_BLOCK_HEAD_BYTES, block->stored, &stored) < 0)
        return err_set(err, ERR_CORRUPT, "the kept log ends within a block");
    if (log_block_inflate(block, str_span(&stored), &raw, err) < 0)
        return -1;
    struct span part = str_span(&raw);
    if (want->offset > block->offset)
        part = span_skip(part, (size_t)(want->offset - block->offset));
    part = span_head(part, want->left);
    str_add_span(want->out, part);
    want->left -= part.len;
    return 0;
}

static int read_blocks(const struct log_cache *cache, struct want *want, struct err *err)
{
    struct log_block block;
    int64_t at = HEADER_BYTES, begin = cache->base;
    auto_fd int fd = open(cache->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", cache->path);
    while (want->left && begin < cache->sealed) {
        if (!block_at(fd, at, begin, cache->stored, &block))
            return err_set(err, ERR_CORRUPT, "%s is damaged", cache->path);
        begin += block.raw;
        if (begin > want->offset && add_block(fd, at, &block, want, err) < 0)
            return -1;
        at += LOG_BLOCK_HEAD_BYTES + block.stored;
    }
    return 0;
}

int log_cache_read(const struct log_cache *cache, int64_t offset, size_t max, struct str *out,
                   struct err *err)
{
    if (offset < cache->base || offset > cache->end)
        return err_set(err, ERR_NOT_FOUND, "%s does not hold that part", cache->path);
    size_t there = (size_t)(cache->end - offset);
    struct want want = { offset, there < max ? there : max, out };
    if (offset < cache->sealed && read_blocks(cache, &want, err) < 0)
        return -1;
    int64_t from = offset > cache->sealed ? offset - cache->sealed : 0;
    if (want.left && read_tail(cache, from, want.left, out) < 0)
        return err_set(err, ERR_CORRUPT, "%s" LOG_CACHE_TAIL " is too short", cache->path);
    return 0;
}

int log_cache_read_end(const struct log_cache *cache, size_t max, struct str *out, int64_t *first_line)
{
    int64_t held = cache->end - cache->base;
    *first_line = 0;
    if (log_cache_read(cache, cache->end - (held < (int64_t)max ? held : (int64_t)max), max, out, NULL) < 0)
        return -1;
    if (cache->end_lines >= 0)
        *first_line = cache->end_lines - span_count_char(str_span(out), '\n') + 1;
    return 0;
}
