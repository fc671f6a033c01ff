/* Answers of clusters: sections lie inside the output, and an ended frame has only whole ones. To let the
 * fuzzer meet the nonce, each NUL of the input stands for it. */
#include "text/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct nonce nonce = { "0123456789abcdef0123456789abcdef" };
    auto_str struct str out = STR_MAX((size_t)16 << 20);
    for (size_t i = 0; i < size; i++) {
        if (data[i])
            str_add_char(&out, (char)data[i]);
        else
            str_addf(&out, "\n%s ", nonce.text);
    }
    auto_frame struct frame frame = { 0 };
    struct err err;
    if (frame_parse(str_span(&out), &nonce, &frame, &err) < 0)
        return 0;
    for (size_t i = 0; i < frame.count; i++) {
        const struct frame_section *section = &frame.items[i];
        if (section->data.ptr < out.buf || section->data.ptr + section->data.len > out.buf + out.len)
            __builtin_trap();
        if (frame.ended && !section->complete)
            __builtin_trap();
    }
    return 0;
}
