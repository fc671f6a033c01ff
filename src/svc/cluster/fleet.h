/* The clusters: an executor each, how it stands, and what people are told about it. */
#ifndef SLUICE_SVC_CLUSTER_FLEET_H
#define SLUICE_SVC_CLUSTER_FLEET_H

#include "base/str.h"
#include "domain/cluster.h"
#include "exec/executor.h"
#include "svc/answer.h"
#include "svc/cluster/budget.h"
#include "svc/gateway.h"
#include "text/doc.h"

struct cluster { /* one row of the fleet; borrowed, valid until the configuration is reloaded without it */
    const struct cluster_config *config; /* NULL: no longer in the file */
    struct executor *executor;           /* NULL: disabled, gone, or impossible (last_error says why) */
    const char *name;
    char *name_owned, *fingerprint;
    int64_t last_ok_us, last_error_us; /* wall clock; 0 never */
    int64_t latency_us;
    char *last_error;
    enum err_code last_error_code;
    bool unreachable;     /* the last look failed: its jobs are stale */
    bool has_stale_jobs;  /* they were told so; also while its entry is gone from the file */
    unsigned failures;    /* in a row */
    uint64_t polls;       /* ticks that told how its jobs stand */
    int64_t clock_skew_s; /* cluster minus gateway */
    int64_t last_skew_s;  /* the one before: what is stored of its jobs' times was reckoned with it */
    int64_t kept_skew_s;  /* the one in the store */
    bool has_skew;
    struct doc *limits; /* what the scheduler allows, as it last told (executor_limits); NULL: not yet */
    int64_t message_timeout_s;              /* Slurm's MessageTimeout, 0 not known yet */
    struct budget commands;                 /* of the last minute */
    uint64_t held_back;                     /* ticks put off by poll.max_commands_per_minute */
    void *poll, *gpus;                      /* the services' own notes */
    void (*nudge)(struct cluster *cluster); /* svc/watch/poll's, once it knows the cluster */
};

struct fleet *fleet_new(const struct gateway *gw);
/* Frees the executors: what is under way on the clusters ends, and its callbacks run. */
void fleet_end(struct fleet *fleet);
void fleet_free(struct fleet *fleet);
/* Brings executors in line with the settings in force: new ones are made, gone ones freed, changed ones
 * remade. */
int fleet_apply(struct fleet *fleet, struct err *err);
struct cluster *fleet_find(struct fleet *fleet, const char *name); /* NULL: none */
size_t fleet_count(const struct fleet *fleet);
struct cluster *fleet_at(struct fleet *fleet, size_t i);
/* Something changed there that a tick would tell: tick soon. */
void fleet_nudge(struct cluster *cluster);
/* What a look said about the cluster itself: err NULL is good. Marks jobs stale or fresh when that changes.
 */
void fleet_note(struct fleet *fleet, struct cluster *cluster, const struct err *err, int64_t latency_us);

/* The cluster's clock against ours (svc/cluster/fleet_clock.c). It is stored, because the times of its jobs
 * were reckoned with it and our clock may be set while we are away. clock_s: as the cluster tells, or
 * SEEN_ABSENT; took_us: how long ago it was asked.
 */
void fleet_note_clock(const struct gateway *gw, struct cluster *cluster, int64_t clock_s, int64_t took_us);
void fleet_recall_clock(const struct gateway *gw, struct cluster *cluster);

/* T_settle (reliability.md 2.2): as configured, else the launcher's own limit of 60 s and two of Slurm's
 * message time-outs, 120 s at least. */
int64_t fleet_settle_us(const struct fleet *fleet, const struct cluster *cluster);

/* When the login that stands will end by the site's rule (ssh.login_lifetime), wall clock; 0 unknown. */
int64_t fleet_login_end_us(const struct fleet *fleet, const struct cluster *cluster,
                           const struct transport_status *status);

const char *fleet_link_word(enum link_state state); /* "up", "needs_login" ... */
/* Commands of the last minute; with it the budget takes note of what was sent. */
unsigned fleet_commands_minute(const struct fleet *fleet, struct cluster *cluster);
/* For the API: {"items": [...]} and one. */
int fleet_json(struct fleet *fleet, struct str *out, struct err *err);
int fleet_cluster_json(struct fleet *fleet, const char *name, struct str *out, struct err *err);
/* Takes over what executor_limits told; what is no JSON leaves the last as it was. */
void fleet_keep_limits(struct cluster *cluster, struct span text);
/* Partitions, associations and limits as the scheduler tells them, which are kept, too. */
int fleet_limits(struct fleet *fleet, const char *name, answer_done *done, void *ctx, struct err *err);

#endif
