#include "exec/mux_wire.h"

#define NO_ESCAPE 0xffffffffU

static void add_u32(struct str *to, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        str_add_char(to, (char)(value >> shift & 0xff));
}

static void add_text(struct str *to, struct span text)
{
    add_u32(to, (uint32_t)text.len);
    str_add_span(to, text);
}

static uint32_t get_u32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

void mux_add_hello(struct str *to)
{
    add_u32(to, 8);
    add_u32(to, MUX_HELLO);
    add_u32(to, MUX_VERSION);
}

void mux_add_session(struct str *to, uint32_t request, struct span command)
{
    enum { WORDS = 10 }; /* all but the command's bytes */
    add_u32(to, WORDS * 4 + (uint32_t)command.len);
    add_u32(to, MUX_NEW_SESSION);
    add_u32(to, request);
    add_u32(to, 0); /* reserved: an empty string */
    for (int flag = 0; flag < 4; flag++)
        add_u32(to, 0); /* no terminal, no X11, no agent, no subsystem */
    add_u32(to, NO_ESCAPE);
    add_u32(to, 0); /* terminal type */
    add_text(to, command);
}

void mux_add_request(struct str *to, uint32_t type, uint32_t request)
{
    add_u32(to, 8);
    add_u32(to, type);
    add_u32(to, request);
}

static int read_reason(struct span body, struct mux_message *out, struct err *err)
{
    if (body.len < 12 || get_u32(body.ptr + 8) > body.len - 12)
        return err_set(err, ERR_CORRUPT, "a refusal on the control socket is cut");
    out->reason = span_head(span_skip(body, 12), get_u32(body.ptr + 8));
    return 1;
}

int mux_next(struct span *in, struct mux_message *out, struct err *err)
{
    if (in->len < 4)
        return 0;
    uint32_t len = get_u32(in->ptr);
    if (len < 8 || len > MAX_MUX_BYTES)
        return err_set(err, ERR_CORRUPT, "the control socket sent a message of %lu bytes",
                       (unsigned long)len);
    if (in->len - 4 < len)
        return 0;
    struct span body = span_head(span_skip(*in, 4), len);
    struct mux_message found = { .type = get_u32(body.ptr), .first = get_u32(body.ptr + 4) };
    if (found.type == MUX_DENIED || found.type == MUX_FAILURE) {
        if (read_reason(body, &found, err) < 0)
            return -1;
    } else if (body.len >= 12 && found.type != MUX_HELLO) {
        found.second = get_u32(body.ptr + 8);
    }
    *in = span_skip(*in, 4 + (size_t)len);
    *out = found;
    return 1;
}
