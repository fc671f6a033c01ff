/* OpenSSH's known_hosts, read by ourselves: plain names, [host]:port, hashed names (|1|), wildcards,
 * negation,
 * @revoked. Lines of @cert-authority are not used (libssh2 1.10 knows no host certificates) but told about.
 * What cannot be read is skipped, as ssh does. Pure. */
#ifndef SLUICE_TEXT_KNOWN_HOSTS_H
#define SLUICE_TEXT_KNOWN_HOSTS_H

#include "base/str.h"

enum known_verdict {
    KNOWN_UNKNOWN, /* no key is known for the host */
    KNOWN_MATCH,
    KNOWN_CHANGED, /* keys are known, of whatever type, and this is none of them */
    KNOWN_REVOKED
};

struct known_answer {
    enum known_verdict verdict;
    unsigned line;      /* from 1: of the match, of the revocation, of the first other key */
    bool same_type;     /* CHANGED: at least one of the other keys is of the same type */
    bool has_authority; /* a @cert-authority line covers the host */
};

/* key is the raw public key as the wire has it. A port other than 22 is looked for as [host]:port; a match
 * under the bare name counts too, as with ssh, but a bare name's other key then means nothing. */
struct known_answer known_hosts_check(struct span text, const char *host, unsigned port, struct span key);

/* Is a key of this type ("ssh-ed25519") known for the host? For the order in which we ask for types. */
bool known_hosts_has_type(struct span text, const char *host, unsigned port, const char *type);

/* The line to be added for a new key. */
void known_hosts_line(const char *host, unsigned port, struct span key, struct str *out);

/* "ssh-ed25519" out of a raw public key; empty where it is none. */
struct span known_hosts_key_type(struct span key);

#endif
