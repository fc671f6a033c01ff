/* `--set path=value` and the flags that stand for such paths: a value as a person types it becomes what the
 * key's row in the schema wants. Pure. */
#ifndef SLUICE_CLI_SET_VALUE_H
#define SLUICE_CLI_SET_VALUE_H

#include "text/doc.h"

/* Puts the value at the dotted path into the request body (a DOC_MAP). Lists: "a,b" or "[a, b]"; maps as YAML
 * "{a: 1}"; `null` unsets. ERR_INVALID: no such key (with the nearest), or a value that does not fit. */
int set_value(struct doc *body, const char *path, const char *value, struct err *err);
/* "path=value" of one word. */
int set_assignment(struct doc *body, const char *word, struct err *err);
/* The node of a dotted path, made where it is not. */
struct doc *set_place(struct doc *body, const char *path);
/* The entry of a map (made a map where it is none): a dot in its name is part of it. */
struct doc *set_entry(struct doc *map, struct span name);
/* Text as a person types a free value: a number, true, false, null, or the text itself where reading it as a
 * number would change it (007). */
void set_scalar(struct doc *at, const char *text);
/* The list at a path, made where it is not, gets one more string. */
void set_add_text(struct doc *body, const char *path, const char *text);

#endif
