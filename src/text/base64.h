/* Base64 of RFC 4648, the standard alphabet. Pure. */
#ifndef SLUICE_TEXT_BASE64_H
#define SLUICE_TEXT_BASE64_H

#include "base/str.h"

/* Appends the bytes. False (out then holds rubbish behind its old end) for anything but the alphabet and up
 * to two '=' at the end, or a length that cannot be. */
bool base64_decode(struct span text, struct str *out);
void base64_encode(struct span bytes, bool padded, struct str *out);

#endif
