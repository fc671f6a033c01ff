#include "exec/ssh_auth.h"

#include "base/mem.h"
#include "base/str.h"
#include "exec/ssh_agent.h"
#include "exec/ssh_keyfile.h"
#include "text/known_hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* sshd allows six failures a connection, and they look like guessing to whoever counts. */
enum { MAX_AGENT_TRIES = 4, METHODS_BYTES = 256, MAX_NOTES_BYTES = 700, MAX_CERT_PATH_BYTES = 4096 };

enum stage { STAGE_LIST, STAGE_AGENT, STAGE_AGENT_KEYS, STAGE_FILES, STAGE_LAST_LIST };

struct ssh_auth {
    LIBSSH2_SESSION *session;
    const struct ssh_settings *set;
    loop_fn *wake;
    void *ctx;
    enum stage stage;
    char methods[METHODS_BYTES]; /* what the server offered first */
    struct ssh_agent *agent;
    size_t agent_index, agent_tries, file_index;
    bool is_trying, is_hard; /* the file at file_index was checked; a pass phrase belongs to it */
    bool is_in_pool, has_beyond;
    bool has_trouble; /* a key file cannot be read now */
    unsigned refused; /* keys the server did not want */
    struct str notes; /* why keys were not even tried */
    struct err sign_err;
};

struct ssh_auth *ssh_auth_new(LIBSSH2_SESSION *session, const struct ssh_settings *set, loop_fn *wake,
                              void *ctx)
{
    struct ssh_auth *auth = mem_zalloc(sizeof(*auth));
    *auth = (struct ssh_auth){ .session = session, .set = set, .wake = wake, .ctx = ctx };
    auth->notes = STR_MAX(MAX_NOTES_BYTES);
    return auth;
}

void ssh_auth_free(struct ssh_auth *auth)
{
    if (!auth)
        return;
    ssh_agent_free(auth->agent);
    str_clear(&auth->notes);
    free(auth);
}

static void note(struct ssh_auth *auth, const struct err *why)
{
    if (why->code == ERR_UNSUPPORTED)
        auth->has_beyond = true;
    str_addf(&auth->notes, "%s%s", auth->notes.len ? "; " : "", why->text);
}

/* libssh2 gives a link that broke while it waited for the server's word the number of a refusal: only its
 * text tells them apart. A refusal stops all logins, so that it must be one. */
static bool is_lost(const struct ssh_auth *auth, int rc)
{
    char *text = NULL;
    if (rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) {
        libssh2_session_last_error(auth->session, &text, NULL, 0);
        return span_starts(span_of(text ? text : ""), "Waiting for ");
    }
    return rc == LIBSSH2_ERROR_SOCKET_SEND || rc == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
           rc == LIBSSH2_ERROR_SOCKET_RECV || rc == LIBSSH2_ERROR_SOCKET_TIMEOUT ||
           rc == LIBSSH2_ERROR_TIMEOUT;
}

static enum ssh_auth_step lost(struct ssh_auth *auth, struct err *err)
{
    char *text = NULL;
    libssh2_session_last_error(auth->session, &text, NULL, 0);
    err_set(err, ERR_OFFLINE, "the connection was lost during the login: %s", text ? text : "");
    return SSH_AUTH_FAILED;
}

/* The list of methods, by an attempt without any ("none" may even succeed). */
static enum ssh_auth_step ask_methods(struct ssh_auth *auth, char *methods, struct err *err)
{
    const char *user = auth->set->user;
    const char *list = libssh2_userauth_list(auth->session, user, (unsigned)strlen(user));
    if (list) {
        snprintf(methods, METHODS_BYTES, "%s", list);
        return SSH_AUTH_FAILED; /* not logged in: the usual case */
    }
    if (libssh2_userauth_authenticated(auth->session))
        return SSH_AUTH_DONE;
    if (libssh2_session_last_errno(auth->session) == LIBSSH2_ERROR_EAGAIN)
        return SSH_AUTH_AGAIN;
    methods[0] = '\0';
    return lost(auth, err);
}

static enum ssh_auth_step needs_person(struct ssh_auth *auth, const char *methods, bool has_first,
                                       struct err *err)
{
    err_set(err, ERR_AUTH,
            "%s asks for %s%s (a code or password), which a person must answer: sluice connect, with "
            "ssh.backend auto or openssh",
            auth->set->host, methods, has_first ? " beside the key" : "");
    return SSH_AUTH_PROMPTS;
}

