/* Answers of clusters: sections lie inside the output, and an ended frame has only whole ones. A shell's word
 * that it is free is the same in one piece and in slices. To let the fuzzer meet the nonce, each NUL of the
 * input stands for it. */
#include "text/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_for_next(struct span out, const struct nonce *nonce, size_t slice)
{
    struct frame_next whole, sliced;
    frame_next_expect(&whole, nonce);
    frame_next_expect(&sliced, nonce);
    (void)frame_next_add(&whole, out);
    for (struct span rest = out; rest.len; rest = span_skip(rest, slice + 1))
        (void)frame_next_add(&sliced, span_head(rest, slice + 1));
    if (whole.has_come != sliced.has_come || whole.has_more != sliced.has_more || whole.rc != sliced.rc ||
        (whole.has_come && whole.rc > 255))
        __builtin_trap();
}

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
    look_for_next(str_span(&out), &nonce, size ? data[0] : 0);
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
