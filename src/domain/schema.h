/* The configuration's tables: each key of the three files and of a request stands once, with type, range,
 * default, unit and one line of help. Checking, typing, docs/config.md, `sluice config explain` and the JSON
 * Schemas all read these rows.
 *
 * A row's path is dotted: `resources.gpus`. `[]` is any item of a list (`clusters[].host`), `*` any name of a
 * map
 * (`params.*.min`), a last part ending in `*` any key that begins so (`clusters[].vpn_*`). A key whose
 * feature has not come yet carries SCHEMA_LATER (or its word stands in later_words): it is refused, unless it
 * says what holds anyway, its default. Taking the flag away turns it on. Pure. */
#ifndef SLUICE_DOMAIN_SCHEMA_H
#define SLUICE_DOMAIN_SCHEMA_H

#include "text/doc.h"
#include "text/errs.h"

enum schema_type {
    SCHEMA_STR,
    SCHEMA_INT,
    SCHEMA_FLOAT,
    SCHEMA_BOOL,
    SCHEMA_DURATION, /* 90m, 2d, HH:MM:SS, D-HH:MM:SS; typed as whole seconds */
    SCHEMA_SIZE,     /* 64G, 512M; typed as bytes */
    SCHEMA_CHOICE,   /* one of words */
    SCHEMA_SCALAR,   /* any string, number or boolean, by YAML's core schema */
    SCHEMA_STRS,     /* list of strings (numbers and booleans are taken as written) */
    SCHEMA_SCALARS,  /* list of scalars */
    SCHEMA_DICT,     /* name -> scalar; merges by key */
    SCHEMA_OBJECT,   /* keys with rows of their own */
    SCHEMA_OBJECTS,  /* list of such */
    SCHEMA_NAMED,    /* name -> such (rows under path.*) */
    SCHEMA_FREE,     /* anything; for what is checked when its feature comes */
    SCHEMA_TYPE_COUNT
};

/* What a string (or, for DICT and NAMED, a key; for STRS an item) must look like. */
enum schema_pattern {
    SCHEMA_ANY,        /* whatever UTF-8 there is (never NUL) */
    SCHEMA_LINE,       /* one line */
    SCHEMA_NAME,       /* [A-Za-z0-9_][A-Za-z0-9_.-]* */
    SCHEMA_SLURM_NAME, /* [A-Za-z0-9_.,+-]+, not beginning with - */
    SCHEMA_ENV_NAME,   /* [A-Za-z_][A-Za-z0-9_]* */
    SCHEMA_PARAM_NAME, /* a line without blanks and = */
    SCHEMA_HOST,       /* [user@]name, no metacharacters, not beginning with - */
    SCHEMA_ABSOLUTE,   /* a path from / or ~/, one line */
    SCHEMA_RELATIVE,   /* a path below the project: not from /, no .. */
    SCHEMA_LISTEN,     /* HOST:PORT or [IPV6]:PORT */
    SCHEMA_TITLE,      /* a line without " and \, as #SBATCH --job-name takes it */
    SCHEMA_PATTERN_COUNT
};

enum schema_flag {
    SCHEMA_LATER = 1,        /* refused unless it equals the default */
    SCHEMA_REQUIRED = 2,     /* no default: must stand there */
    SCHEMA_NO_OVERLAY = 4,   /* not in profiles, cluster overlays and `defaults` */
    SCHEMA_NO_REQUEST = 8,   /* a section of the project file that a request may not carry */
    SCHEMA_OR_LIST = 16,     /* a string or a list of them */
    SCHEMA_LEGACY = 32,      /* kept for files that have it; takes effect as its help says */
    SCHEMA_CLUSTER_KEYS = 64 /* NAMED by the clusters' names */
};

struct schema_row {
    const char *path;
    enum schema_type type;
    enum schema_pattern pattern;
    const char *fallback;    /* the default as YAML: "null", "[]", "24:00:00" */
    const char *words;       /* "auto|none": all choices of a CHOICE, else words taken instead of the type */
    const char *later_words; /* choices that are known and not supported yet */
    double min, max;         /* bounds where not both 0: numbers, seconds, bytes; of a string: bytes */
    const char *unit;        /* NULL none */
    unsigned flags;
    int (*check)(const char *text, struct err *err); /* of a STR, or of each item of STRS; NULL: none */
    const char *overlay; /* OBJECT or NAMED whose (items') keys are those of another place: "" is the root */
    const char *help;
};

struct schema {
    const char *name;  /* project, clusters, sluice, request */
    const char *title; /* ".mlops-config.yaml" ... */
    const struct schema_row *rows;
    size_t count;
    const struct schema *base; /* rows that are allowed beside its own, less those with NO_REQUEST; or NULL */
};

extern const struct schema schema_project, schema_clusters, schema_daemon, schema_request;

/* By name, or NULL. */
const struct schema *schema_find(const char *name);
/* The row of a path as a person writes it, or as in the table: "resources.gpus", "clusters[0].host",
 * "clusters[].host", "profiles.big.resources.gpus". NULL where there is none. */
const struct schema_row *schema_row_at(const struct schema *schema, const char *path);
/* The known path nearest to a mistyped one, or NULL. Static text. */
const char *schema_nearest(const struct schema *schema, const char *path);

/* Checks a whole document: unknown keys (with the nearest name), types, ranges, names, what is not supported
 * yet. 0, or -1 with everything found appended to errs, sorted. file: NULL for a request body (JSON pointers
 * then). */
int schema_check(const struct schema *schema, const struct doc *doc, const char *file, struct errs *errs);

/* Types one value by its row into *out (cleared by the caller; durations and sizes become DOC_INT with the
 * text as written). On failure -1 with what was expected: "expected a whole number from 0 to 64, got
 * \"two\"". */
int schema_type(const struct schema_row *row, const struct doc *in, struct doc *out, struct err *err);
/* The default, typed the same way. The tables' defaults are checked by a test, so this does not fail. */
void schema_default(const struct schema_row *row, struct doc *out);
/* "whole number from 0 to 64, or auto", "one of auto, srun, none", "list of strings". */
void schema_expects(const struct schema_row *row, struct str *to);

/* --- what is made from the tables (schema_doc.c, schema_json.c) --- */

/* The manual entry of one key (`sluice config explain KEY`), all schemas searched. ERR_NOT_FOUND names the
 * nearest key. */
int schema_explain(const char *key, struct str *to, struct err *err);
/* The reference part of docs/config.md: one table a schema. */
void schema_markdown(const struct schema *schema, struct str *to);
/* JSON Schema, draft 2020-12. */
void schema_json(const struct schema *schema, struct str *to);

#endif
