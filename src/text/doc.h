/* A document: what a YAML file or a JSON body said, as a tree that remembers where each thing stood.
 *
 * Both readers (text/yaml.h, text/json_in.h) build it, so that the config files and the request bodies go
 * through one schema. A scalar of YAML written plain stays the string it was (`plain` is set): the schema row
 * types it ("24:00:00" under a time is a day, `yes` under a string stays "yes"); free values follow YAML 1.2
 * core by doc_core_scalar(). JSON scalars come typed.
 *
 * Invariants: text of a DOC_STR is valid UTF-8 without NUL, NUL-terminated. Keys of a map are unique strings.
 * Depth at most MAX_DOC_DEPTH. A tree is owned by its root; doc_free(NULL) is fine. */
#ifndef SLUICE_TEXT_DOC_H
#define SLUICE_TEXT_DOC_H

#include "base/err.h"
#include "base/span.h"

enum doc_kind { DOC_NULL, DOC_BOOL, DOC_INT, DOC_FLOAT, DOC_STR, DOC_SEQ, DOC_MAP };

struct doc {
    enum doc_kind kind;
    bool plain;        /* DOC_STR from YAML, written without quotes */
    bool boolean;      /* DOC_BOOL */
    int64_t integer;   /* DOC_INT */
    double number;     /* DOC_FLOAT */
    char *text;        /* DOC_STR: the bytes; DOC_INT and DOC_FLOAT: as written */
    char *key;         /* the name under which a map holds this node, else NULL */
    struct doc *items; /* DOC_SEQ and DOC_MAP, in the order written */
    size_t count, cap;
    unsigned line, col;         /* of the value, from 1; 0 where the reader does not know (JSON) */
    unsigned key_line, key_col; /* of the key */
};

void doc_clear(struct doc *doc); /* what it holds, not the node; leaves DOC_NULL */
void doc_free(struct doc *doc);  /* for heap roots */
void doc_free_ptr(struct doc **doc);
#define auto_doc __attribute__((cleanup(doc_free_ptr)))

/* The entry of a map, or NULL (also where doc is NULL or no map). Borrowed. */
const struct doc *doc_get(const struct doc *doc, const char *key);
/* Appends an empty node to a seq or map (key copied; NULL for a seq) and gives it. Valid until the next push.
 */
struct doc *doc_push(struct doc *parent, const char *key);
void doc_copy(struct doc *to,
              const struct doc *from); /* deep, with positions; `to` is overwritten, not cleared */
void doc_set_str(struct doc *doc, const char *text); /* becomes a quoted DOC_STR */
void doc_set_int(struct doc *doc, int64_t value);

/* Types a plain YAML scalar by the core schema of YAML 1.2 (null ~, true false, decimal 0o 0x integers,
 * floats with .inf and .nan): kind and value change in place, text stays as written. Others are left alone.
 */
void doc_core_scalar(struct doc *doc);
/* doc_core_scalar over a whole tree: for free values (params, default_overrides). */
void doc_core_tree(struct doc *doc);

/* Null in a file's eyes: DOC_NULL, or a plain scalar that core reads as null ("", ~, null). NULL is too. */
bool doc_is_null(const struct doc *doc);

/* The words of a scalar as a person wrote them ("0.001", "true"); NULL for null, seq and map. Borrowed. */
const char *doc_scalar_text(const struct doc *doc);

#endif
