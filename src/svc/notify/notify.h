/* Notifications: a reader of the event log that tells people of their jobs.
 *
 * What a job's `notify.when` asks for is planned as a row of the outbox for each of `notify.to`, in one
 * transaction with how far the log was read; a row is sent after its commit, and again with back-off until
 * the other side took it, refused it for good, or NOTIFY_GIVE_UP_S have passed (then it is dead, and stays to
 * be seen for NOTIFY_KEEP_S). One message at a time to a notifier. At least once: receivers drop a second one
 * by its delivery id. Secrets are read when they are needed. */
#ifndef SLUICE_SVC_NOTIFY_NOTIFY_H
#define SLUICE_SVC_NOTIFY_NOTIFY_H

#include "svc/answer.h"
#include "svc/gateway.h"

enum {
    NOTIFY_GIVE_UP_S = 26 * 3600, /* a target that is down for a day still hears of it */
    NOTIFY_KEEP_S = 30 * 86400,
    NOTIFY_MIN_TRIES = 6, /* however long the gateway itself was off */
    NOTIFY_FIRST_RETRY_S = 5,
    NOTIFY_MAX_RETRY_S = 30 * 60,
    NOTIFY_SETTLE_S = 10, /* the verdict of an ended job comes with the last look at its log */
};

struct notify *notify_new(const struct gateway *gw);
/* webhooks.allow was read again. */
void notify_reload(struct notify *notify);
void notify_free(struct notify *notify);
/* Goes on after a start: events since then, rows that wait. */
int notify_start(struct notify *notify, struct err *err);
/* Reads the log and sends what is due, now; else a timer does. Once an hour gives up what nobody sends and
 * forgets what is long done. */
void notify_run(struct notify *notify);

/* Whether `notify` of a job makes sense: words known, notifiers there. -1 with each fault. */
struct resolved;
int notify_check(const struct gateway *gw, const struct resolved *resolved, struct errs *errs);

/* --- for the API --- */
int notify_list(struct notify *notify, struct str *out, struct err *err);
struct notify_page {
    const char *cursor; /* NULL: the first */
    int64_t limit;      /* 0: the default */
};
int notify_deliveries(struct notify *notify, const char *name, const struct notify_page *page,
                      struct str *out, struct err *err);
/* Sends a test message now. The answer is {ok, status, answer, error, elapsed_ms}: ok where the other side
 * took it. -1 with ERR_NOT_FOUND, or ERR_BUSY while one is under way. */
int notify_test(struct notify *notify, const char *name, answer_done *done, void *ctx, struct err *err);

#endif
