/* Patterns that people give (metrics.sources, progress.regex), by PCRE2, with limits on memory and steps:
 * none can hang the gateway. Bytes that are no UTF-8 match nothing and harm nothing. Pure. */
#ifndef SLUICE_TEXT_REGEX_H
#define SLUICE_TEXT_REGEX_H

#include "base/err.h"
#include "base/span.h"

enum { REGEX_MAX_GROUPS = 32 };

struct regex;

/* err says what is wrong, and at which character. */
int regex_compile(struct span pattern, struct regex **out, struct err *err);
void regex_free(struct regex *regex);

size_t regex_group_count(const struct regex *regex); /* beside group 0, the whole match */
/* The group's name, or NULL. Borrowed. */
const char *regex_group_name(const struct regex *regex, size_t group);
/* The number of a named group; 0: there is none. */
size_t regex_group(const struct regex *regex, const char *name);

struct regex_match {
    struct span groups[REGEX_MAX_GROUPS + 1]; /* [0] is the whole; a group that took no part is empty */
    size_t end;                               /* where to look for the next match */
};
/* The first match at or behind `from`. A pattern that ran into its limits too often matches nothing any more:
 * regex_is_spent. */
bool regex_match(struct regex *regex, struct span text, size_t from, struct regex_match *out);
bool regex_is_spent(const struct regex *regex);

#endif
