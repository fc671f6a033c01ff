#include "exec/ssh_hostkey.h"

#include "base/log.h"
#include "base/str.h"
#include "io/file.h"
#include "text/base64.h"
#include "text/known_hosts.h"

#include <string.h>

enum { MAX_KNOWN_HOSTS_BYTES = 4 * 1024 * 1024, MAX_LINE_BYTES = 32 * 1024, SHA256_BYTES = 32 };

int ssh_hostkey_read(const struct ssh_settings *set, struct str *text, struct err *err)
{
    struct err why = { 0 };
    if (file_read(set->known_hosts, MAX_KNOWN_HOSTS_BYTES, text, &why) == 0 || why.code == ERR_NOT_FOUND)
        return 0;
    /* Without it every host is unknown, which would be the wrong thing to say. A disk or a table of
     * descriptors is well again some day; the rest a person must mend. */
    return err_set(err, why.code == ERR_IO ? ERR_OFFLINE : ERR_AUTH, "cannot check the host key: %s",
                   why.text);
}

static int accept_key(const struct ssh_settings *set, struct span known_hosts, struct span key,
                      struct err *err)
{
    auto_str struct str line = STR_MAX(MAX_LINE_BYTES);
    if (known_hosts.len && known_hosts.ptr[known_hosts.len - 1] != '\n')
        str_add_char(&line, '\n');
    known_hosts_line(set->host, set->port, key, &line);
    return file_append(set->known_hosts, str_span(&line), 0600, err);
}

/* How ssh is called so that it keeps the key where we look for it. */
static void add_ssh(const struct ssh_settings *set, struct str *to)
{
    str_add(to, "ssh ");
    if (!set->has_known_hosts)
        return;
    if (strpbrk(set->known_hosts, " '\"\\"))
        str_addf(to, "-o 'UserKnownHostsFile=\"%s\"' ", set->known_hosts);
    else
        str_addf(to, "-o UserKnownHostsFile=%s ", set->known_hosts);
}

static int refuse_unknown(const struct ssh_settings *set, struct span type, const char *print,
                          struct err *err)
{
    auto_str struct str ssh = STR_MAX(MAX_LINE_BYTES);
    add_ssh(set, &ssh);
    return err_set(err, ERR_AUTH,
                   "the host key of %s is not known (%.*s %s, not in %s): connect once with `%s-p %u %s@%s`, "
                   "compare the fingerprint with what the site publishes, say yes, then reconnect",
                   set->host, SPAN_FMT(type), print, set->known_hosts, str_text(&ssh), set->port, set->user,
                   set->host);
}

static int refuse_changed(const struct ssh_settings *set, const struct known_answer *answer, struct span type,
                          const char *print, struct err *err)
{
    auto_str struct str ssh = STR_MAX(MAX_LINE_BYTES);
    add_ssh(set, &ssh);
    if (!answer->same_type)
        return err_set(
            err, ERR_AUTH,
            "%s shows a %.*s key (%s) that is not known, while %s:%u knows a key of another type that "
            "it did not show: connect once with `%s-o HostKeyAlgorithms=%.*s -p %u %s@%s`, compare the "
            "fingerprint with what the site publishes, say yes, then reconnect",
            set->host, SPAN_FMT(type), print, set->known_hosts, answer->line, str_text(&ssh), SPAN_FMT(type),
            set->port, set->user, set->host);
    return err_set(
        err, ERR_AUTH,
        "the host key of %s HAS CHANGED: it shows %.*s %s, %s:%u says otherwise. Somebody may be in "
        "between. If the site confirms the new key, remove that line and connect once with `%s-p %u %s@%s`",
        set->host, SPAN_FMT(type), print, set->known_hosts, answer->line, str_text(&ssh), set->port,
        set->user, set->host);
}

int ssh_hostkey_judge(const struct ssh_settings *set, struct span known_hosts, struct span key,
                      struct span sha256, struct err *err)
{
    auto_str struct str print = STR_MAX(128);
    struct known_answer answer = known_hosts_check(known_hosts, set->host, set->port, key);
    struct span type = known_hosts_key_type(key);
    str_add(&print, "SHA256:");
    base64_encode(sha256, false, &print);
    if (answer.verdict == KNOWN_MATCH)
        return 0;
    if (answer.verdict == KNOWN_REVOKED)
        return err_set(err, ERR_AUTH, "the host key of %s (%.*s %s) is revoked by %s:%u", set->host,
                       SPAN_FMT(type), print.buf, set->known_hosts, answer.line);
    if (answer.verdict == KNOWN_CHANGED)
        return refuse_changed(set, &answer, type, print.buf, err);
    if (!set->accept_new_host) {
        refuse_unknown(set, type, print.buf, err);
        if (answer.has_authority)
            err_wrap(err, "host certificates (@cert-authority) are " SSH_BEYOND);
        return -1;
    }
    log_warn("ssh %s: new host key of %s accepted: %.*s %s", set->name, set->host, SPAN_FMT(type), print.buf);
    return accept_key(set, known_hosts, key, err);
}

int ssh_hostkey_check(LIBSSH2_SESSION *session, const struct ssh_settings *set, struct span known_hosts,
                      struct err *err)
{
    size_t len = 0;
    int type = 0;
    const char *key = libssh2_session_hostkey(session, &len, &type);
    const char *sha256 = libssh2_hostkey_hash(session, LIBSSH2_HOSTKEY_HASH_SHA256);
    if (!key || !sha256)
        return err_set(err, ERR_OFFLINE, "the server showed no host key");
    return ssh_hostkey_judge(set, known_hosts, (struct span){ key, len },
                             (struct span){ sha256, SHA256_BYTES }, err);
}
