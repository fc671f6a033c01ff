#include "cli/read_file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int read_fd(int fd, const char *path, struct str *to, struct err *err)
{
    char chunk[16 * 1024];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "%s", path);
        if (got == 0)
            return 0;
        str_add_span(to, (struct span){ chunk, (size_t)got });
        if (to->failed)
            return err_set(err, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, to->max);
    }
}

int read_file(const char *path, struct str *to, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return read_fd(STDIN_FILENO, "standard input", to, err);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    return read_fd(fd, path, to, err);
}
