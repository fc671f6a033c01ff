/* A streaming JSON writer over a struct str: commas and escapes, nothing else. No allocation of its own.
 *
 *     struct json_out out = { .to = &body };
 *     json_open_object(&out);
 *     json_member_str(&out, "name", job->name);
 *     json_close_object(&out);
 *
 * The caller keeps the order (a key before each value of an object); the ceiling is the str's: ask its
 * `failed`. The API's conventions live here: absent means unknown, so members that are NULL (strings) or 0
 * (times) are left out; numbers that are not finite are the strings "NaN", "Infinity", "-Infinity". */
#ifndef SLUICE_TEXT_JSON_OUT_H
#define SLUICE_TEXT_JSON_OUT_H

#include "base/str.h"
#include "text/doc.h"

struct json_out {
    struct str *to;
    bool needs_comma; /* the next value or key has one before it */
};

void json_open_object(struct json_out *out);
void json_close_object(struct json_out *out);
void json_open_array(struct json_out *out);
void json_close_array(struct json_out *out);

void json_key(struct json_out *out, const char *key);
void json_str(struct json_out *out, const char *text); /* NULL: null */
/* Any bytes: what is not UTF-8 becomes U+FFFD, control characters are escaped. */
void json_str_span(struct json_out *out, struct span text);
void json_int(struct json_out *out, int64_t value);
void json_u64(struct json_out *out, uint64_t value);
/* The shortest digits that read back the same; nan and inf as printf has them. */
void json_add_digits(struct str *to, double value);
void json_f64(struct json_out *out, double value); /* these digits, or NaN, Infinity, -Infinity as strings */
void json_bool(struct json_out *out, bool value);
void json_nil(struct json_out *out);                   /* null; jansson has the name json_null */
void json_raw(struct json_out *out, struct span json); /* one value already rendered; not looked at */
/* A tree; plain scalars of YAML by the core schema. NULL: null. */
void json_doc(struct json_out *out, const struct doc *doc);
/* "2026-01-31T12:00:00Z", with ".123" only where there are milliseconds. */
void json_time(struct json_out *out, int64_t wall_us);

/* Key and value in one. */
void json_member_str(struct json_out *out, const char *key, const char *text); /* NULL: omitted */
void json_member_span(struct json_out *out, const char *key, struct span text);
void json_member_int(struct json_out *out, const char *key, int64_t value);
void json_member_u64(struct json_out *out, const char *key, uint64_t value);
void json_member_f64(struct json_out *out, const char *key, double value);
void json_member_bool(struct json_out *out, const char *key, bool value);
void json_member_time(struct json_out *out, const char *key, int64_t wall_us);      /* 0: omitted */
void json_member_raw(struct json_out *out, const char *key, struct span json);      /* empty: omitted */
void json_member_doc(struct json_out *out, const char *key, const struct doc *doc); /* NULL: omitted */

#endif
