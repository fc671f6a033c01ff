#include "support/fault_vfs.h"

#include <sqlite3.h>
#include <stddef.h>

/* One process, one plan: SQLite's methods carry no context of ours. */
static struct fault_plan *active;
static sqlite3_vfs *real;

/* Database and log have different methods (the log is not locked), but write and sync alike. */
static struct {
    const sqlite3_io_methods *honest;
    sqlite3_io_methods faulty;
} kinds[4];

static int write_or_fail(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    active->writes_seen++;
    if (active->good_writes == 0 && active->writes_fail != 0) {
        if (active->writes_fail > 0)
            active->writes_fail--;
        return active->write_code;
    }
    if (active->good_writes > 0)
        active->good_writes--;
    return kinds[0].honest->xWrite(file, bytes, len, at);
}

static int sync_or_fail(sqlite3_file *file, int flags)
{
    return active->sync_code ? active->sync_code : kinds[0].honest->xSync(file, flags);
}

static const sqlite3_io_methods *faulty_of(const sqlite3_io_methods *honest)
{
    size_t i = 0;
    while (i < 3 && kinds[i].honest && kinds[i].honest != honest)
        i++;
    kinds[i].honest = honest;
    kinds[i].faulty = *honest;
    kinds[i].faulty.xWrite = write_or_fail;
    kinds[i].faulty.xSync = sync_or_fail;
    return &kinds[i].faulty;
}

/* The real VFS opens the file; only its table of methods is changed for a copy with ours in it. */
static int open_faulty(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    int rc = real->xOpen(real, name, file, flags, out_flags);
    if (rc == SQLITE_OK && name && file->pMethods)
        file->pMethods = faulty_of(file->pMethods);
    return rc;
}

void fault_vfs_install(struct fault_plan *plan)
{
    static sqlite3_vfs vfs;
    active = plan;
    if (real)
        return;
    real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.xOpen = open_faulty;
    sqlite3_vfs_register(&vfs, 1);
}
