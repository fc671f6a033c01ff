#include "store/migrate.h"

#include "base/crash.h"
#include "store/db.h"

#include <limits.h>
#include <stdio.h>

enum { APPLICATION_ID = 0x736c6365 }; /* "slce" */

static int check_is_ours(sqlite3 *db, const char *path, int64_t version, struct err *err)
{
    int64_t application = 0, tables = 0;
    if (db_int(db, "PRAGMA application_id", &application, err) < 0 ||
        db_int(db, "SELECT count(*) FROM sqlite_master", &tables, err) < 0)
        return -1;
    bool is_fresh = version == 0 && application == 0 && tables == 0;
    if (!is_fresh && application != APPLICATION_ID)
        return err_set(err, ERR_UNSUPPORTED, "%s is not a store of sluice", path);
    return 0;
}

static int back_up(sqlite3 *db, const char *path, int64_t version, struct err *err)
{
    char to[PATH_MAX];
    if (snprintf(to, sizeof(to), "%s.backup-v%lld", path, (long long)version) >= (int)sizeof(to))
        return err_set(err, ERR_INVALID, "store: the path is too long");
    if (db_backup(db, to, err) < 0)
        return err_wrap(err, "backup before the schema changes");
    return 0;
}

static int step(sqlite3 *db, const struct migration *to, struct err *err)
{
    char version[64];
    (void)snprintf(version, sizeof(version), "PRAGMA user_version = %d", to->version);
    if (db_exec(db, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    int rc = db_exec(db, to->sql, err);
    crash_point("K17");
    if (rc == 0)
        rc = db_exec(db, version, err);
    if (rc == 0)
        rc = db_exec(db, "COMMIT", err);
    if (rc < 0) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return err_wrap(err, "schema change to version %d", to->version);
    }
    return 0;
}

int migrate(sqlite3 *db, const char *path, const struct migration *table, size_t count, struct err *err)
{
    int64_t version = 0;
    int newest = table[count - 1].version;
    if (db_int(db, "PRAGMA user_version", &version, err) < 0 || check_is_ours(db, path, version, err) < 0)
        return -1;
    if (version > newest)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s was written by a newer sluice (schema %lld, this one knows %d): run that one, or "
                       "put back a copy named *.backup-v%d",
                       path, (long long)version, newest, newest);
    if (version > 0 && version < newest && back_up(db, path, version, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (table[i].version > version && step(db, &table[i], err) < 0)
            return -1;
    return 0;
}
