/* A private key file, looked at before libssh2 gets it: so that we can say what is wrong with it in words. */
#ifndef SLUICE_EXEC_SSH_KEYFILE_H
#define SLUICE_EXEC_SSH_KEYFILE_H

#include "base/err.h"
#include "base/span.h"

struct ssh_keyfile {
    char type[64]; /* "ssh-ed25519"; "" where the format does not tell (PEM: PKCS#8) */
    bool is_encrypted;
};

/* ERR_INVALID where the text is no private key. Pure. */
int ssh_keyfile_parse(struct span text, struct ssh_keyfile *out, struct err *err);

/* Reads and parses; refuses a file that others may read (ERR_DENIED), one that needs a pass phrase where
 * there is none, and types beyond libssh2 (ERR_UNSUPPORTED). ERR_NOT_FOUND: no such file. */
int ssh_keyfile_check(const char *path, const char *passphrase, struct ssh_keyfile *out, struct err *err);

/* 0, or -1 with ERR_UNSUPPORTED and why libssh2 cannot log in with a key of this type. */
int ssh_keyfile_check_type(struct span type, const char *where, struct err *err);

#endif
