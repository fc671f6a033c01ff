/* HMAC-SHA1, for the hashed host names of known_hosts and nothing else: SHA-1 guards no secret here. Pure. */
#ifndef SLUICE_TEXT_SHA1_H
#define SLUICE_TEXT_SHA1_H

#include "base/span.h"

enum { SHA1_BYTES = 20 };

void sha1_hmac(struct span key, struct span text, unsigned char out[SHA1_BYTES]);

#endif
