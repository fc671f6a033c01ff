/* Numbers and strings as SSH sends them (RFC 4251 section 5: uint32, most significant byte first; a string is
 * its length and its bytes): in key files, to agents, in a key exchange, on OpenSSH's control socket. Pure.
 */
#ifndef SLUICE_EXEC_SSH_WIRE_H
#define SLUICE_EXEC_SSH_WIRE_H

#include "base/span.h"
#include "base/str.h"

#include <stdint.h>

void ssh_wire_add_u32(struct str *to, uint32_t value);
void ssh_wire_add_string(struct str *to, struct span bytes);

/* Cut off the front of *in; false, with *in and *out as they were, where it is not whole. The string borrows.
 */
bool ssh_wire_take_u32(struct span *in, uint32_t *out);
bool ssh_wire_take_string(struct span *in, struct span *out);

#endif
