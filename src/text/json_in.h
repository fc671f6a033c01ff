/* JSON text to a document (text/doc.h), by jansson behind checks of our own.
 *
 * UTF-8 without NUL; at most MAX_DOC_DEPTH deep, judged before jansson recurses; duplicate keys, integers
 * past 64 bits and anything after the value are errors; the order of keys is kept. Positions in the tree are
 * 0. The text's length is the caller's limit (MAX_BODY_BYTES and kin). What one call holds of jansson's
 * memory stays under 16 MiB; more is ERR_TOO_LARGE.
 *
 * Effect: sets jansson's allocation functions, which are global, to ones that count per thread and take and
 * give plain heap memory; other users of jansson notice nothing. */
#ifndef SLUICE_TEXT_JSON_IN_H
#define SLUICE_TEXT_JSON_IN_H

#include "text/doc.h"

/* *out is the caller's (doc_free). Else -1 with ERR_INVALID ("line 3, column 7: ...") or ERR_TOO_LARGE. */
int json_parse(struct span text, struct doc **out, struct err *err);

#endif
