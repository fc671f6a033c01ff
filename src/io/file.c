#include "io/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH_BYTES = 4096 };

static int read_fd(int fd, const char *path, struct str *out, struct err *err)
{
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "cannot read %s", path);
        if (n == 0)
            return 0;
        str_add_span(out, (struct span){ chunk, (size_t)n });
        if (out->failed)
            return err_set(err, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, out->max);
    }
}

int file_read(const char *path, size_t max_bytes, struct str *out, struct err *err)
{
    /* O_NONBLOCK: a FIFO of that name must not hold us up. */
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_errno(err, errno, "cannot open %s", path);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(err, errno, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "%s is not a regular file", path);
    auto_str struct str text = STR_MAX(max_bytes);
    if (read_fd(fd, path, &text, err) < 0)
        return -1;
    str_clear(out);
    *out = text;
    text = STR_MAX(max_bytes);
    return 0;
}

int file_write_fd(int fd, struct span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes = span_skip(bytes, (size_t)n);
    }
    return 0;
}

static int write_fd(int fd, struct span bytes)
{
    return file_write_fd(fd, bytes) < 0 ? -1 : fsync(fd);
}

int file_sync_dir_of(const char *path)
{
    auto_free char *dir = mem_dup_str(path);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir ? 1 : 0] = '\0';
    auto_fd int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int file_write(const char *path, struct span bytes, mode_t mode, struct err *err)
{
    auto_str struct str tmp = STR_MAX(MAX_PATH_BYTES);
    str_addf(&tmp, "%s.XXXXXX", path);
    if (tmp.failed)
        return err_set(err, ERR_TOO_LARGE, "the path %.100s... is too long", path);
    auto_fd int fd = mkostemp(tmp.buf, O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "cannot write %s", path);
    if (fchmod(fd, mode) < 0 || write_fd(fd, bytes) < 0 || rename(tmp.buf, path) < 0) {
        int why = errno;
        unlink(tmp.buf);
        return err_errno(err, why, "cannot write %s", path);
    }
    if (file_sync_dir_of(path) < 0)
        return err_errno(err, errno, "cannot sync the folder of %s", path);
    return 0;
}

int file_append(const char *path, struct span bytes, mode_t mode, struct err *err)
{
    auto_fd int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, mode);
    if (fd < 0 || write_fd(fd, bytes) < 0)
        return err_errno(err, errno, "cannot add to %s", path);
    return 0;
}

static int make_dir(const char *path, mode_t mode, struct err *err)
{
    struct stat st;
    if (mkdir(path, mode) == 0)
        return 0;
    int why = errno;
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return 0;
        why = ENOTDIR;
    }
    return err_errno(err, why, "cannot make the folder %s", path);
}

int file_make_dirs(const char *path, mode_t mode, struct err *err)
{
    auto_free char *part = mem_dup_str(path);
    for (char *p = part + 1; *part && *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        int rc = make_dir(part, mode, err);
        *p = '/';
        if (rc < 0)
            return -1;
    }
    return make_dir(part, mode, err);
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

int file_lock(const char *path, int *out_fd, struct err *err)
{
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return err_errno(err, errno, "cannot open the lock file %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return err_set(err, ERR_CONFLICT, "%s is locked by another process", path);
        return err_errno(err, errno, "cannot lock %s", path);
    }
    *out_fd = move_fd(fd);
    return 0;
}

int file_temp(const char *dir, int *out_fd, struct err *err)
{
    auto_str struct str path = STR_MAX(MAX_PATH_BYTES);
    str_addf(&path, "%s/sluice.XXXXXX", dir ? dir : "/tmp");
    if (path.failed)
        return err_set(err, ERR_TOO_LARGE, "the path of a temporary file is too long");
    auto_fd int fd = mkostemp(path.buf, O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "cannot make a temporary file below %s", dir ? dir : "/tmp");
    unlink(path.buf);
    *out_fd = move_fd(fd);
    return 0;
}
