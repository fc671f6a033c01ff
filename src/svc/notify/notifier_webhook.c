#include "svc/notify/notifier.h"

#include <sodium.h>

/* The signature is of "<timestamp>.<body>": a receiver that checks both knows that we made it, and when. */
static void add_signature(const struct str *key, const char *timestamp, struct span body, struct str *to)
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    struct span stamp = span_of(timestamp);
    char hex[sizeof(mac) * 2 + 1];
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)str_text(key), key->len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)stamp.ptr, stamp.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.ptr, body.len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
    sodium_memzero(&state, sizeof(state));
    str_add(to, hex);
}

void notifier_webhook(const struct notifier_message *message, struct notifier_post *out)
{
    auto_str struct str stamp = STR_MAX(32), header = STR_MAX(512);
    str_addf(&stamp, "%lld", (long long)(message->now_us / 1000000));
    str_add_span(&out->body, message->json);
    strs_push(&out->headers, "Content-Type: application/json");
    str_addf(&header, "X-Sluice-Delivery: %s", message->notice->id);
    strs_push(&out->headers, str_text(&header));
    str_cut(&header, 0);
    str_addf(&header, "X-Sluice-Event: %s", message->notice->type);
    strs_push(&out->headers, str_text(&header));
    str_cut(&header, 0);
    str_addf(&header, "X-Sluice-Timestamp: %s", str_text(&stamp));
    strs_push(&out->headers, str_text(&header));
    str_cut(&header, 0);
    str_add(&header, "X-Sluice-Signature: v1=");
    add_signature(&message->secrets->sign, str_text(&stamp), message->json, &header);
    strs_push(&out->headers, str_text(&header));
}
