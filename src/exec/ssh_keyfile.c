#include "exec/ssh_keyfile.h"

#include "base/mem.h"
#include "base/str.h"
#include "exec/ssh_settings.h"
#include "exec/ssh_wire.h"
#include "io/file.h"
#include "text/base64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_KEYFILE_BYTES = 64 * 1024 };

/* The lines between BEGIN and END, joined and decoded. */
static bool decode_body(struct span text, struct str *out)
{
    auto_str struct str joined = STR_MAX(MAX_KEYFILE_BYTES);
    struct span line = { 0 };
    while (span_next_line(&text, &line) && !span_starts(line, "-----END"))
        str_add_span(&joined, span_trim(line));
    return base64_decode(str_span(&joined), out);
}

static int parse_openssh(struct span body, struct ssh_keyfile *out, struct err *err)
{
    static const char magic[] = "openssh-key-v1"; /* its NUL belongs to it */
    auto_str struct str raw = STR_MAX(MAX_KEYFILE_BYTES);
    struct span cipher, kdf, kdf_options, public, type;
    bool is_whole =
        decode_body(body, &raw) && raw.len > sizeof(magic) && memcmp(raw.buf, magic, sizeof(magic)) == 0;
    struct span rest = span_skip(str_span(&raw), sizeof(magic));
    is_whole = is_whole && ssh_wire_take_string(&rest, &cipher) && ssh_wire_take_string(&rest, &kdf) &&
               ssh_wire_take_string(&rest, &kdf_options) && rest.len > 4;
    rest = span_skip(rest, 4); /* the number of keys: one */
    if (!is_whole || !ssh_wire_take_string(&rest, &public) || !ssh_wire_take_string(&public, &type))
        return err_set(err, ERR_INVALID, "it is a damaged OpenSSH key");
    out->is_encrypted = !span_is(cipher, "none");
    snprintf(out->type, sizeof(out->type), "%.*s", SPAN_FMT(type));
    return 0;
}

int ssh_keyfile_parse(struct span text, struct ssh_keyfile *out, struct err *err)
{
    static const struct {
        const char *begin, *type;
        bool is_encrypted;
    } pem[] = {
        { "-----BEGIN RSA PRIVATE KEY-----", "ssh-rsa", false },
        { "-----BEGIN DSA PRIVATE KEY-----", "ssh-dss", false },
        { "-----BEGIN EC PRIVATE KEY-----", "", false },
        { "-----BEGIN PRIVATE KEY-----", "", false },
        { "-----BEGIN ENCRYPTED PRIVATE KEY-----", "", true },
    };
    struct ssh_keyfile key = { 0 };
    struct span line = { 0 };
    while (span_next_line(&text, &line) && !span_starts(line, "-----BEGIN"))
        continue;
    line = span_trim(line);
    if (span_is(line, "-----BEGIN OPENSSH PRIVATE KEY-----")) {
        if (parse_openssh(text, &key, err) < 0)
            return -1;
        *out = key;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(pem); i++) {
        if (!span_is(line, pem[i].begin))
            continue;
        snprintf(key.type, sizeof(key.type), "%s", pem[i].type);
        key.is_encrypted = pem[i].is_encrypted || span_has(text, "Proc-Type: 4,ENCRYPTED");
        *out = key;
        return 0;
    }
    return err_set(err, ERR_INVALID, "it is no private key");
}

int ssh_keyfile_check_type(struct span type, const char *where, struct err *err)
{
    if (span_is(type, "ssh-ed25519") || span_starts(type, "ecdsa-sha2-nistp") || !type.len)
        return span_has(type, "-cert-")
                   ? err_set(err, ERR_UNSUPPORTED, "%s: certificates are " SSH_BEYOND, where)
                   : 0;
    if (span_is(type, "ssh-rsa"))
        return err_set(err, ERR_UNSUPPORTED, "%s: key type ssh-rsa needs rsa-sha2, which is " SSH_BEYOND,
                       where);
    return err_set(err, ERR_UNSUPPORTED, "%s: key type %.*s is " SSH_BEYOND, where, SPAN_FMT(type));
}

static int check_mode(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return err_errno(err, errno, "key file %s", path);
    if (st.st_mode & 077)
        return err_set(err, ERR_DENIED, "key file %s can be read by others (mode %03o): chmod 600 it", path,
                       (unsigned)st.st_mode & 0777);
    if (st.st_uid != getuid() && st.st_uid != 0)
        return err_set(err, ERR_DENIED, "key file %s belongs to another user", path);
    return 0;
}

int ssh_keyfile_check(const char *path, const char *passphrase, struct ssh_keyfile *out, struct err *err)
{
    auto_str struct str text = STR_MAX(0);
    if (check_mode(path, err) < 0 || file_read(path, MAX_KEYFILE_BYTES, &text, err) < 0)
        return -1;
    int rc = ssh_keyfile_parse(str_span(&text), out, err);
    explicit_bzero(text.buf, text.len);
    if (rc < 0)
        return err_wrap(err, "key file %s", path);
    if (ssh_keyfile_check_type(span_of(out->type), path, err) < 0)
        return -1;
    if (out->is_encrypted && !passphrase)
        return err_set(err, ERR_AUTH,
                       "key file %s needs a pass phrase: set ssh.passphrase_secret, or use the agent", path);
    return 0;
}
