#include "svc/live/metrics_token.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/job_store.h"
#include "store/job_token.h"
#include "svc/cluster/fleet.h"
#include "svc/jobs.h"
#include "svc/settings.h"
#include "svc/submit/spool.h"
#include "text/quote.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define PREFIX "slm_"
enum { RANDOM_BYTES = 32, HASH_BYTES = 32, PRUNE_PAGE = 200 };
static_assert(sizeof(struct metrics_hash) == 2 * HASH_BYTES + 1, "the hash in hex");

/* A token is random as a whole: one round of a hash is all that a thief of the store needs to be kept off. */
static struct metrics_hash hash_of(struct span token)
{
    unsigned char hash[HASH_BYTES];
    struct metrics_hash out;
    (void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)token.ptr, token.len, NULL, 0);
    (void)sodium_bin2hex(out.hex, sizeof(out.hex), hash, sizeof(hash));
    return out;
}

/* public_url is for everywhere; our own listener only for jobs that run beside us. */
static void add_url(const struct gateway *gw, const struct job *job, struct str *url)
{
    const struct daemon_config *config = settings_daemon(gw->settings);
    const struct cluster *cluster = fleet_find(gw->fleet, job->cluster);
    bool is_here = cluster && cluster->config && cluster->config->type == CLUSTER_LOCAL;
    if (config->public_url)
        str_add(url, config->public_url);
    else if (is_here && config->listen_port > 0)
        str_addf(url, strchr(config->listen_host, ':') ? "http://[%s]:%d%s" : "http://%s:%d%s",
                 config->listen_host, (int)config->listen_port, config->base_path ? config->base_path : "");
    else
        return;
    str_addf(url, "/api/v1/jobs/%s/metrics", job->token);
}

static int put_lines(const struct gateway *gw, const struct job *job, const char *token, struct err *err)
{
    auto_str struct str lines = STR_MAX(MAX_CONFIG_BYTES), url = STR_MAX(4096);
    add_url(gw, job, &url);
    str_addf(&lines, "export SLUICE_METRICS_TOKEN=%s\n", token);
    if (url.len) {
        str_add(&lines, "export SLUICE_METRICS_URL=");
        quote_text(&lines, str_text(&url));
        str_add_char(&lines, '\n');
    }
    int rc = spool_put_token(state_dir_of(gw), job->token, str_span(&lines), err);
    sodium_memzero(lines.buf, lines.len);
    return rc;
}

int metrics_token_make(const struct gateway *gw, const struct job *job, struct metrics_hash *hash,
                       struct err *err)
{
    unsigned char bytes[RANDOM_BYTES];
    char token[sizeof(PREFIX) + 2 * sizeof(bytes)] = PREFIX;
    randombytes_buf(bytes, sizeof(bytes));
    (void)sodium_bin2hex(token + strlen(PREFIX), 2 * sizeof(bytes) + 1, bytes, sizeof(bytes));
    *hash = hash_of(span_of(token));
    int rc = put_lines(gw, job, token, err);
    sodium_memzero(bytes, sizeof(bytes));
    sodium_memzero(token, sizeof(token));
    return rc;
}

static bool is_over(const struct gateway *gw, const struct job *job)
{
    int64_t end = job->ended_at_us > job->observed_at_us ? job->ended_at_us : job->observed_at_us;
    return job_is_final(job) && clock_wall_us(gw->clock) > end + METRICS_TOKEN_GRACE_S * US_PER_S;
}

/* 1: over, 0: not, -1: unknown. */
static int job_is_over(const struct gateway *gw, int64_t job_id, struct err *err)
{
    auto_job struct job *stored = NULL;
    if (jobs_find(gw->jobs, job_id))
        return 0;
    if (job_store_get(gw->store, job_id, &stored, err) < 0)
        return -1;
    return is_over(gw, stored);
}

int metrics_token_check(const struct gateway *gw, struct span token, int64_t *job_id, struct err *err)
{
    struct metrics_hash hash = hash_of(token);
    if (job_token_get(gw->store, hash.hex, job_id, err) < 0)
        return err_set(err, ERR_UNAUTHORIZED, "this token is none of ours");
    int over = job_is_over(gw, *job_id, err);
    if (over > 0)
        return err_set(err, ERR_UNAUTHORIZED, "the job is over, and its token with it");
    return over;
}

/* Of a job that is over or never was (the gateway died before its commit) the secrets go, too. */
static void drop_unsent(void *ctx, const char *token)
{
    const struct gateway *gw = ctx;
    const char *state_dir = state_dir_of(gw);
    const struct job *job = jobs_find_token(gw->jobs, span_of(token));
    if (!job)
        spool_drop_secrets(state_dir, token);
    else if (job->phase == PHASE_SUBMITTED || job->phase == PHASE_CLOSED)
        spool_drop_token(state_dir, token);
}

void metrics_token_prune(const struct gateway *gw)
{
    int64_t ids[PRUNE_PAGE], after = 0;
    int count;
    while ((count = job_token_list(gw->store, after, ids, PRUNE_PAGE, NULL)) > 0) {
        for (int i = 0; i < count; i++)
            if (job_is_over(gw, ids[i], NULL) > 0)
                (void)job_token_drop(gw->store, ids[i], NULL);
        after = ids[count - 1];
    }
    spool_each_token(state_dir_of(gw), drop_unsent, (void *)(uintptr_t)gw);
}
