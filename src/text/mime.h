/* Headers and bodies of mails: whatever is given, a header is one header. Pure. */
#ifndef SLUICE_TEXT_MIME_H
#define SLUICE_TEXT_MIME_H

#include "base/str.h"

/* "Name: text\r\n". Printable ASCII of up to 60 bytes stands as it is; all else becomes encoded words of
 * RFC 2047, folded, so no byte of text can end the header. Bad UTF-8 becomes U+FFFD. */
void mime_header(struct str *to, const char *name, struct span text);
/* The value alone, on one line (for HTTP headers that read RFC 2047). */
void mime_words(struct str *to, struct span text);
/* Base64 in lines of 76, with the end of a part. */
void mime_body(struct str *to, struct span bytes);

#endif
