/* A parameter against its declaration in `params`, and the words in braces that arguments may hold. Pure. */
#ifndef SLUICE_DOMAIN_PARAM_H
#define SLUICE_DOMAIN_PARAM_H

#include "text/doc.h"

/* value and declaration typed by doc_core_tree; declaration NULL: anything goes. ERR_INVALID says the name,
 * what was given and what was expected. */
int param_check(const char *name, const struct doc *value, const struct doc *declaration, struct err *err);

/* Whether a declaration is one that a value can keep to: its min is not above its max. */
int param_bounds_check(const struct doc *declaration, struct err *err);

/* A token that stands for a value known only when the job runs: "{run_id}", "{run_dir}", "{seed}". */
bool placeholder_is_known(struct span word);
/* ERR_UNSUPPORTED for {trial} {last_ckpt} {staged} {gpu_mem} anywhere in text; other braces are text. */
int placeholder_check(const char *text, struct err *err);

#endif
