#include "exec/ssh_wire.h"

enum { U32_BYTES = 4 };

void ssh_wire_add_u32(struct str *to, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        str_add_char(to, (char)(value >> shift & 0xff));
}

void ssh_wire_add_string(struct str *to, struct span bytes)
{
    ssh_wire_add_u32(to, (uint32_t)bytes.len);
    str_add_span(to, bytes);
}

bool ssh_wire_take_u32(struct span *in, uint32_t *out)
{
    if (in->len < U32_BYTES)
        return false;
    const unsigned char *p = (const unsigned char *)in->ptr;
    *out = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    *in = span_skip(*in, U32_BYTES);
    return true;
}

bool ssh_wire_take_string(struct span *in, struct span *out)
{
    struct span rest = *in;
    uint32_t len;
    if (!ssh_wire_take_u32(&rest, &len) || len > rest.len)
        return false;
    *out = span_head(rest, len);
    *in = span_skip(rest, len);
    return true;
}
