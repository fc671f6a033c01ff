#include "api/policy.h"

#include <sodium.h>

#define BEFORE "default-src 'none'; script-src 'self'"
#define BEHIND                                                                        \
    "; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; " \
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

const char policy_usual[] = BEFORE BEHIND;

static struct span script_of(struct span page)
{
    static const char open[] = "<script>", shut[] = "</script>";
    struct span script = span_skip(page, span_find(page, SPAN_LIT(open)));
    script = span_skip(script, sizeof(open) - 1);
    return span_head(script, span_find(script, SPAN_LIT(shut)));
}

void policy_of_page(struct span page, struct str *out)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof(hash), sodium_base64_VARIANT_ORIGINAL)];
    struct span script = script_of(page);
    str_add(out, BEFORE);
    if (script.len) {
        (void)crypto_hash_sha256(hash, (const unsigned char *)script.ptr, script.len);
        (void)sodium_bin2base64(text, sizeof(text), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
        str_addf(out, " 'sha256-%s'", text);
    }
    str_add(out, BEHIND);
}
