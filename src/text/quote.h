/* The one way a value gets into a shell program: '..' with '\'' inside, always, even where it looks harmless.
 * The result is exactly one word in every Bourne-like shell, whatever the bytes. Directives of Slurm have
 * their own rules (slurm/). Pure. */
#ifndef SLUICE_TEXT_QUOTE_H
#define SLUICE_TEXT_QUOTE_H

#include "base/err.h"
#include "base/str.h"

/* Appends text as one quoted word. ERR_INVALID for a NUL, which no argv can carry; nothing is appended then.
 */
int quote_shell(struct str *to, struct span text, struct err *err);
/* The same for a C string, which cannot fail; NULL is ''. */
void quote_text(struct str *to, const char *text);
/* The words of an argv, blanks between. */
void quote_argv(struct str *to, const char *const *argv, size_t count);

#endif