static bool has_method(const char *methods, const char *name)
{
    struct span rest = span_of(methods), part;
    while (span_next(&rest, ',', &part))
        if (span_is(part, name))
            return true;
    return false;
}

static enum ssh_auth_step step_list(struct ssh_auth *auth, struct err *err)
{
    enum ssh_auth_step step = ask_methods(auth, auth->methods, err);
    if (step != SSH_AUTH_FAILED || !auth->methods[0])
        return step;
    if (!has_method(auth->methods, "publickey"))
        return needs_person(auth, auth->methods, false, err);
    auth->stage = auth->set->agent_socket ? STAGE_AGENT : STAGE_FILES;
    return ssh_auth_step(auth, err);
}

static enum ssh_auth_step step_agent(struct ssh_auth *auth, struct err *err)
{
    struct err why = { 0 };
    int rc = 0;
    if (!auth->agent)
        rc = ssh_agent_open(auth->set->loop, auth->set->agent_socket, auth->wake, auth->ctx, &auth->agent,
                            &why);
    if (rc == 0)
        rc = ssh_agent_list(auth->agent, &why);
    if (rc == SSH_AGENT_AGAIN)
        return SSH_AUTH_AGAIN;
    if (rc < 0)
        note(auth, &why);
    auth->stage = rc < 0 ? STAGE_FILES : STAGE_AGENT_KEYS;
    return ssh_auth_step(auth, err);
}

/* libssh2 asks for the signature in the midst of its call; EAGAIN brings it back here later. */
static int sign(LIBSSH2_SESSION *session, unsigned char **sig, size_t *sig_len, const unsigned char *data,
                size_t data_len, void **abstract)
{
    (void)session;
    struct ssh_auth *auth = *abstract;
    struct span out = { 0 };
    int rc = ssh_agent_sign(auth->agent, auth->agent_index, (struct span){ (const char *)data, data_len },
                            &out, &auth->sign_err);
    if (rc == SSH_AGENT_AGAIN)
        return LIBSSH2_ERROR_EAGAIN;
    if (rc < 0)
        return -1;
    *sig = (unsigned char *)(uintptr_t)out.ptr; /* libssh2 frees it with free() */
    *sig_len = out.len;
    return 0;
}

static int try_agent_key(struct ssh_auth *auth, struct span key)
{
    void *abstract = auth;
    return libssh2_userauth_publickey(auth->session, auth->set->user, (const unsigned char *)key.ptr, key.len,
                                      sign, &abstract);
}

static void skip_agent_key(struct ssh_auth *auth, struct span key)
{
    char where[128];
    struct err why = { 0 };
    struct span comment = span_head(ssh_agent_comment(auth->agent, auth->agent_index), 60);
    snprintf(where, sizeof(where), "agent key \"%.*s\"", SPAN_FMT(comment));
    if (ssh_keyfile_check_type(known_hosts_key_type(key), where, &why) < 0)
        note(auth, &why);
}

static enum ssh_auth_step step_agent_keys(struct ssh_auth *auth, struct err *err)
{
    for (; auth->agent_index < ssh_agent_count(auth->agent); auth->agent_index++) {
        struct span key = ssh_agent_key(auth->agent, auth->agent_index);
        if (ssh_keyfile_check_type(known_hosts_key_type(key), "", NULL) < 0) {
            skip_agent_key(auth, key);
            continue;
        }
        if (auth->agent_tries >= MAX_AGENT_TRIES)
            break;
        int rc = try_agent_key(auth, key);
        if (rc == LIBSSH2_ERROR_EAGAIN)
            return SSH_AUTH_AGAIN;
        if (rc == 0 && libssh2_userauth_authenticated(auth->session))
            return SSH_AUTH_DONE;
        if (is_lost(auth, rc))
            return lost(auth, err);
        auth->agent_tries++;
        auth->refused++;
        if (auth->sign_err.code != ERR_NONE)
            note(auth, &auth->sign_err);
        auth->sign_err = (struct err){ 0 };
    }
    auth->stage = STAGE_FILES;
    return ssh_auth_step(auth, err);
}

