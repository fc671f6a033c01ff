#include "exec/openssh_dir.h"

#include "text/sha1.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ssh makes the socket under a longer name first: 17 bytes more. */
enum { MAX_DIR_BYTES = 108 - 1 - 17 - 2, HASH_BYTES = 6 };

static int make_private(const char *path, struct err *err)
{
    struct stat st;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_errno(err, errno, "the folder for SSH masters %s", path);
    if (lstat(path, &st) < 0)
        return err_errno(err, errno, "the folder for SSH masters %s", path);
    if (!S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 077))
        return err_set(err, ERR_DENIED, "the folder for SSH masters %s is not ours alone (mode 0700)", path);
    return 0;
}

static void add_hash(struct str *to, const char *const *texts, size_t count)
{
    unsigned char digest[SHA1_BYTES];
    auto_str struct str all = STR_MAX(64 * 1024);
    for (size_t i = 0; i < count; i++)
        str_addf(&all, "%s\n", texts[i] ? texts[i] : "");
    sha1_hmac(SPAN_LIT("sluice"), str_span(&all), digest);
    for (size_t i = 0; i < HASH_BYTES; i++)
        str_addf(to, "%02x", digest[i]);
}

int openssh_dir_make(const struct ssh_settings *set, struct str *out, struct err *err)
{
    auto_str struct str base = STR_MAX(4096), dir = STR_MAX(4096), port = STR_MAX(16);
    str_addf(&port, "%u", set->has_port ? set->port : 0);
    const char *const who[] = { set->name,    set->host,       set->user,       str_text(&port),
                                set->keys[0], set->proxy_jump, set->config_file };
    if (!set->control_dir)
        return err_set(err, ERR_INVALID, "no folder for the sockets of SSH masters is given");
    str_add(&base, set->control_dir);
    if (base.len + 1 + 2 * HASH_BYTES > MAX_DIR_BYTES) {
        str_cut(&base, 0);
        str_addf(&base, "/tmp/sluice-%u-", (unsigned)getuid());
        add_hash(&base, (const char *const[]){ set->control_dir }, 1);
    }
    if (make_private(str_text(&base), err) < 0)
        return -1;
    str_addf(&dir, "%s/", str_text(&base));
    add_hash(&dir, who, sizeof(who) / sizeof(*who));
    if (make_private(str_text(&dir), err) < 0)
        return -1;
    str_add_span(out, str_span(&dir));
    return 0;
}
