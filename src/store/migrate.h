/* The schema, version by version (PRAGMA user_version). */
#ifndef SLUICE_STORE_MIGRATE_H
#define SLUICE_STORE_MIGRATE_H

#include "base/err.h"

#include <sqlite3.h>
#include <stddef.h>

struct migration {
    int version;     /* what the store is after it; from 1, without gaps */
    const char *sql; /* run whole in one transaction */
};

extern const struct migration store_migrations[];
extern const size_t store_migration_count;

/* Brings db to the table's last version, each step a transaction of its own. A store that holds something is
 * copied to <path>.backup-vN first. ERR_UNSUPPORTED: written by a newer sluice, or by another program. */
int migrate(sqlite3 *db, const char *path, const struct migration *table, size_t count, struct err *err);

#endif
