/* A table for people: columns that fit the terminal. To anything else than a terminal nothing is cut and
 * columns are separated by one tab (a tab inside a cell is escaped), so that cut -f and awk read it. */
#ifndef SLUICE_CLI_TABLE_H
#define SLUICE_CLI_TABLE_H

#include "cli/screen.h"

struct table_column {
    const char *title;
    bool is_right; /* numbers */
    bool shrinks;  /* gives way where the terminal is narrow */
};

enum { MAX_TABLE_COLUMNS = 16 };

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct table_cell {
        char *text; /* owned, harmless */
        size_t width;
        enum tint tint;
    } * cells;
    size_t count, cap;
};

#define TABLE(the_columns) \
    ((struct table){ .columns = (the_columns), .column_count = ARRAY_LEN(the_columns) })
void table_clear(struct table *table);
#define auto_table __attribute__((cleanup(table_clear)))

/* The next cell of the row (rows fill by themselves). NULL or "" shows as "-". */
void table_add(struct table *table, const char *text, enum tint tint);
void table_addf(struct table *table, enum tint tint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void table_print(const struct table *table, const struct cli_env *env);

#endif
