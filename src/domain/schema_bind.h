/* Fills a plain struct from a checked document through the schema's rows: a table says which key goes to
 * which member. Keys that are absent or null give the row's default. */
#ifndef SLUICE_DOMAIN_SCHEMA_BIND_H
#define SLUICE_DOMAIN_SCHEMA_BIND_H

#include "domain/schema.h"

struct strs { /* owned strings */
    char **items;
    size_t count, cap;
};

void strs_push(struct strs *strs, const char *text); /* copies */
bool strs_has(const struct strs *strs, const char *text);
void strs_clear(struct strs *strs);
void strs_join(const struct strs *strs, const char *separator, struct str *to);

enum bind_kind {
    BIND_STR,  /* char *; NULL for null */
    BIND_INT,  /* int64_t, also seconds and bytes; BIND_NONE for null and for a word such as auto */
    BIND_F64,  /* double; NAN for null */
    BIND_BOOL, /* bool */
    BIND_ENUM, /* int: the position of the word in row->words */
    BIND_STRS, /* struct strs; a single string (SCHEMA_OR_LIST) becomes a list of one */
    BIND_KIND_COUNT
};

#define BIND_NONE (-1)

struct bind {
    const char *path; /* below prefix: "ssh.keepalive" */
    enum bind_kind kind;
    size_t offset;
};

struct bind_list {
    const struct bind *items;
    size_t count;
};
#define BIND_LIST(array) ((struct bind_list){ (array), sizeof(array) / sizeof(*(array)) })

/* prefix: the rows' common beginning ("clusters[]"), or "". The struct is zeroed or cleared by the caller
 * before. */
void bind_fill(const struct schema *schema, const char *prefix, const struct doc *doc, struct bind_list binds,
               void *to);
void bind_clear(const struct bind *binds, size_t count, void *of);

#endif
