/* Kept pieces of logs: whatever stands on the disk, a block gives no more bytes than its head says. */
#include "text/log_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_block block;
    struct err err;
    auto_str struct str raw = STR_MAX(LOG_BLOCK_BYTES);
    struct span all = { (const char *)data, size };
    if (!log_block_head(all, &block))
        return 0;
    int rc =
        log_block_inflate(&block, span_head(span_skip(all, LOG_BLOCK_HEAD_BYTES), block.stored), &raw, &err);
    if (rc == 0 ? raw.len != block.raw : raw.len != 0)
        __builtin_trap();
    return 0;
}
