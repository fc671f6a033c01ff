/* One code point at a time. Well formed means what span_is_utf8 means: no overlong forms, no surrogates, at
 * most U+10FFFF. Pure. */
#ifndef SLUICE_TEXT_UTF8_H
#define SLUICE_TEXT_UTF8_H

#include "base/str.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Bytes of the well-formed sequence at the head of text (1-4), or 0 where there is none; *point gets the code
 * point (NULL allowed). */
size_t utf8_decode(struct span text, uint32_t *point);
size_t utf8_len(struct span text);
/* Appends a code point; U+FFFD for what is none. */
void utf8_add(struct str *to, uint32_t point);
/* Appends text with each bad byte replaced by U+FFFD. */
void utf8_add_clean(struct str *to, struct span text);

#endif
