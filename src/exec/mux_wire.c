#include "exec/mux_wire.h"

#include "exec/ssh_wire.h"

#define NO_ESCAPE 0xffffffffU

void mux_add_hello(struct str *to)
{
    ssh_wire_add_u32(to, 8);
    ssh_wire_add_u32(to, MUX_HELLO);
    ssh_wire_add_u32(to, MUX_VERSION);
}

void mux_add_session(struct str *to, uint32_t request, struct span command)
{
    enum { WORDS = 10 }; /* all but the command's bytes */
    ssh_wire_add_u32(to, WORDS * 4 + (uint32_t)command.len);
    ssh_wire_add_u32(to, MUX_NEW_SESSION);
    ssh_wire_add_u32(to, request);
    ssh_wire_add_u32(to, 0); /* reserved: an empty string */
    for (int flag = 0; flag < 4; flag++)
        ssh_wire_add_u32(to, 0); /* no terminal, no X11, no agent, no subsystem */
    ssh_wire_add_u32(to, NO_ESCAPE);
    ssh_wire_add_u32(to, 0); /* terminal type */
    ssh_wire_add_string(to, command);
}

void mux_add_request(struct str *to, uint32_t type, uint32_t request)
{
    ssh_wire_add_u32(to, 8);
    ssh_wire_add_u32(to, type);
    ssh_wire_add_u32(to, request);
}

/* What stands behind the type and the request: a hello's extensions are of no use to us. */
static int read_rest(struct span rest, struct mux_message *out, struct err *err)
{
    if (out->type == MUX_DENIED || out->type == MUX_FAILURE)
        return ssh_wire_take_string(&rest, &out->reason)
                   ? 0
                   : err_set(err, ERR_CORRUPT, "a refusal on the control socket is cut");
    if (out->type != MUX_HELLO)
        (void)ssh_wire_take_u32(&rest, &out->second);
    return 0;
}

int mux_next(struct span *in, struct mux_message *out, struct err *err)
{
    struct span body, rest = *in;
    struct mux_message found = { 0 };
    uint32_t len;
    if (!ssh_wire_take_u32(&rest, &len))
        return 0;
    if (len < 8 || len > MAX_MUX_BYTES)
        return err_set(err, ERR_CORRUPT, "the control socket sent a message of %lu bytes",
                       (unsigned long)len);
    rest = *in;
    if (!ssh_wire_take_string(&rest, &body))
        return 0;
    (void)ssh_wire_take_u32(&body, &found.type);
    (void)ssh_wire_take_u32(&body, &found.first);
    if (read_rest(body, &found, err) < 0)
        return -1;
    *in = rest;
    *out = found;
    return 1;
}
