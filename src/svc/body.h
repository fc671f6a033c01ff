/* The fields of a request's body that change something of the gateway's own: each held against its row. Pure.
 */
#ifndef SLUICE_SVC_BODY_H
#define SLUICE_SVC_BODY_H

#include "text/doc.h"
#include "text/errs.h"

enum body_kind {
    BODY_LINE,
    BODY_TITLE, /* a line without " and \: SCHEMA_TITLE of domain/schema.h */
    BODY_TEXT,
    BODY_TAGS,
    BODY_BOOL,
    BODY_LIST
};

struct body_field {
    const char *name;
    enum body_kind kind;
    bool may_be_null;
    size_t max_bytes; /* of a line, a text, one tag */
};

enum { BODY_MAX_TAGS = 64 };

/* -1 with every unknown field and every wrong value in errs, by its pointer, and the first in err. */
int body_check(const struct doc *body, const struct body_field *fields, size_t count, struct errs *errs,
               struct err *err);

#endif
