/* YAML text to a document (text/doc.h), from libyaml's events.
 *
 * A strict subset: one document; no anchors, aliases, tags or merge keys; keys are scalars and unique; UTF-8
 * without NUL (a byte order mark and CRLF are fine); at most MAX_CONFIG_BYTES, MAX_CONFIG_EVENTS and
 * MAX_DOC_DEPTH. Plain scalars stay the strings they are. Pure. */
#ifndef SLUICE_TEXT_YAML_H
#define SLUICE_TEXT_YAML_H

#include "text/doc.h"
#include "text/errs.h"

/* Reads the text and gives its tree in *out (caller: doc_free); an empty file gives a DOC_NULL at 1:1. Else
 * -1, *out untouched, and everything found is appended to errs (sorted by position) with `file`, line and
 * column: what the subset refuses is all reported, after broken syntax nothing more can be. file is only for
 * messages. */
int yaml_parse(struct span text, const char *file, struct doc **out, struct errs *errs);

#endif
