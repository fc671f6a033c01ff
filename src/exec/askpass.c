#include "exec/askpass.h"

#include "base/mem.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* SSH_ASKPASS_PROMPT=none is a notice (touch the key): ssh ends the helper when it is done. */
static const char helper[] =
    "#!/bin/sh\n"
    "umask 077; d=${0%/*}; q=$d/q.$$; a=$d/a.$$ p=\n"
    "trap 'rm -f \"$q\" \"$q.tmp\" \"$a\"' EXIT; trap 'kill $p; exit 1' HUP INT TERM\n"
    "rm -f \"$a\"; mkfifo \"$a\" || exit 1\n"
    "printf %s \"$1\" >\"$q.tmp\" && mv -f \"$q.tmp\" \"$q\" || exit 1\n"
    "timeout 900 cat \"$a\" & p=$!\n"
    "wait $p\n";

static void path_of(struct str *to, const char *dir, const char *name)
{
    *to = STR_MAX(4096);
    str_addf(to, "%s/%s", dir, name);
}

static bool is_question(const char *name)
{
    return name[0] == 'q' && name[1] == '.' && strspn(name + 2, "0123456789") == strlen(name + 2);
}

static void forget_old(const char *dir)
{
    DIR *d = opendir(dir);
    for (const struct dirent *entry; d && (entry = readdir(d));)
        if (is_question(entry->d_name) || strncmp(entry->d_name, "a.", 2) == 0)
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
}

int askpass_prepare(const char *dir, struct err *err)
{
    auto_str struct str path = { 0 };
    path_of(&path, dir, "askpass");
    forget_old(dir);
    unlink(str_text(&path));
    auto_fd int fd = open(str_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    if (fd < 0)
        return err_errno(err, errno, "%s", str_text(&path));
    if (file_write_fd(fd, (struct span){ helper, sizeof(helper) - 1 }) < 0)
        return err_errno(err, errno, "%s", str_text(&path));
    return 0;
}

static bool read_question(const char *dir, const char *name, struct str *text)
{
    char buf[MAX_PROMPT_BYTES];
    auto_str struct str path = { 0 };
    path_of(&path, dir, name);
    auto_fd int fd = open(str_text(&path), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
    if (n < 0)
        return false;
    str_add_span(text, (struct span){ buf, (size_t)n });
    return true;
}

bool askpass_is_open(const char *dir, const char *name)
{
    auto_str struct str path = { 0 };
    path_of(&path, dir, name);
    return access(str_text(&path), F_OK) == 0;
}

bool askpass_next(const char *dir, struct str *name, struct str *text)
{
    bool is_found = false;
    DIR *d = opendir(dir);
    for (const struct dirent *entry; !is_found && d && (entry = readdir(d));) {
        if (!is_question(entry->d_name))
            continue;
        str_add(name, entry->d_name);
        is_found = read_question(dir, entry->d_name, text);
    }
    if (d)
        closedir(d);
    return is_found;
}

int askpass_answer(const char *dir, const char *name, const char *answer, struct err *err)
{
    auto_str struct str question = { 0 }, fifo = { 0 }, line = STR_MAX(MAX_PROMPT_BYTES);
    path_of(&question, dir, name);
    path_of(&fifo, dir, name);
    fifo.buf[fifo.len - strlen(name)] = 'a';
    str_addf(&line, "%s\n", answer);
    if (line.failed)
        return err_set(err, ERR_TOO_LARGE, "an answer may have %d bytes", MAX_PROMPT_BYTES);
    auto_fd int fd = open(str_text(&fifo), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    bool is_early = fd < 0 && errno == ENXIO;
    ssize_t n = fd < 0 ? -1 : write(fd, line.buf, line.len);
    size_t want = line.len;
    explicit_bzero(line.buf, line.len);
    if (is_early)
        return err_set(err, ERR_BUSY, "the helper does not listen yet");
    unlink(str_text(&question)); /* answered once */
    if (n == (ssize_t)want)
        return 0;
    return err_set(err, ERR_CONFLICT, "nobody waits for this answer any more");
}
