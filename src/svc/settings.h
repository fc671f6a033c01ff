/* The configuration in force: sluice.yaml (with environment and flags) and clusters.yaml, read at start and
 * on SIGHUP. Both are good or nothing changes: the old ones stay in force, and the refusal is kept for
 * /readyz. */
#ifndef SLUICE_SVC_SETTINGS_H
#define SLUICE_SVC_SETTINGS_H

#include "base/str.h"
#include "domain/cluster.h"
#include "domain/daemon_config.h"
#include "svc/gateway.h"
#include "text/errs.h"

struct settings;

/* Nothing is read yet. source is borrowed. */
struct settings *settings_new(const struct daemon_source *source);
void settings_free(struct settings *settings);
/* Reads both (no clusters file: one cluster `local`). 0, or -1 with every error of both. At a second reading
 * what a running daemon cannot change stays (daemon_config_keep_fixed); settings_kept names it. */
int settings_load(struct settings *settings, struct errs *errs);
/* Has a say before new clusters come into force: adds what it refuses to errs. */
typedef void settings_check(void *ctx, const struct clusters_config *fresh, struct errs *errs);
void settings_on_clusters(struct settings *settings, settings_check *check, void *ctx);
/* Valid until the next settings_load; its strings that stay (state_dir) as long as the settings. */
const struct daemon_config *settings_daemon(const struct settings *settings);
static inline const char *state_dir_of(const struct gateway *gw)
{
    return settings_daemon(gw->settings)->state_dir;
}
const struct clusters_config *settings_clusters(const struct settings *settings);
/* The last refused reload in words, or NULL. */
const char *settings_problem(const struct settings *settings);
/* Keys whose new value waits for the next start, comma between, or NULL. */
const char *settings_kept(const struct settings *settings);

#endif
