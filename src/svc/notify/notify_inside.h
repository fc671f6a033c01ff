/* What the files of svc/notify/notify share. */
#ifndef SLUICE_SVC_NOTIFY_NOTIFY_INSIDE_H
#define SLUICE_SVC_NOTIFY_NOTIFY_INSIDE_H

#include "domain/notifier_config.h"
#include "io/fetch.h"
#include "store/outbox.h"
#include "svc/gateway.h"

struct flight { /* one message on its way */
    struct notify *notify;
    struct outbox_row row; /* owned; of a test only delivery and notifier */
    bool is_started;
    bool is_unstored;   /* its end is known, and the store did not take it: it is offered again */
    int64_t started_us; /* monotonic */
    struct test *test;  /* svc/notify/notify_api.c; NULL: of the outbox */
    struct flight *prev, *next;
};

struct notify {
    const struct gateway *gw;
    struct net_guard guard; /* until the first message has made fetch of it */
    struct fetch *fetch;
    struct loop_timer *timer;
    struct flight *flights;
    int64_t cursor;        /* last event read */
    int64_t stored_cursor; /* as the store has it, or will after this turn */
    int64_t pruned_us;     /* monotonic */
    bool is_started, is_stopping;
};

const struct notifiers *notify_notifiers(const struct notify *notify);
/* Wakes notify_run after so long, if nothing wakes it before. */
void notify_wake(struct notify *notify, int64_t ms);

/* svc/notify/notify_plan.c: reads the log from the cursor; 1: there may be more, 0: at its end. */
int notify_plan(struct notify *notify, struct err *err);

/* svc/notify/notify_send.c: starts what is due; gives the time of the next row, INT64_MAX none. */
int64_t notify_send_due(struct notify *notify);
void notify_drop_unstored(struct notify *notify); /* at the end */
/* Sends the flight's message (made where there is none); done runs once, with the flight. -1 where it could
 * not even start. */
int notify_post(struct flight *flight, fetch_done *done, struct err *err);
/* svc/notify/notify.c: takes what the row holds; the flight is in the list until it is freed. */
struct flight *flight_new_take(struct notify *notify, const struct outbox_row *row);
void flight_free(struct flight *flight);

/* What to keep of an answer: 1 took it, 0 try again, -1 for good not; words without secrets in *text. */
struct fetch_answer;
int notify_judge(const struct flight *flight, const struct fetch_answer *answer, struct str *text);

/* svc/notify/notify_api.c: ends the tests that have not started. */
void notify_drop_tests(struct notify *notify);

#endif
