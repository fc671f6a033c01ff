/* The messages of OpenSSH's control socket (PROTOCOL.mux, version 4) that we send and understand. Pure: bytes
 * in, bytes out. */
#ifndef SLUICE_EXEC_MUX_WIRE_H
#define SLUICE_EXEC_MUX_WIRE_H

#include "base/err.h"
#include "base/str.h"

#define MUX_HELLO       0x00000001U
#define MUX_NEW_SESSION 0x10000002U
#define MUX_ALIVE_CHECK 0x10000004U
#define MUX_TERMINATE   0x10000005U
#define MUX_OK          0x80000001U
#define MUX_DENIED      0x80000002U
#define MUX_FAILURE     0x80000003U
#define MUX_EXIT        0x80000004U
#define MUX_ALIVE       0x80000005U
#define MUX_OPENED      0x80000006U

enum { MUX_VERSION = 4, MAX_MUX_BYTES = 64 * 1024 };

/* Appends one message. The session's three descriptors follow outside the stream (mux_socket.h). */
void mux_add_hello(struct str *to);
void mux_add_session(struct str *to, uint32_t request, struct span command);
void mux_add_request(struct str *to, uint32_t type, uint32_t request); /* alive check, terminate */

struct mux_message {
    uint32_t type;
    uint32_t first;     /* hello: the version; exit: the session; else the request it answers */
    uint32_t second;    /* exit: the status; opened: the session; alive: the master's pid; 0 else */
    struct span reason; /* denied, failure; into the input */
};

/* Cuts the next whole message off *in: 1, or 0 where it is not whole yet; -1 with ERR_CORRUPT. */
int mux_next(struct span *in, struct mux_message *out, struct err *err);

#endif
