#include "io/fetch.h"

#include "base/mem.h"
#include "base/str.h"
#include "io/crypto_memory.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

struct fetch {
    struct loop *loop;
    struct net_guard guard;
    bool is_freed; /* a mail in the pool still looks at the guard */
    CURLM *multi;
    struct loop_timer *timer;
    struct call *calls;
};

struct call {
    struct fetch *fetch;
    CURL *easy;
    struct curl_slist *headers, *recipients, *resolve;
    char *host, *body;
    size_t body_len, body_sent, seen;
    unsigned port;
    bool is_mail, is_full;
    bool is_in_pool;     /* a mail under way: the handle and what the callbacks use are the pool's */
    atomic_bool is_over; /* and shall end */
    CURLcode result;
    struct str answer;
    struct err refused;
    char text[CURL_ERROR_SIZE];
    fetch_done *done;
    void *ctx;
    struct call *prev, *next;
};

struct watched { /* a socket of curl's */
    struct fetch *fetch;
    curl_socket_t fd;
    struct loop_watch *watch;
};

static void call_free(struct call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->recipients);
    curl_slist_free_all(call->resolve);
    str_clear(&call->answer);
    free(call->host);
    free(call->body);
    free(call);
}

/* --- the end of a call --- */

static void end(struct call *call, const struct err *err)
{
    curl_off_t retry_after = 0;
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
    struct fetch_answer answer = {
        .err = err, .status = status, .body = str_span(&call->answer), .retry_after_s = retry_after
    };
    if (!call->is_mail)
        curl_multi_remove_handle(call->fetch->multi, call->easy);
    DL_DELETE(call->fetch->calls, call);
    call->done(call->ctx, &answer);
    call_free(call);
}

static enum err_code code_of(CURLcode result)
{
    if (result == CURLE_OPERATION_TIMEDOUT)
        return ERR_TIMEOUT;
    return result == CURLE_LOGIN_DENIED ? ERR_AUTH : ERR_OFFLINE;
}

static void finish(struct call *call, CURLcode result)
{
    struct err err = { 0 };
    if (result == CURLE_OK || call->is_full) {
        end(call, NULL);
        return;
    }
    if (call->refused.code)
        err = call->refused;
    else
        (void)err_set(&err, code_of(result), "%s", call->text[0] ? call->text : curl_easy_strerror(result));
    end(call, &err);
}

static void take_finished(struct fetch *fetch)
{
    CURLMsg *message;
    int left = 0;
    while ((message = curl_multi_info_read(fetch->multi, &left))) {
        struct call *call = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish(call, result);
    }
}

/* --- mails: libcurl waits for the server's last words on the spot, so they go to the pool, one at a time ---
 */

static void fetch_let_go(struct fetch *fetch)
{
    net_guard_clear(&fetch->guard);
    free(fetch);
    curl_global_cleanup();
}

static void in_pool(void *ctx)
{
    struct call *call = ctx;
    call->result = curl_easy_perform(call->easy);
}

static void next_mail(struct fetch *fetch);

static void after_pool(void *ctx)
{
    struct call *call = ctx;
    struct fetch *fetch = call->fetch;
    call->is_in_pool = false;
    if (fetch->is_freed) { /* the caller knows already */
        call_free(call);
        fetch_let_go(fetch);
        return;
    }
    finish(call, call->result);
    next_mail(fetch);
}

static void next_mail(struct fetch *fetch)
{
    struct call *call, *first = NULL;
    DL_FOREACH (fetch->calls, call) {
        if (call->is_in_pool)
            return;
        if (call->is_mail && !first)
            first = call;
    }
    if (!first)
        return;
    first->is_in_pool = true;
    loop_work(fetch->loop, in_pool, after_pool, first);
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct call *call = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&call->is_over);
}

/* --- curl on the loop --- */

static void act(struct fetch *fetch, curl_socket_t fd, int events)
{
    int running = 0;
    if (curl_multi_socket_action(fetch->multi, fd, events, &running) == CURLM_OUT_OF_MEMORY)
        mem_exhausted(); /* curl has let go of a call without ending it */
    take_finished(fetch);
}

static void on_fd(void *ctx, unsigned events)
{
    const struct watched *watched = ctx;
    int told = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    act(watched->fetch, watched->fd, told);
}

