/* Logic-light templates for batch scripts, in the manner of mustache.
 *
 *   {{name}}              the value as one shell-quoted word ('' for null); a list of scalars as words
 *   {{{name}}} {{&name}}  the value as it is, only where allow_raw is set (the gateway's own folder)
 *   {{#name}}..{{/name}}  once per item of a list, once for anything else that is not empty; a map's keys are
 *                         names inside, {{.}} is the item. Empty: null, false, 0, "", [], {}
 *   {{^name}}..{{/name}}  only where it is empty
 *   {{! comment}}         \{{ gives two braces as they are
 *
 * Names may be dotted (slurm.account); the innermost map that has the first part decides. A name nobody
 * declared is an error, a declared null is not. A section or comment tag alone on its line takes the line
 * with it.
 * {{name}} brings its own quotes: inside quotes, backticks or a here-document it is an error, and in a
 * comment a value with a newline is. Limits: MAX_SCRIPT_BYTES in and out, MAX_TEMPLATE_DEPTH,
 * MAX_TEMPLATE_ITERATIONS, and an overall bound on work. No lambdas, no partials. Pure. */
#ifndef SLUICE_TEXT_TEMPLATE_H
#define SLUICE_TEXT_TEMPLATE_H

#include "text/doc.h"
#include "text/errs.h"

struct template_source {
    struct span text;
    const char *file; /* for messages */
    bool allow_raw;
};

/* For the preview: which name gave the first value on each line of the output (empty span: none). The spans
 * point into the source's text. */
struct template_trace {
    struct span *names;
    size_t count, cap;
};

void template_trace_clear(struct template_trace *trace);
#define auto_template_trace __attribute__((cleanup(template_trace_clear)))

/* Appends the result to out. -1 with all errors found (template line and column, path = the name) in errs,
 * out as it was. trace may be NULL. */
int template_render(const struct template_source *source, const struct doc *context, struct str *out,
                    struct template_trace *trace, struct errs *errs);

#endif
