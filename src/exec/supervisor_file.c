#include "exec/supervisor_file.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads a small file whole; gives its length or -1. */
static ssize_t slurp(const char *path, char *buf, size_t size)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, buf, size - 1);
    if (len >= 0)
        buf[len] = '\0';
    return len;
}

int stat_start(const char *line, unsigned long long *start)
{
    const char *at = strrchr(line, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (!at || at[1] < '0' || at[1] > '9')
        return -1;
    *start = strtoull(at + 1, NULL, 10);
    return 0;
}

int proc_id_of(pid_t pid, struct proc_id *out)
{
    char path[64], line[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (slurp(path, line, sizeof(line)) < 0 || stat_start(line, &out->start) < 0)
        return -1;
    if (slurp("/proc/sys/kernel/random/boot_id", out->boot, sizeof(out->boot)) < 0)
        return -1;
    out->boot[strcspn(out->boot, "\n")] = '\0';
    out->pid = pid;
    return 0;
}

int claim_take(const struct proc_id *self)
{
    char owner[128];
    snprintf(owner, sizeof(owner), "%d:%llu:%s", (int)self->pid, self->start, self->boot);
    if (symlink(owner, "claim") == 0)
        return 0;
    return errno == EEXIST ? 1 : -1;
}

static int sync_dir(void)
{
    auto_fd int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int durable_write(const char *name, const char *text, size_t len)
{
    char tmp[64];
    snprintf(tmp, sizeof(tmp), "%s.tmp.%d", name, (int)getpid());
    auto_fd int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (write(fd, text, len) != (ssize_t)len || fsync(fd) < 0 || rename(tmp, name) < 0) {
        unlink(tmp);
        return -1;
    }
    return sync_dir();
}

int spec_number(const char *file, const char *key, int64_t *out)
{
    char text[4096];
    size_t len = strlen(key);
    *out = 0;
    if (slurp(file, text, sizeof(text)) < 0)
        return -1;
    for (const char *at = text; *at; at += *at != '\0') {
        if (strncmp(at, key, len) == 0 && at[len] == '=') {
            *out = strtoll(at + len + 1, NULL, 10);
            break;
        }
        at += strcspn(at, " \n");
    }
    return 0;
}

/* True for a process whose parent we are and that is no zombie. */
static bool is_live_child(const char *pid)
{
    char path[300], line[1024], state;
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    if (slurp(path, line, sizeof(line)) < 0)
        return false;
    const char *at = strrchr(line, ')');
    if (!at || at[1] != ' ')
        return false;
    state = at[2];
    return state != 'Z' && state != 'X' && strtol(at + 3, NULL, 10) == (long)getpid();
}

int children_signal(int sig)
{
    int count = 0;
    DIR *dir = opendir("/proc");
    if (!dir)
        return -1;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !is_live_child(entry->d_name))
            continue;
        count++;
        if (sig)
            kill((pid_t)strtol(entry->d_name, NULL, 10), sig);
    }
    closedir(dir);
    return count;
}