static void on_timer(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long ms, void *ctx)
{
    struct fetch *fetch = ctx;
    (void)multi;
    if (ms < 0)
        loop_timer_stop(fetch->timer);
    else
        loop_timer_start(fetch->timer, ms);
    return 0;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct fetch *fetch = ctx;
    struct watched *watched = socket_ctx;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched)
            loop_watch_free(watched->watch);
        free(watched);
        curl_multi_assign(fetch->multi, fd, NULL);
        return 0;
    }
    unsigned events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
    if (watched) {
        loop_watch_set(watched->watch, events);
        return 0;
    }
    watched = mem_zalloc(sizeof(*watched));
    *watched = (struct watched){ .fetch = fetch, .fd = fd };
    watched->watch = loop_watch_fd(fetch->loop, fd, events, on_fd, watched);
    if (!watched->watch) {
        free(watched);
        return 0; /* that call times out; -1 would end every call of the handle, for ever */
    }
    curl_multi_assign(fetch->multi, fd, watched);
    return 0;
}

struct fetch *fetch_new(struct loop *loop, struct net_guard *guard)
{
    struct fetch *fetch = mem_zalloc(sizeof(*fetch));
    crypto_memory_guard();
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(fetch->multi = curl_multi_init()))
        mem_exhausted();
    fetch->loop = loop;
    fetch->guard = *guard;
    *guard = (struct net_guard){ 0 };
    fetch->timer = loop_timer_new(loop, on_timer, fetch);
    curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch);
    curl_multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch);
    return fetch;
}

/* Gives the call its end; true where the pool still has it. */
static bool cancel(struct call *call)
{
    struct err err = { 0 };
    (void)err_set(&err, ERR_CANCELLED, "the gateway is stopping, or was configured anew");
    if (!call->is_in_pool) {
        end(call, &err);
        return false;
    }
    atomic_store(&call->is_over, true);
    DL_DELETE(call->fetch->calls, call);
    call->done(call->ctx, &(struct fetch_answer){ .err = &err });
    return true;
}

void fetch_free(struct fetch *fetch)
{
    if (!fetch)
        return;
    while (fetch->calls)
        fetch->is_freed |= cancel(fetch->calls);
    curl_multi_cleanup(fetch->multi);
    loop_timer_free(fetch->timer);
    if (!fetch->is_freed)
        fetch_let_go(fetch);
}

/* --- what curl asks us during a call --- */

static void refuse(struct call *call, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "an address of another kind";
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
                  sizeof(text));
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
                  sizeof(text));
    (void)err_set(&call->refused, ERR_DENIED,
                  "%s port %u may not be reached: not public, or not a usual port, and webhooks.allow of "
                  "sluice.yaml does not list it",
                  text, call->port);
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *call = ctx;
    (void)purpose;
    const struct net_target target = { call->host, call->port, call->is_mail };
    if (!net_guard_allows(&call->fetch->guard, &target, &address->addr)) {
        refuse(call, &address->addr);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;
    size_t len = size * count;
    call->seen += len;
    call->is_full = call->seen > FETCH_READ_BYTES;
    size_t room = FETCH_ANSWER_BYTES - call->answer.len;
    str_add_span(&call->answer, (struct span){ bytes, len < room ? len : room });
    return call->is_full ? 0 : len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;
    (void)bytes;
    call->seen += size * count;
    return call->seen > FETCH_READ_BYTES ? 0 : size * count;
}

static size_t on_upload(char *to, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;
    size_t left = call->body_len - call->body_sent, room = size * count;
    size_t len = left < room ? left : room;
    if (len)
        memcpy(to, call->body + call->body_sent, len);
    call->body_sent += len;
    return len;
}

/* --- starting one --- */

static const struct {
    const char *scheme;
    bool is_mail;
    unsigned port;
} schemes[] = {
    { "http", false, 80 }, { "https", false, 443 }, { "smtp", true, 25 }, { "smtps", true, 465 }
};

static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL, *copy = NULL;
    if (curl_url_get(url, part, &text, 0) == CURLUE_OK)
        copy = mem_dup_str(text);
    curl_free(text);
    return copy;
}

