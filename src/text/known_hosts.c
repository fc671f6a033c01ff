#include "text/known_hosts.h"

#include "text/base64.h"
#include "text/sha1.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_HOST_BYTES = 300, MAX_KEY_BYTES = 16384 };

struct entry {
    struct span marker, hosts, type, key; /* key still in base64 */
    unsigned line;
};

static struct span take_word(struct span *rest)
{
    while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = span_skip(*rest, 1);
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != ' ' && rest->ptr[n] != '\t')
        n++;
    struct span word = span_head(*rest, n);
    *rest = span_skip(*rest, n);
    return word;
}

static bool next_entry(struct span *rest, struct entry *entry)
{
    struct span line;
    while (span_next_line(rest, &line)) {
        entry->line++;
        line = span_trim(line);
        if (!line.len || line.ptr[0] == '#')
            continue;
        entry->marker = line.ptr[0] == '@' ? take_word(&line) : (struct span){ 0 };
        entry->hosts = take_word(&line);
        entry->type = take_word(&line);
        entry->key = take_word(&line);
        if (entry->key.len)
            return true;
    }
    return false;
}

static bool is_same_char(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* '*' and '?', without recursion: on a mismatch the last star takes one more. */
static bool matches_pattern(struct span pattern, struct span name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, star_n = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            star_n = n;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || is_same_char(pattern.ptr[p], name.ptr[n]))) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++star_n;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* |1|salt|hash, both in base64. */
static bool matches_hash(struct span field, struct span name)
{
    char lower[MAX_HOST_BYTES];
    struct span salt64, hash64;
    auto_str struct str salt = STR_MAX(256), hash = STR_MAX(256);
    field = span_skip(field, 3);
    if (!span_next(&field, '|', &salt64) || !span_next(&field, '|', &hash64) || name.len > sizeof(lower))
        return false;
    if (!base64_decode(salt64, &salt) || !base64_decode(hash64, &hash) || hash.len != SHA1_BYTES)
        return false;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)tolower((unsigned char)name.ptr[i]);
    unsigned char own[SHA1_BYTES];
    sha1_hmac(str_span(&salt), (struct span){ lower, name.len }, own);
    return memcmp(own, hash.buf, SHA1_BYTES) == 0;
}

static bool covers(const struct entry *entry, struct span name)
{
    if (span_starts(entry->hosts, "|1|"))
        return matches_hash(entry->hosts, name);
    struct span rest = entry->hosts, pattern;
    bool is_covered = false;
    while (span_next(&rest, ',', &pattern)) {
        bool is_negated = span_starts(pattern, "!");
        if (!matches_pattern(is_negated ? span_skip(pattern, 1) : pattern, name))
            continue;
        if (is_negated)
            return false;
        is_covered = true;
    }
    return is_covered;
}

static bool is_key(const struct entry *entry, struct span key)
{
    auto_str struct str raw = STR_MAX(MAX_KEY_BYTES);
    return base64_decode(entry->key, &raw) && span_eq(str_span(&raw), key);
}

struct span known_hosts_key_type(struct span key)
{
    if (key.len < 4)
        return (struct span){ 0 };
    const unsigned char *p = (const unsigned char *)key.ptr;
    size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    return n <= key.len - 4 ? span_head(span_skip(key, 4), n) : (struct span){ 0 };
}

static void weigh(struct known_answer *answer, const struct entry *entry, struct span key)
{
    bool is_same = is_key(entry, key);
    if (span_is(entry->marker, "@cert-authority")) {
        answer->has_authority = true;
    } else if (span_is(entry->marker, "@revoked")) {
        if (is_same)
            *answer = (struct known_answer){ .verdict = KNOWN_REVOKED, .line = entry->line };
    } else if (entry->marker.len || answer->verdict == KNOWN_REVOKED) {
        return;
    } else if (is_same) {
        answer->verdict = KNOWN_MATCH;
        answer->line = entry->line;
    } else if (answer->verdict != KNOWN_MATCH) {
        bool is_same_type = span_eq(entry->type, known_hosts_key_type(key));
        if (answer->verdict == KNOWN_UNKNOWN || (is_same_type && !answer->same_type))
            answer->line = entry->line;
        answer->verdict = KNOWN_CHANGED;
        answer->same_type = answer->same_type || is_same_type;
    }
}

static struct known_answer check_name(struct span text, struct span name, struct span key)
{
    struct known_answer answer = { 0 };
    struct entry entry = { 0 };
    while (next_entry(&text, &entry))
        if (covers(&entry, name))
            weigh(&answer, &entry, key);
    return answer;
}

static struct span put_name(const char *host, unsigned port, char *buf, size_t size)
{
    (void)(port == 22 ? snprintf(buf, size, "%s", host) : snprintf(buf, size, "[%s]:%u", host, port));
    return span_of(buf); /* cut where it is too long: no name is */
}

struct known_answer known_hosts_check(struct span text, const char *host, unsigned port, struct span key)
{
    char buf[MAX_HOST_BYTES];
    struct known_answer answer = check_name(text, put_name(host, port, buf, sizeof(buf)), key);
    if (port == 22 || answer.verdict == KNOWN_MATCH || answer.verdict == KNOWN_REVOKED)
        return answer;
    struct known_answer bare = check_name(text, span_of(host), key);
    bool counts =
        bare.verdict == KNOWN_REVOKED || (bare.verdict == KNOWN_MATCH && answer.verdict == KNOWN_UNKNOWN);
    return counts ? bare : answer;
}

static bool name_has_type(struct span text, struct span name, const char *type)
{
    struct entry entry = { 0 };
    while (next_entry(&text, &entry))
        if (!entry.marker.len && span_is(entry.type, type) && covers(&entry, name))
            return true;
    return false;
}

bool known_hosts_has_type(struct span text, const char *host, unsigned port, const char *type)
{
    char buf[MAX_HOST_BYTES];
    if (name_has_type(text, put_name(host, port, buf, sizeof(buf)), type))
        return true;
    return port != 22 && name_has_type(text, span_of(host), type);
}

void known_hosts_line(const char *host, unsigned port, struct span key, struct str *out)
{
    char buf[MAX_HOST_BYTES];
    str_add_span(out, put_name(host, port, buf, sizeof(buf)));
    str_add_char(out, ' ');
    str_add_span(out, known_hosts_key_type(key));
    str_add_char(out, ' ');
    base64_encode(key, true, out);
    str_add_char(out, '\n');
}
