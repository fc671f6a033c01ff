#include "store/state_dir.h"

#include "base/mem.h"
#include "base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* statfs(2) f_type. Locks or shared memory of these are not what SQLite's WAL mode needs, or not always. */
static const struct {
    unsigned long type;
    const char *name;
    bool is_allowed;
} file_systems[] = {
    { 0x6969, "NFS", false },      { 0x65735546, "FUSE", false },   { 0x517b, "SMB", false },
    { 0xff534d42, "CIFS", false }, { 0xfe534d42, "SMB2", false },   { 0x5346414f, "AFS", false },
    { 0x01021997, "9p", false },   { 0x00c36400, "Ceph", false },   { 0x0bd00bd0, "Lustre", false },
    { 0x47504653, "GPFS", false }, { 0x19830326, "BeeGFS", false }, { 0x794c7630, "overlay", true },
};

static int make_with_parents(const char *dir, struct err *err)
{
    char path[PATH_MAX];
    size_t len = strlen(dir);
    if (len == 0 || len >= sizeof(path))
        return err_set(err, ERR_INVALID, "state directory: the path is empty or too long");
    for (size_t i = 1; i <= len; i++) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        memcpy(path, dir, i);
        path[i] = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST && (dir[i] == '\0' || access(path, F_OK) < 0))
            return err_errno(err, errno, "state directory %s", path);
    }
    return 0;
}

static int check_ours(const char *path, const struct stat *st, const char *mode, struct err *err)
{
    if (st->st_uid != geteuid())
        return err_set(err, ERR_DENIED,
                       "%s belongs to uid %ld, not to uid %ld who runs this; give another place "
                       "with --state-dir",
                       path, (long)st->st_uid, (long)geteuid());
    if (st->st_mode & 077)
        return err_set(err, ERR_DENIED, "%s is open to others (mode %03o); run chmod %s on it", path,
                       (unsigned)st->st_mode & 0777, mode);
    return 0;
}

int state_dir_check_type(unsigned long type, const char *dir, char *warning, size_t size, struct err *err)
{
    warning[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(file_systems); i++) {
        if (file_systems[i].type != (type & 0xffffffffUL))
            continue;
        if (!file_systems[i].is_allowed)
            return err_set(err, ERR_UNSUPPORTED,
                           "state directory %s is on %s, where SQLite's locks cannot be trusted; give a "
                           "directory on a local disk with --state-dir",
                           dir, file_systems[i].name);
        (void)snprintf(warning, size,
                       "state directory %s is on an %s file system: in a container all jobs' records go when "
                       "it goes; mount a volume there or use --state-dir",
                       dir, file_systems[i].name);
    }
    return 0;
}

int state_dir_prepare(const char *dir, char *warning, size_t size, struct err *err)
{
    struct stat st;
    if (make_with_parents(dir, err) < 0)
        return -1;
    if (stat(dir, &st) < 0)
        return err_errno(err, errno, "state directory %s", dir);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_INVALID, "state directory %s is not a directory", dir);
    if (check_ours(dir, &st, "700", err) < 0)
        return err_wrap(err, "state directory");
    struct statfs fs;
    if (statfs(dir, &fs) < 0)
        return err_errno(err, errno, "state directory %s", dir);
    return state_dir_check_type((unsigned long)fs.f_type, dir, warning, size, err);
}

enum { LOCK_TRIES = 500, LOCK_PAUSE_MS = 10 };

/* As the holder wrote it; "" while nothing stands there. */
static void read_holder(int fd, char pid[32])
{
    ssize_t n = pread(fd, pid, 31, 0);
    pid[n > 0 ? n : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
}

static bool is_alive(const char *pid)
{
    int64_t number;
    if (!span_i64(span_of(pid), &number) || number <= 0 || number > INT_MAX)
        return false;
    return kill((pid_t)number, 0) == 0 || errno == EPERM;
}

/* A child that a killed holder was just making has the lock, too, until it runs its program: for that it is
 * worth to wait. */
static int take_lock(int fd, const char *dir, struct err *err)
{
    char pid[32];
    const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };
    for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
        if (errno != EWOULDBLOCK)
            return err_errno(err, errno, "lock %s/lock", dir);
        read_holder(fd, pid);
        if (tries >= LOCK_TRIES || is_alive(pid))
            return err_set(err, ERR_CONFLICT, "another sluice (pid %s) serves this state directory: %s",
                           *pid ? pid : "unknown", dir);
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

int state_dir_lock(const char *dir, int *out, struct err *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/lock", dir) >= (int)sizeof(path))
        return err_set(err, ERR_INVALID, "state directory: the path is too long");
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    if (take_lock(fd, dir, err) < 0)
        return -1;
    char pid[32];
    int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        return err_errno(err, errno, "write %s", path);
    *out = move_fd(fd);
    return 0;
}

int state_file_prepare(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0) {
        if (errno != ENOENT)
            return err_errno(err, errno, "%s", path);
        auto_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? err_errno(err, errno, "make %s", path) : 0;
    }
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_DENIED, "%s is not a plain file", path);
    return check_ours(path, &st, "600", err);
}