static void take_host(struct call *call, CURLU *url)
{
    auto_free char *host = part_of(url, CURLUPART_HOST);
    struct span name = span_of(host ? host : "");
    if (name.len > 2 && name.ptr[0] == '[')
        name = (struct span){ name.ptr + 1, name.len - 2 };
    call->host = span_dup(name);
    for (char *c = call->host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static int judge_parts(struct call *call, CURLU *url, struct err *err)
{
    auto_free char *scheme = part_of(url, CURLUPART_SCHEME);
    auto_free char *user = part_of(url, CURLUPART_USER);
    auto_free char *password = part_of(url, CURLUPART_PASSWORD);
    auto_free char *port = part_of(url, CURLUPART_PORT);
    uint64_t number = 0;
    if (user || password)
        return err_set(err, ERR_DENIED, "the address has a user or password in it");
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (schemes[i].is_mail != call->is_mail || strcmp(schemes[i].scheme, scheme ? scheme : "") != 0)
            continue;
        take_host(call, url);
        call->port = port && span_u64(span_of(port), &number) ? (unsigned)number : schemes[i].port;
        return 0;
    }
    return err_set(err, ERR_DENIED, "the address is not %s",
                   call->is_mail ? "smtp or smtps" : "http or https");
}

static int judge_url(struct call *call, const char *text, struct err *err)
{
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c == 0x7f || *c == '\\' || (unsigned char)*c >= 0x80)
            return err_set(err, ERR_INVALID, "the address holds a blank, a backslash, or what is not ASCII");
    if (!strstr(text, "://"))
        return err_set(err, ERR_INVALID, "the address is not a whole URL");
    CURLU *url = curl_url();
    bool is_url = url && curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    int rc = is_url ? judge_parts(call, url, err) : err_set(err, ERR_INVALID, "the address is not a URL");
    curl_url_cleanup(url);
    return rc;
}

/* Without its memory curl would send what it has: to anywhere, by any proxy, without a signature. */
static void set_text(CURL *easy, CURLoption option, const char *text)
{
    if (curl_easy_setopt(easy, option, text) == CURLE_OUT_OF_MEMORY)
        mem_exhausted();
}

static struct curl_slist *append(struct curl_slist *list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(list, text);
    if (!longer)
        mem_exhausted();
    return longer;
}

static void set_common(struct call *call, const struct fetch_request *request)
{
    CURL *easy = call->easy;
    set_text(easy, CURLOPT_URL, request->url);
    set_text(easy, CURLOPT_PROTOCOLS_STR, call->is_mail ? "smtp,smtps" : "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set_text(easy, CURLOPT_PROXY, "");
    set_text(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)FETCH_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->text);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    if (request->resolve)
        call->resolve = append(NULL, request->resolve);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, call->resolve);
}

static void set_post(struct call *call, const struct fetch_request *request)
{
    CURL *easy = call->easy;
    for (const char *const *header = request->headers; header && *header; header++)
        call->headers = append(call->headers, *header);
    call->headers = append(call->headers, "Expect:");
    set_text(easy, CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)call->body_len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
}

static void set_mail(struct call *call, const struct fetch_mail *mail)
{
    CURL *easy = call->easy;
    for (size_t i = 0; i < mail->to_count; i++)
        call->recipients = append(call->recipients, mail->to[i]);
    set_text(easy, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, call->recipients);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(mail->tls == FETCH_CLEAR ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->body_len);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
    curl_easy_setopt(easy, CURLOPT_READDATA, call);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(FETCH_TIMEOUT_MS / 1000));
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    if (mail->user) {
        set_text(easy, CURLOPT_USERNAME, mail->user);
        set_text(easy, CURLOPT_PASSWORD, mail->password);
    }
}

static void add_to_multi(struct call *call)
{
    if (curl_multi_add_handle(call->fetch->multi, call->easy) == CURLM_OUT_OF_MEMORY)
        mem_exhausted();
}

int fetch_start(struct fetch *fetch, const struct fetch_request *request, fetch_done *done, void *ctx,
                struct err *err)
{
    struct call *call = mem_zalloc(sizeof(*call));
    *call = (struct call){ .fetch = fetch, .done = done, .ctx = ctx, .answer = STR_MAX(FETCH_ANSWER_BYTES) };
    call->is_mail = request->mail != NULL;
    if (judge_url(call, request->url, err) < 0) {
        call_free(call);
        return -1;
    }
    call->body = mem_dup_bytes(request->body.ptr ? request->body.ptr : "", request->body.len);
    call->body_len = request->body.len;
    call->easy = curl_easy_init();
    if (!call->easy)
        mem_exhausted();
    set_common(call, request);
    if (request->mail)
        set_mail(call, request->mail);
    else
        set_post(call, request);
    DL_APPEND(fetch->calls, call);
    if (call->is_mail)
        next_mail(fetch);
    else
        add_to_multi(call);
    return 0;
}
