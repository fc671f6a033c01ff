#include "svc/submit/secret.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_file(int fd, const char *name, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(err, errno, "secret %s", name);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_DENIED, "secret %s is not a regular file", name);
    if (st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(err, ERR_DENIED, "secret %s can be read by others: it must be yours, mode 0600", name);
    return 0;
}

static int check_text(struct span text, const char *name, struct err *err)
{
    if (!text.len)
        return err_set(err, ERR_INVALID, "secret %s is empty", name);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return err_set(err, ERR_INVALID, "secret %s holds control characters or more than one line",
                           name);
    return 0;
}

int secret_read(const char *state_dir, const char *name, struct str *out, struct err *err)
{
    char path[PATH_MAX], bytes[MAX_SECRET_BYTES + 1];
    if (strchr(name, '/') || snprintf(path, sizeof(path), "%s/secrets/%s", state_dir, name) >= PATH_MAX)
        return err_set(err, ERR_INVALID, "secret %.64s: no name of a file", name);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ELOOP)
        return err_set(err, ERR_DENIED, "secret %s is a link", name);
    if (fd < 0)
        return err_errno(err, errno, "secret %s (a file below secrets/ of the state directory)", name);
    if (check_file(fd, name, err) < 0)
        return -1;
    ssize_t len = read(fd, bytes, sizeof(bytes));
    if (len < 0)
        return err_errno(err, errno, "secret %s", name);
    if (len > MAX_SECRET_BYTES)
        return err_set(err, ERR_TOO_LARGE, "secret %s is longer than %d bytes", name, MAX_SECRET_BYTES);
    struct span text = span_trim((struct span){ bytes, (size_t)len });
    if (check_text(text, name, err) < 0)
        return -1;
    str_clear(out);
    *out = STR_MAX(MAX_SECRET_BYTES);
    str_add_span(out, text);
    return 0;
}
