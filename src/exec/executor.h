/* The execution interface: executor = transport x scheduler, one per enabled cluster. No code above exec/
 * knows which transport or scheduler it talks to.
 *
 * All calls return 0 once queued, or -1 (then `done` is not called). Every done runs exactly once, from the
 * loop, never before the call returned. What results point to is valid during the callback only. */
#ifndef SLUICE_EXEC_EXECUTOR_H
#define SLUICE_EXEC_EXECUTOR_H

#include "exec/specs.h"

/* cluster is borrowed and must outlive the executor. Connects to nothing before the first call. */
int executor_new(const struct cluster_config *cluster, const struct executor_deps *deps,
                 struct executor **out, struct err *err);
void executor_free(struct executor *ex); /* NULL is fine; what is under way ends with RUN_CANCELLED first */
/* The same cluster, read again without a change: only the address of its configuration is new. */
void executor_reconfigured(struct executor *ex, const struct cluster_config *cluster);
void executor_status(const struct executor *ex, struct transport_status *out);
void executor_reconnect(struct executor *ex);
/* transport_login */
int executor_login(struct executor *ex, const char *answer, struct err *err);
/* A command that only waits ms: is there a way, and how many at a time? */
int executor_echo(struct executor *ex, unsigned ms, check_done *done, void *ctx, struct err *err);
/* The doctor's sections (exec/checkup.h); done judges them. */
int executor_checkup(struct executor *ex, check_done *done, void *ctx, struct err *err);
/* "slurm" or "process". */
const char *executor_scheduler(const struct executor *ex);

/* --- submission (reliability.md 2.3) --- */
int executor_submit(struct executor *ex, const struct submit_spec *spec, submit_done *done, void *ctx,
                    struct err *err);

/* --- reconciliation: does anything know this token? --- */
int executor_look(struct executor *ex, const struct look_spec *spec, look_done *done, void *ctx,
                  struct err *err);

/* --- the tick --- */
int executor_tick(struct executor *ex, const struct tick_spec *spec, tick_done *done, void *ctx,
                  struct err *err);

/* --- cancel --- */
int executor_cancel(struct executor *ex, const struct cancel_spec *spec, plain_done *done, void *ctx,
                    struct err *err);

/* Back into the queue: the run that goes on ends, and the job starts again. Sent again for the same run it
 * does nothing. done's err: ERR_CONFLICT gone, or restarted since; ERR_REFUSED by the scheduler, in its
 * words; ERR_OFFLINE not known. -1 with ERR_UNSUPPORTED where the scheduler has no such thing. */
int executor_requeue(struct executor *ex, const struct requeue_spec *spec, plain_done *done, void *ctx,
                     struct err *err);

/* The job is over for good (also: refused, lost): takes away what must not stay beside it (its secrets).
 * Until then they stay, because a preempted job comes back and needs them. Safe to repeat; done may be NULL.
 */
int executor_close(struct executor *ex, const char *token, plain_done *done, void *ctx, struct err *err);

/* --- dry run: would this script be taken, and when would it start? --- */
int executor_test(struct executor *ex, struct span script, test_done *done, void *ctx, struct err *err);

/* --- what the scheduler allows (partitions, associations, QOS), for the form and for checks at submit --- */
int executor_limits(struct executor *ex, text_done *done, void *ctx, struct err *err); /* JSON object text */

/* --- files --- */
int executor_read(struct executor *ex, const struct read_spec *spec, read_done *done, void *ctx,
                  struct err *err);
int executor_search(struct executor *ex, const struct search_spec *spec, text_done *done, void *ctx,
                    struct err *err);
int executor_stage(struct executor *ex, const struct stage_spec *spec, plain_done *done, void *ctx,
                   struct err *err);

#endif
