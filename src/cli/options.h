/* Command-line options by table: --name VALUE, --name=VALUE, -x VALUE, -xVALUE, flags, and `--`, behind which
 * everything is an argument. Options and arguments may stand in any order. Pure. */
#ifndef SLUICE_CLI_OPTIONS_H
#define SLUICE_CLI_OPTIONS_H

#include "base/err.h"
#include "base/str.h"

struct option_row {
    const char *name;  /* without the dashes; NULL ends a table */
    char letter;       /* 0: none */
    const char *value; /* what help calls its value; NULL: a flag */
    const char *help;
    bool repeats; /* may be given several times; else twice is an error */
};

enum { MAX_OPTION_TABLES = 2, MAX_COMMAND_WORDS = 4096 };

struct options {
    struct option_given {
        const struct option_row *row;
        const char *value; /* borrowed from argv; "" for a flag */
    } * given;
    size_t count, cap;
    const char **args; /* borrowed from argv, in order */
    size_t arg_count, arg_cap;
};

/* argv: the words behind the verb. tables: up to MAX_OPTION_TABLES, looked up in order. ERR_INVALID names the
 * word and the nearest known option. */
int options_parse(const struct option_row *const *tables, size_t count, char *const *argv,
                  struct options *out, struct err *err);
void options_clear(struct options *options);
#define auto_options __attribute__((cleanup(options_clear)))

bool options_has(const struct options *options, const char *name);
const char *options_value(const struct options *options, const char *name); /* the last one, or NULL */
/* The value as a whole number of a range; `none` where it is not given. */
int options_int(const struct options *options, const char *name, int64_t min, int64_t max, int64_t *value,
                struct err *err);
/* Help lines of a table: "  -p, --project NAME    help". */
void options_help(const struct option_row *table, struct str *to);

#endif
