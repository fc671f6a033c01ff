/* What a control socket says: whole messages, each within the input, or an error; and ours read back. */
#include "fuzz.h"

#include "exec/mux_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = { (const char *)data, size }, before = in;
    struct mux_message message;
    struct err err = { 0 };
    int rc;
    while ((rc = mux_next(&in, &message, &err)) > 0) {
        const char *end = before.ptr + before.len;
        must(in.len < before.len && in.ptr + in.len == end);
        must(!message.reason.len ||
             (message.reason.ptr >= before.ptr && message.reason.ptr + message.reason.len <= in.ptr));
        before = in;
    }
    must((rc < 0) == (err.code == ERR_CORRUPT) && in.len == before.len);
    return 0;
}
