/* A borrowed run of bytes: never owns, need not end in NUL, may hold any byte. Parsers take these. */
#ifndef SLUICE_BASE_SPAN_H
#define SLUICE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const char *ptr; /* NULL only where len is 0 */
    size_t len;
};

#define SPAN_LIT(text) ((struct span){ (text), sizeof(text) - 1 })
/* printf("%.*s", SPAN_FMT(s)) */
#define SPAN_FMT(s) (int)(s).len, span_chars(s)

struct span span_of(const char *text); /* NULL gives the empty span */
const char *span_chars(struct span s); /* never NULL */
bool span_eq(struct span a, struct span b);
bool span_is(struct span s, const char *text);
bool span_starts(struct span s, const char *prefix);
bool span_ends(struct span s, const char *suffix);
struct span span_skip(struct span s, size_t n); /* clamped */
struct span span_head(struct span s, size_t n); /* clamped */
struct span span_trim(struct span s);           /* blanks, tabs, CR and LF at both ends */
/* Where needle first stands, or s.len. */
size_t span_find(struct span s, struct span needle);
size_t span_find_char(struct span s, char c);
int64_t span_count_char(struct span s, char c);
bool span_has(struct span s, const char *needle);

/* Cuts the part up to the first sep off *rest and gives it; *rest becomes what follows the separator.
 * False when nothing is left. "a,,b" gives "a", "", "b"; "a," gives "a" alone. */
bool span_next(struct span *rest, char sep, struct span *part);
bool span_next_line(struct span *rest, struct span *line); /* without the LF; a CR before it stays */

/* Decimal, whole span, no sign for u64, optional '-' for i64; false on anything else or overflow. */
bool span_u64(struct span s, uint64_t *out);
bool span_i64(struct span s, int64_t *out);
/* A finite C-locale decimal floating number filling the span ("1e-3"; no hex, inf or nan). */
bool span_f64(struct span s, double *out);

bool span_is_utf8(struct span s); /* well formed, no surrogates, no overlong forms, at most U+10FFFF */

char *span_dup(struct span s) __attribute__((returns_nonnull)); /* NUL-terminated copy; caller frees */

#endif
