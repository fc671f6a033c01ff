#include "store/db.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What a result code means to the rest of the program; the rest is ERR_IO. */
static const struct {
    int code;
    enum err_code means;
} meanings[] = {
    { SQLITE_FULL, ERR_FULL },      { SQLITE_CONSTRAINT, ERR_CONFLICT }, { SQLITE_TOOBIG, ERR_TOO_LARGE },
    { SQLITE_BUSY, ERR_BUSY },      { SQLITE_LOCKED, ERR_BUSY },         { SQLITE_CORRUPT, ERR_CORRUPT },
    { SQLITE_NOTADB, ERR_CORRUPT }, { SQLITE_MISUSE, ERR_INTERNAL },     { SQLITE_ERROR, ERR_INTERNAL },
    { SQLITE_RANGE, ERR_INTERNAL }, { SQLITE_MISMATCH, ERR_INTERNAL },
};

int db_fail(int code, const char *text, struct err *err, const char *what)
{
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        /* The kernel may have dropped the pages it could not write and call the next fsync a success. */
        log_error("store: %s: fsync failed; ending, so that a fresh start reads what is really there", what);
        _exit(1);
    }
    enum err_code means = ERR_IO;
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        if (meanings[i].code == (code & 0xff))
            means = meanings[i].means;
    return err_set(err, means, "store: %s: %s", what, text);
}

int db_error(sqlite3 *db, struct err *err, const char *what)
{
    return db_fail(sqlite3_extended_errcode(db), sqlite3_errmsg(db), err, what);
}

int db_exec(sqlite3 *db, const char *sql, struct err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(db, err, sql);
    return 0;
}

int db_int(sqlite3 *db, const char *sql, int64_t *out, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    int result = rc == SQLITE_ROW ? 0 : db_error(db, err, sql);
    sqlite3_finalize(stmt);
    return result;
}

/* reliability.md 6. wal_autocheckpoint=0: the writer checkpoints by itself and nobody else ever does (the
 * WAL-reset bug of SQLite before 3.51.3 needs a second one). */
static const char pragmas[] =
    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
    "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;";
static const char writer_pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                     "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16777216;";

static const struct {
    int id, value;
} limits[] = {
    { SQLITE_LIMIT_LENGTH, 16 * 1024 * 1024 },
    { SQLITE_LIMIT_SQL_LENGTH, 64 * 1024 },
    { SQLITE_LIMIT_COLUMN, 128 },
    { SQLITE_LIMIT_EXPR_DEPTH, 64 },
    { SQLITE_LIMIT_COMPOUND_SELECT, 4 },
    { SQLITE_LIMIT_VDBE_OP, 25000 },
    { SQLITE_LIMIT_FUNCTION_ARG, 8 },
    { SQLITE_LIMIT_ATTACHED, 1 }, /* VACUUM INTO attaches its target */
    { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 4096 },
    { SQLITE_LIMIT_VARIABLE_NUMBER, 128 },
    { SQLITE_LIMIT_TRIGGER_DEPTH, 4 },
    { SQLITE_LIMIT_WORKER_THREADS, 0 },
};

/* Where the database or its log cannot be opened for writing, SQLite opens it for reading and says nothing:
 * each change would fail from then on. (BEGIN looks at the log only.) */
static int can_be_written(sqlite3 *db, const char *path, struct err *err)
{
    if (sqlite3_db_readonly(db, "main"))
        return db_fail(SQLITE_READONLY, "it could be opened for reading only", err, path);
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_error(db, err, path);
}

static int set_up(sqlite3 *db, const char *path, bool read_only, struct err *err)
{
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, 5000);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, read_only, NULL);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        sqlite3_limit(db, limits[i].id, limits[i].value);
    if (db_exec(db, pragmas, err) < 0)
        return -1;
    if (read_only)
        return 0;
    return db_exec(db, writer_pragmas, err) < 0 ? -1 : can_be_written(db, path, err);
}

int db_open(const char *path, bool read_only, sqlite3 **out, struct err *err)
{
    int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK)
        (void)db_error(db, err, path);
    else if (set_up(db, path, read_only, err) == 0) {
        *out = db;
        return 0;
    }
    sqlite3_close(db);
    return -1;
}

static int sync_path(const char *path, int flags, struct err *err)
{
    auto_fd int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return err_errno(err, errno, "fsync %s", path);
    return 0;
}

static int vacuum_into(sqlite3 *db, const char *path, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    int result = rc == SQLITE_DONE ? 0 : db_error(db, err, "copy");
    sqlite3_finalize(stmt);
    return result;
}

/* Durable under its final name: data first, then the name. */
static int publish(const char *tmp, const char *path, struct err *err)
{
    char dir[PATH_MAX];
    (void)snprintf(dir, sizeof(dir), "%s", path);
    char *slash = strrchr(dir, '/');
    if (slash)
        *slash = '\0';
    if (sync_path(tmp, O_RDWR, err) < 0)
        return -1;
    crash_point("K18");
    if (rename(tmp, path) < 0)
        return err_errno(err, errno, "rename to %s", path);
    return sync_path(slash ? (slash == dir ? "/" : dir) : ".", O_RDONLY | O_DIRECTORY, err);
}

int db_backup(sqlite3 *db, const char *path, struct err *err)
{
    char tmp[PATH_MAX];
    if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
        return err_set(err, ERR_INVALID, "backup: the path is too long");
    (void)unlink(tmp); /* of a run that was killed */
    auto_fd int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, errno, "make %s", tmp);
    if (vacuum_into(db, tmp, err) == 0 && publish(tmp, path, err) == 0)
        return 0;
    (void)unlink(tmp);
    return -1;
}
