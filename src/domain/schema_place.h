/* Where one stands in a schema while walking a document. For the schema_*.c files alone. */
#ifndef SLUICE_DOMAIN_SCHEMA_PLACE_H
#define SLUICE_DOMAIN_SCHEMA_PLACE_H

#include "domain/schema.h"

enum { SCHEMA_PREFIX_BYTES = 96 };

struct schema_place {
    const struct schema *schema;
    char prefix[SCHEMA_PREFIX_BYTES]; /* row path that the keys here hang under; "" at the root */
    unsigned forbidden;               /* rows with these flags are not to be found here */
};

struct schema_place schema_root(const struct schema *schema);
/* The row of a key here, or NULL. */
const struct schema_row *schema_key(const struct schema_place *at, struct span key);
/* Inside an OBJECT's value, an OBJECTS' item or a NAMED's entry. */
struct schema_place schema_inside(const struct schema_place *at, const struct schema_row *row);
/* The last part of the row's path where it hangs directly under at->prefix, else NULL. */
const char *schema_direct(const struct schema_place *at, const struct schema_row *row);
/* The rows that hang directly under at, own ones before the base's: NULL after the last. *index starts at 0.
 */
const struct schema_row *schema_next(const struct schema_place *at, size_t *index);

bool schema_pattern_ok(enum schema_pattern pattern, const char *text);
const char *schema_pattern_words(enum schema_pattern pattern); /* "a name of letters, digits, _ . -" */
const char *schema_pattern_regex(enum schema_pattern pattern); /* as JSON Schema has it, or NULL */
/* The choices that are supported: "auto, srun, none". */
void schema_add_words(const struct schema_row *row, struct str *to);
bool schema_word_in(const char *words, const char *word);
bool schema_item_ok(const struct schema_row *row, const struct doc *item); /* of a STRS */
bool schema_is_null(const struct doc *doc); /* null, ~, or nothing, written plain */
bool schema_says_default(const struct schema_row *row, const struct doc *doc);

#endif
