/* The one string type: a growing buffer with a ceiling.
 *
 * Invariants: buf[len] is NUL once buf is not NULL; len <= max. Appends return nothing: what would pass the
 * ceiling is not added, `failed` sticks, and the caller asks once at the end. */
#ifndef SLUICE_BASE_STR_H
#define SLUICE_BASE_STR_H

#include "base/span.h"

#include <stdarg.h>

struct str {
    char *buf;
    size_t len, cap, max;
    bool failed;
};

#define STR_MAX(limit) ((struct str){ .max = (limit) })
void str_clear(struct str *s); /* frees; keeps max; may be used again, and cleared twice */
#define auto_str __attribute__((cleanup(str_clear)))

void str_add(struct str *s, const char *text);
void str_add_span(struct str *s, struct span bytes);
void str_add_char(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_addv(struct str *s, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void str_cut(struct str *s, size_t len); /* back to len, no more than now; forgets no failure */

const char *str_text(const struct str *s);                       /* never NULL; valid until the next change */
struct span str_span(const struct str *s);                       /* the same bytes as a span */
char *str_steal(struct str *s) __attribute__((returns_nonnull)); /* caller frees; s is empty after */

#endif