/* True where the file at file_index can be tried. */
static bool check_file(struct ssh_auth *auth, const char *path)
{
    struct ssh_keyfile key = { 0 };
    struct err why = { 0 };
    if (ssh_keyfile_check(path, auth->set->passphrase, &key, &why) == 0) {
        auth->is_hard = key.is_encrypted;
        return true;
    }
    if (auth->set->has_own_key || why.code != ERR_NOT_FOUND)
        note(auth, &why);
    auth->has_trouble = auth->has_trouble || why.code == ERR_IO;
    return false;
}

/* What the server may want is the certificate that ssh-keygen puts beside the key. */
static void note_certificate(struct ssh_auth *auth, const char *path)
{
    struct err why = { 0 };
    auto_str struct str cert = STR_MAX(MAX_CERT_PATH_BYTES);
    str_addf(&cert, "%s-cert.pub", path);
    if (access(str_text(&cert), R_OK) < 0)
        return;
    err_set(&why, ERR_UNSUPPORTED, "the certificate %s is " SSH_BEYOND, str_text(&cert));
    note(auth, &why);
}

static void file_refused(struct ssh_auth *auth, const char *path, int rc)
{
    struct err why = { 0 };
    if (rc == LIBSSH2_ERROR_FILE || rc == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED ||
        rc == LIBSSH2_ERROR_METHOD_NONE) {
        err_set(&why, ERR_AUTH, "key file %s cannot be opened%s", path,
                auth->is_hard ? ": wrong pass phrase?" : "");
        note(auth, &why);
    } else {
        auth->refused++;
        note_certificate(auth, path);
    }
}

static enum ssh_auth_step step_files(struct ssh_auth *auth, struct err *err)
{
    for (; auth->file_index < SSH_MAX_KEYS; auth->file_index++) {
        const char *path = auth->set->keys[auth->file_index];
        if (!path || (!auth->is_trying && !check_file(auth, path)))
            continue;
        auth->is_trying = true;
        if (auth->is_hard && !auth->is_in_pool) {
            auth->is_in_pool = true;
            return SSH_AUTH_POOL;
        }
        const char *user = auth->set->user;
        int rc = libssh2_userauth_publickey_fromfile_ex(auth->session, user, (unsigned)strlen(user), NULL,
                                                        path, auth->is_hard ? auth->set->passphrase : NULL);
        auth->is_in_pool = false;
        if (rc == LIBSSH2_ERROR_EAGAIN)
            return SSH_AUTH_AGAIN;
        auth->is_trying = false;
        if (rc == 0 && libssh2_userauth_authenticated(auth->session))
            return SSH_AUTH_DONE;
        if (is_lost(auth, rc))
            return lost(auth, err);
        file_refused(auth, path, rc);
    }
    auth->stage = STAGE_LAST_LIST;
    return ssh_auth_step(auth, err);
}

/* A key that was taken but is not enough shows in what the server still offers. */
static enum ssh_auth_step step_last_list(struct ssh_auth *auth, struct err *err)
{
    char methods[METHODS_BYTES] = "";
    if (auth->refused) {
        enum ssh_auth_step step = ask_methods(auth, methods, err);
        if (step != SSH_AUTH_FAILED)
            return step;
        if (methods[0] && !has_method(methods, "publickey"))
            return needs_person(auth, methods, true, err);
    }
    enum err_code code = auth->has_beyond ? ERR_UNSUPPORTED : ERR_AUTH; /* the other backend may get in */
    if (auth->has_trouble && !auth->refused) /* our disk or descriptors, not the server: it is tried again */
        code = ERR_OFFLINE;
    err_set(err, code, "%s refuses the login of %s (%u keys offered; the server takes %s)%s%s",
            auth->set->host, auth->set->user, auth->refused, auth->methods, auth->notes.len ? ": " : "",
            str_text(&auth->notes));
    return SSH_AUTH_FAILED;
}

enum ssh_auth_step ssh_auth_step(struct ssh_auth *auth, struct err *err)
{
    static enum ssh_auth_step (*const steps[])(struct ssh_auth *, struct err *) = {
        [STAGE_LIST] = step_list,   [STAGE_AGENT] = step_agent,         [STAGE_AGENT_KEYS] = step_agent_keys,
        [STAGE_FILES] = step_files, [STAGE_LAST_LIST] = step_last_list,
    };
    return steps[auth->stage](auth, err);
}
