#include "cli/key_spool.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

/* Only tells requests of one user apart; a clash is refused by the gateway (other body) and renewed. */
static uint64_t fnv(uint64_t hash, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * FNV_PRIME;
    return hash;
}

static int make_folder(struct str *path, struct err *err)
{
    for (size_t i = 1; i <= path->len; i++) {
        if (i < path->len && path->buf[i] != '/')
            continue;
        auto_free char *part = span_dup((struct span){ path->buf, i });
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return err_errno(err, errno, "%s", part);
    }
    return 0;
}

static int folder(const struct cli_env *env, struct str *path, struct err *err)
{
    const char *state = cli_var(env, "XDG_STATE_HOME"), *home = cli_var(env, "HOME");
    if (state && state[0] == '/')
        str_addf(path, "%s/sluice/cli-spool", state);
    else if (home && home[0] == '/')
        str_addf(path, "%s/.local/state/sluice/cli-spool", home);
    else
        return err_set(err, ERR_NOT_FOUND, "neither HOME nor XDG_STATE_HOME is set");
    return make_folder(path, err);
}

static bool is_key(struct span key)
{
    bool is_plain = key.len == NONCE_CHARS + 4 && span_starts(key, "cli-");
    for (size_t i = 4; i < key.len && is_plain; i++)
        is_plain = strchr("0123456789abcdef", key.ptr[i]) != NULL;
    return is_plain;
}

static void new_key(struct key_spool *spool)
{
    struct nonce nonce = nonce_new();
    memcpy(spool->key, "cli-", 4);
    memcpy(spool->key + 4, nonce.text, sizeof(nonce.text));
    spool->is_taken_up = false;
}

static int write_key(struct key_spool *spool, struct err *err)
{
    size_t len = strlen(spool->key);
    errno = ENOSPC; /* a write that is taken in part sets none */
    if (ftruncate(spool->fd, 0) < 0 || pwrite(spool->fd, spool->key, len, 0) != (ssize_t)len ||
        fdatasync(spool->fd) < 0)
        return err_errno(err, errno, "%s", spool->path);
    return 0;
}

static bool read_key(struct key_spool *spool, const struct clock *clock)
{
    char text[SPOOL_KEY_BYTES];
    struct stat info;
    ssize_t got = pread(spool->fd, text, sizeof(text) - 1, 0);
    bool is_fresh =
        fstat(spool->fd, &info) == 0 && clock_wall_us(clock) / US_PER_S - info.st_mtime < SPOOL_KEEP_S;
    struct span key = { text, got > 0 ? (size_t)got : 0 };
    if (!is_fresh || !is_key(key))
        return false;
    memcpy(spool->key, text, key.len);
    spool->key[key.len] = '\0';
    spool->is_taken_up = true;
    return true;
}

static int open_file(struct key_spool *spool, const char *path, struct err *err)
{
    auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 1 : err_errno(err, errno, "%s", path);
    spool->fd = move_fd(fd);
    spool->path = mem_dup_str(path);
    return 0;
}

static int open_place(const struct cli_env *env, const char *gateway, struct span body,
                      struct key_spool *spool, struct err *err)
{
    auto_str struct str path = STR_MAX(PATH_MAX);
    uint64_t low = fnv(fnv(FNV_OFFSET, span_of(gateway)), body);
    if (folder(env, &path, err) < 0)
        return -1;
    str_addf(&path, "/%016" PRIx64 "%016" PRIx64, low, fnv(low * FNV_PRIME, body));
    int rc = open_file(spool, str_text(&path), err);
    if (rc <= 0)
        return rc;
    str_addf(&path, ".%ld", (long)getpid()); /* the same submission is under way in another program */
    return open_file(spool, str_text(&path), err) < 0 ? -1 : 0;
}

void key_spool_open(const struct cli_env *env, const char *gateway, struct span body, struct key_spool *out,
                    struct err *err)
{
    *out = (struct key_spool){ .fd = -1 };
    new_key(out);
    if (open_place(env, gateway, body, out, err) < 0 || out->fd < 0 || read_key(out, env->clock))
        return;
    (void)write_key(out, err);
}

void key_spool_renew(struct key_spool *spool)
{
    new_key(spool);
    if (spool->fd >= 0)
        (void)write_key(spool, NULL);
}

void key_spool_close(struct key_spool *spool, bool done)
{
    if (done && spool->path)
        (void)unlink(spool->path);
    if (spool->fd >= 0)
        (void)close(spool->fd);
    free(spool->path);
    *spool = (struct key_spool){ .fd = -1 };
}
