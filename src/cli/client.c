#include "cli/client.h"

#include "base/limits.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_MS = 10 * 1000,
    DEFAULT_TIMEOUT_S = 120,
    MAX_REPLY_BYTES = 64 * 1024 * 1024,
    MAX_URL_BYTES = 16 * 1024,
    MAX_HEADER_BYTES = 8 * 1024
};

struct client {
    CURL *curl; /* one connection, kept open */
    char *base, *token;
    bool is_loopback;
};

static bool is_loopback(const char *base)
{
    static const char *const names[] = { "//127.", "//localhost", "//[::1]" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strstr(base, names[i]))
            return true;
    return false;
}

int client_new(const char *base, const char *token, struct client **out, struct err *err)
{
    struct span url = span_of(base);
    if ((!span_starts(url, "http://") && !span_starts(url, "https://")) || url.len > 2048)
        return err_set(err, ERR_INVALID, "SLUICE_URL: expected http://HOST:PORT, got %s", base);
    if (token && strpbrk(token, "\r\n"))
        return err_set(err, ERR_INVALID, "SLUICE_TOKEN: holds a line break");
    while (url.len && url.ptr[url.len - 1] == '/')
        url.len--;
    struct client *client = mem_zalloc(sizeof(*client));
    client->curl = curl_easy_init();
    if (!client->curl) {
        free(client);
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    }
    client->base = span_dup(url);
    client->token = mem_dup_str(token);
    client->is_loopback = is_loopback(client->base);
    *out = client;
    return 0;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    free(client->base);
    free(client->token);
    free(client);
}

const char *client_base(const struct client *client)
{
    return client->base;
}

void client_reply_clear(struct client_reply *reply)
{
    str_clear(&reply->body);
}

/* --- what comes back --- */

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct str *body = ctx;
    str_add_span(body, (struct span){ data, size * count });
    return body->failed ? 0 : size * count;
}

static void read_header(struct span line, const char *name, int64_t *value)
{
    size_t colon = span_find_char(line, ':');
    if (colon != strlen(name) || strncasecmp(line.ptr, name, colon) != 0)
        return;
    int64_t number;
    if (span_i64(span_trim(span_skip(line, colon + 1)), &number) && number >= 0)
        *value = number;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct client_reply *reply = ctx;
    struct span line = { data, size * count };
    read_header(line, "X-Sluice-Offset", &reply->offset);
    read_header(line, "X-Sluice-Size", &reply->size);
    read_header(line, "X-Sluice-Begun", &reply->begun);
    read_header(line, "Retry-After", &reply->retry_after_s);
    return size * count;
}

/* --- what goes out --- */

static struct curl_slist *headers_of(const struct client *client, const struct client_call *call)
{
    struct curl_slist *list = NULL;
    auto_str struct str line = STR_MAX(MAX_HEADER_BYTES);
    if (client->token) {
        str_addf(&line, "Authorization: Bearer %s", client->token);
        list = curl_slist_append(list, str_text(&line));
        str_cut(&line, 0);
    }
    if (call->key) {
        str_addf(&line, "Idempotency-Key: %s", call->key);
        list = curl_slist_append(list, str_text(&line));
    }
    if (call->body)
        list = curl_slist_append(list, "Content-Type: application/json");
    return curl_slist_append(list, "Expect:");
}

static void prepare(const struct client *client, const struct client_call *call, const char *url,
                    struct curl_slist *headers, struct client_reply *reply)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "sluice-cli");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)(call->timeout_s ? call->timeout_s : DEFAULT_TIMEOUT_S));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply);
    if (client->is_loopback) /* http_proxy in the environment is not meant for this machine */
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (call->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
    }
}

/* --- what may go wrong --- */

static const char *reason_of(const struct client *client, CURLcode code)
{
    long errnum = 0;
    if (code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &errnum) == CURLE_OK && errnum > 0)
        return strerror((int)errnum);
    return curl_easy_strerror(code);
}

static bool was_never_sent(const struct client *client, CURLcode code)
{
    double connected = 0;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
        code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_SSL_CONNECT_ERROR ||
        code == CURLE_PEER_FAILED_VERIFICATION)
        return true;
    return code == CURLE_OPERATION_TIMEDOUT &&
           curl_easy_getinfo(client->curl, CURLINFO_CONNECT_TIME, &connected) == CURLE_OK && connected <= 0;
}

static int explain(const struct client *client, CURLcode code, const struct client_reply *reply,
                   struct err *err)
{
    if (reply->body.failed)
        return err_set(err, ERR_TOO_LARGE, "the answer of %s is larger than %d MiB", client->base,
                       MAX_REPLY_BYTES / (1024 * 1024));
    const char *reason = reason_of(client, code);
    if (code == CURLE_URL_MALFORMAT)
        return err_set(err, ERR_INVALID, "SLUICE_URL: %s is no URL", client->base);
    if (!was_never_sent(client, code))
        return err_set(err, ERR_IO, "the gateway at %s gave no whole answer (%s)", client->base, reason);
    return err_set(err, ERR_OFFLINE, "no gateway answers at %s (%s)%s", client->base, reason,
                   client->is_loopback ? "; start one with: sluice serve" : "; is SLUICE_URL right?");
}

int client_exchange(struct client *client, const struct client_call *call, struct client_reply *reply,
                    struct err *err)
{
    auto_str struct str url = STR_MAX(MAX_URL_BYTES);
    str_addf(&url, "%s%s", client->base, call->path);
    if (url.failed)
        return err_set(err, ERR_TOO_LARGE, "the request's address is longer than %d bytes", MAX_URL_BYTES);
    struct client_reply fresh = { .body = STR_MAX(MAX_REPLY_BYTES), .offset = -1, .size = -1, .begun = -1 };
    struct curl_slist *headers = headers_of(client, call);
    prepare(client, call, str_text(&url), headers, &fresh);
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        (void)explain(client, code, &fresh, err);
        client_reply_clear(&fresh);
        return -1;
    }
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &fresh.status);
    client_reply_clear(reply);
    *reply = fresh;
    return 0;
}

void client_add_encoded(struct str *to, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                        (*at >= '0' && *at <= '9') || strchr("-._~", *at);
        if (is_plain) {
            str_add_char(to, (char)*at);
            continue;
        }
        str_add_char(to, '%');
        str_add_char(to, hex[*at >> 4]);
        str_add_char(to, hex[*at & 15]);
    }
}
