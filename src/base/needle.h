/* One short mark looked for many times (a nonce, a row's separator): what of it does not depend on the text
 * is worked out once. Where text is unlike the mark, most of its bytes are never looked at. */
#ifndef SLUICE_BASE_NEEDLE_H
#define SLUICE_BASE_NEEDLE_H

#include "base/span.h"

enum { MAX_NEEDLE_BYTES = 255 };

struct needle {
    struct span what;        /* borrowed */
    unsigned char skip[256]; /* by the byte under the needle's last: how far no match can begin */
};

/* what: 1 to MAX_NEEDLE_BYTES bytes, which must outlive the needle. */
void needle_init(struct needle *needle, struct span what);
/* Where it first stands in text, or text.len: as span_find. */
size_t needle_find(const struct needle *needle, struct span text);

#endif
