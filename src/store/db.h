/* A database file: opened as strictly as designed, its errors in our words, copied whole. */
#ifndef SLUICE_STORE_DB_H
#define SLUICE_STORE_DB_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Turns a result code and SQLite's words into ours. A failed fsync ends the process. Always -1. */
int db_fail(int code, const char *text, struct err *err, const char *what);
/* The same with the last error of db. */
int db_error(sqlite3 *db, struct err *err, const char *what);
/* Runs SQL that gives no rows. */
int db_exec(sqlite3 *db, const char *sql, struct err *err);
/* Opens with the pragmas and limits of reliability.md 6. Fails unless what is not read_only can be written.
 */
int db_open(const char *path, bool read_only, sqlite3 **out, struct err *err);
/* A whole copy of db at path: VACUUM INTO, fsync, rename, fsync of the directory. */
int db_backup(sqlite3 *db, const char *path, struct err *err);
/* The single integer of a pragma or query without parameters. */
int db_int(sqlite3 *db, const char *sql, int64_t *out, struct err *err);

#endif
