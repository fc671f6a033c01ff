/* A piece of a log as it is kept: a head of fixed length, then the bytes, compressed by themselves (zstd,
 * with a checksum). Heads lead from one to the next, so that only what is asked for is inflated. Pure. */
#ifndef SLUICE_TEXT_LOG_BLOCK_H
#define SLUICE_TEXT_LOG_BLOCK_H

#include "base/err.h"
#include "base/str.h"

enum { LOG_BLOCK_HEAD_BYTES = 24, LOG_BLOCK_BYTES = 128 * 1024 };

struct log_block {
    int64_t offset;              /* of its first byte in the log */
    uint32_t stored, raw, lines; /* bytes behind the head; bytes of the log; newlines among them */
};

/* Appends head and bytes; raw: 1 to LOG_BLOCK_BYTES. */
int log_block_add(struct str *to, int64_t offset, struct span raw, struct err *err);
/* False for what is no head. */
bool log_block_head(struct span head, struct log_block *block);
/* stored: what stands behind the head. Appends the log's bytes; ERR_CORRUPT adds nothing. */
int log_block_inflate(const struct log_block *block, struct span stored, struct str *raw, struct err *err);

#endif
