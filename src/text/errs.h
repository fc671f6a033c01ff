/* A list of what is wrong with a text: config files and request bodies report everything at once.
 *
 * Readers (yaml, json) and the schema append; the CLI prints lines, the API makes a problem document of it.
 * At most MAX_CONFIG_ERRORS are kept; the rest is counted in `more`. Strings are copied and owned. */
#ifndef SLUICE_TEXT_ERRS_H
#define SLUICE_TEXT_ERRS_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct errs_item {
    enum err_code code;  /* ERR_NONE counts as ERR_INVALID */
    const char *file;    /* as the user named it; NULL for a request body */
    unsigned line, col;  /* from 1; 0 unknown */
    const char *path;    /* dotted: clusters[0].host; NULL or "" for the whole text */
    const char *pointer; /* the same as a JSON pointer: /clusters/0/host */
    const char *text;    /* what is wrong, no full stop; NULL only with errs_addf */
    const char *hint;    /* what to do ("did you mean partitions?"), or NULL */
};

struct errs {
    struct errs_item *items; /* strings owned by the list */
    size_t count, cap;
    size_t more; /* not kept */
};

void errs_clear(struct errs *errs);
#define auto_errs __attribute__((cleanup(errs_clear)))

/* Copies the item. Always -1, so that `return errs_add(...)` reads well. errs may be NULL. */
int errs_add(struct errs *errs, const struct errs_item *item);
/* The same with the text made from a format (one line, cut at ERR_TEXT_BYTES). */
int errs_addf(struct errs *errs, const struct errs_item *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* By file, line and column; what has no position comes first, equals keep their order. NULL is fine. */
void errs_sort(struct errs *errs);

/* Whether something may be wrong at this dotted path or below it: also where errs is NULL or did not keep
 * all. */
bool errs_within(const struct errs *errs, const char *path);

/* One line each: "file:line:column: path: text (hint)", parts that are unknown left out; then "and N more".
 */
void errs_text(const struct errs *errs, struct str *to);
/* The same on one line, for a log and for a JSON member: "...; ...; and N more". */
void errs_line(const struct errs *errs, struct str *to);
/* The first of the list as a struct err, "(and N more)" behind it. Always -1. */
int errs_first(const struct errs *errs, struct err *err);

/* Grow a dotted path and a JSON pointer by a key or an index (either string may be NULL). */
void errs_path_key(struct str *dotted, struct str *pointer, const char *key);
void errs_path_index(struct str *dotted, struct str *pointer, size_t index);

#endif
