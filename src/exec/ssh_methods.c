#include "exec/ssh_methods.h"

#include "base/mem.h"
#include "base/str.h"
#include "exec/ssh_wire.h"
#include "text/known_hosts.h"

#include <string.h>

enum { MAX_LIST_BYTES = 512, COOKIE_BYTES = 16, MSG_KEXINIT = 20 };

static const char kex_list[] = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
                               "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,"
                               "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
                               "diffie-hellman-group14-sha256";
static const char *const key_types[] = { "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                         "ecdsa-sha2-nistp521" };
/* In the order of OpenSSH: 128 bits are enough and take a quarter less of our time, block by block. */
static const char cipher_list[] = "aes128-ctr,aes192-ctr,aes256-ctr";
static const char mac_list[] = "hmac-sha2-256,hmac-sha2-512";

static void add_type(struct str *list, const char *type)
{
    if (list->len)
        str_add_char(list, ',');
    str_add(list, type);
}

static void order_types(const struct ssh_settings *set, struct span known_hosts, struct str *list)
{
    for (int is_known = 1; is_known >= 0; is_known--)
        for (size_t i = 0; i < ARRAY_LEN(key_types); i++)
            if (known_hosts_has_type(known_hosts, set->host, set->port, key_types[i]) == (is_known == 1))
                add_type(list, key_types[i]);
}

int ssh_methods_set(LIBSSH2_SESSION *session, const struct ssh_settings *set, struct span known_hosts,
                    struct err *err)
{
    auto_str struct str types = STR_MAX(MAX_LIST_BYTES);
    order_types(set, known_hosts, &types);
    const struct {
        int method;
        const char *list;
    } wanted[] = {
        { LIBSSH2_METHOD_KEX, kex_list },         { LIBSSH2_METHOD_HOSTKEY, str_text(&types) },
        { LIBSSH2_METHOD_CRYPT_CS, cipher_list }, { LIBSSH2_METHOD_CRYPT_SC, cipher_list },
        { LIBSSH2_METHOD_MAC_CS, mac_list },      { LIBSSH2_METHOD_MAC_SC, mac_list },
        { LIBSSH2_METHOD_COMP_CS, "none" },       { LIBSSH2_METHOD_COMP_SC, "none" },
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (libssh2_session_method_pref(session, wanted[i].method, wanted[i].list) != 0)
            return err_set(err, ERR_UNSUPPORTED, "this libssh2 knows none of %s", wanted[i].list);
    return 0;
}

/* --- why there was no agreement --- */

static bool has_common(struct span theirs, struct span ours)
{
    struct span mine;
    while (span_next(&ours, ',', &mine)) {
        struct span rest = theirs, their;
        while (span_next(&rest, ',', &their))
            if (span_eq(their, mine))
                return true;
    }
    return false;
}

/* Behind the banner: length, padding length, message number, cookie, then the lists. */
static bool find_lists(struct span first_bytes, struct span *lists)
{
    struct span line = { 0 };
    while (span_next_line(&first_bytes, &line) && !span_starts(line, "SSH-"))
        continue;
    if (!span_starts(line, "SSH-") || first_bytes.len < 6 + COOKIE_BYTES || first_bytes.ptr[5] != MSG_KEXINIT)
        return false;
    *lists = span_skip(first_bytes, 6 + COOKIE_BYTES);
    return true;
}

bool ssh_methods_explain(struct span first_bytes, struct err *err)
{
    const struct {
        const char *what, *ours;
    } lists[] = {
        { "key exchange", kex_list },
        { "host key", "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521" },
        { "cipher", cipher_list },
        { "cipher", cipher_list },
        { "MAC", mac_list },
        { "MAC", mac_list },
    };
    struct span rest, theirs;
    if (!find_lists(first_bytes, &rest))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (!ssh_wire_take_string(&rest, &theirs))
            return false;
        if (has_common(theirs, span_of(lists[i].ours)))
            continue;
        err_set(err, ERR_UNSUPPORTED, "the server's only %s algorithms are %.*s, " SSH_BEYOND, lists[i].what,
                SPAN_FMT(span_head(theirs, 300)));
        return true;
    }
    return false;
}
