/* SQLite's own VFS with writes and fsyncs that fail on command. */
#ifndef SLUICE_TESTS_FAULT_VFS_H
#define SLUICE_TESTS_FAULT_VFS_H

struct fault_plan {
    int good_writes;  /* so many succeed first; -1: all do */
    int write_code;   /* what the next ones give: SQLITE_FULL, SQLITE_IOERR_WRITE */
    int writes_fail;  /* how many then fail; -1: all */
    int sync_code;    /* what every fsync gives; 0: what it is */
    long writes_seen; /* counted here */
};

/* Becomes SQLite's default from here on (once a process). Obeys *plan, which must outlive all databases. */
void fault_vfs_install(struct fault_plan *plan);

#endif
