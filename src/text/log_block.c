#include "text/log_block.h"

#include "base/mem.h"

#include <string.h>
#include <zstd.h>

enum { LEVEL = 3, MAX_STORED_BYTES = LOG_BLOCK_BYTES + LOG_BLOCK_BYTES / 128 + 1024 };

static const char mark[4] = { 's', 'l', 'g', 'b' };

static void put_number(struct str *to, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        str_add_char(to, (char)(number >> 8 * i & 0xff));
}

static uint64_t take_number(struct span *from, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)from->ptr[i] << 8 * i;
    *from = span_skip(*from, bytes);
    return number;
}

static size_t compress(char *to, size_t room, struct span raw)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    if (!zstd)
        mem_exhausted();
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    size_t len = ZSTD_compress2(zstd, to, room, raw.ptr, raw.len);
    ZSTD_freeCCtx(zstd);
    return ZSTD_isError(len) ? 0 : len;
}

int log_block_add(struct str *to, int64_t offset, struct span raw, struct err *err)
{
    if (raw.len == 0 || raw.len > LOG_BLOCK_BYTES)
        return err_set(err, ERR_INVALID, "a block holds 1 to %d bytes", LOG_BLOCK_BYTES);
    auto_free char *stored = mem_alloc(MAX_STORED_BYTES);
    size_t len = compress(stored, MAX_STORED_BYTES, raw);
    if (len == 0)
        return err_set(err, ERR_IO, "%zu bytes of a log could not be compressed", raw.len);
    str_add_span(to, (struct span){ mark, sizeof(mark) });
    put_number(to, len, 4);
    put_number(to, raw.len, 4);
    put_number(to, (uint64_t)span_count_char(raw, '\n'), 4);
    put_number(to, (uint64_t)offset, 8);
    str_add_span(to, (struct span){ stored, len });
    return to->failed ? err_set(err, ERR_TOO_LARGE, "a block of a log is too large") : 0;
}

bool log_block_head(struct span head, struct log_block *block)
{
    if (head.len < LOG_BLOCK_HEAD_BYTES || memcmp(head.ptr, mark, sizeof(mark)) != 0)
        return false;
    head = span_skip(head, sizeof(mark));
    block->stored = (uint32_t)take_number(&head, 4);
    block->raw = (uint32_t)take_number(&head, 4);
    block->lines = (uint32_t)take_number(&head, 4);
    block->offset = (int64_t)take_number(&head, 8);
    return block->stored > 0 && block->stored <= MAX_STORED_BYTES && block->raw > 0 &&
           block->raw <= LOG_BLOCK_BYTES && block->lines <= block->raw && block->offset >= 0;
}

int log_block_inflate(const struct log_block *block, struct span stored, struct str *raw, struct err *err)
{
    auto_free char *bytes = mem_alloc(LOG_BLOCK_BYTES);
    size_t len = ZSTD_decompress(bytes, LOG_BLOCK_BYTES, stored.ptr, stored.len);
    if (ZSTD_isError(len) || len != block->raw)
        return err_set(err, ERR_CORRUPT, "the kept log is damaged at byte %lld", (long long)block->offset);
    str_add_span(raw, (struct span){ bytes, len });
    return 0;
}
