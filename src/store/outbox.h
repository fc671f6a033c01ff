/* Messages on their way out: a row per delivery, written before anything is sent.
 *
 * A row is unique by (job, event, notifier): planning the same event twice, before and after a crash, makes
 * one row. It is sent at least once: whoever crashes between sending and writing so down sends again, under
 * the same delivery id, by which receivers drop the second. The text is made at the first try and kept, so
 * that every try says the same. */
#ifndef SLUICE_STORE_OUTBOX_H
#define SLUICE_STORE_OUTBOX_H

#include "store/store.h"

enum outbox_status { OUTBOX_WAITING, OUTBOX_DELIVERED, OUTBOX_DEAD, OUTBOX_STATUS_COUNT };
const char *outbox_status_word(enum outbox_status status);

struct outbox_row { /* strings borrowed when given, owned when filled (outbox_row_clear) */
    int64_t id;
    char *delivery; /* unguessable id, the same for every try */
    int64_t event_id, job_id;
    char *notifier, *occasion, *state;
    char *message; /* JSON, NULL before the first try */
    enum outbox_status status;
    int64_t tries;
    int64_t event_at_us, created_at_us, due_at_us, last_try_at_us, done_at_us; /* 0: not yet */
    int64_t answer; /* the last HTTP or SMTP status, 0 none */
    char *error;    /* of the last try, NULL none */
};
void outbox_row_clear(struct outbox_row *row);

/* Adds a waiting row of delivery, event_id, job_id, notifier, occasion, state, event_at_us and due_at_us.
 * There already: nothing changes. */
int outbox_add(struct store *store, const struct outbox_row *row, struct err *err);
/* Stores message, status, tries, due_at_us, last_try_at_us, done_at_us, answer and error of the row id. */
int outbox_update(struct store *store, const struct outbox_row *row, struct err *err);

typedef int outbox_each(void *ctx, const struct outbox_row *row, struct err *err);
/* Committed waiting rows of a notifier, the earliest due first, due or not. each must not change the store.
 */
int outbox_due(struct store *store, const char *notifier, size_t limit, outbox_each *each, void *ctx,
               struct err *err);
/* Gives up waiting rows that have been due since before that and that nobody sends: their notifier is not in
 * present, where each name stands between two line feeds. */
int outbox_expire(struct store *store, int64_t due_before_us, const char *present, const char *why,
                  struct err *err);
/* Committed rows of a notifier, newest first. */
struct outbox_query {
    const char *notifier;
    int64_t before_id; /* 0: from the newest */
    size_t limit;
};
int outbox_list(struct store *store, const struct outbox_query *query, outbox_each *each, void *ctx,
                struct err *err);
struct outbox_counts {
    int64_t by_status[OUTBOX_STATUS_COUNT];
};
int outbox_count(struct store *store, const char *notifier, struct outbox_counts *out, struct err *err);
/* Removes rows that were delivered or given up before that, at most MAX_PRUNE_ROWS a call. */
int outbox_prune(struct store *store, int64_t older_than_us, struct err *err);

#endif
