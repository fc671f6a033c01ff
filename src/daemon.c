#include "daemon.h"

#include "api/http.h"
#include "base/limits.h"
#include "base/log.h"
#include "io/loop.h"
#include "store/store.h"
#include "svc/reload.h"
#include "svc/services.h"
#include "svc/settings.h"
#include "svc/upkeep.h"

#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PRUNE_EVERY_MS = 3600 * 1000, RETRY_STORE_MS = 5000, SPARE_DESCRIPTORS = 1024 };

struct daemon {
    struct gateway gw;
    struct http *http;
    struct loop_watch *http_watch;
    struct loop_timer *http_timer, *prune_timer, *store_timer;
    bool is_retrying; /* store_timer runs */
};

/* --- the loop's turns --- */

static void serve_http(struct daemon *daemon)
{
    http_run(daemon->http);
    int64_t wait_ms = http_timeout_ms(daemon->http);
    if (wait_ms < 0)
        loop_timer_stop(daemon->http_timer);
    else
        loop_timer_start(daemon->http_timer, wait_ms);
}

static void on_http_timer(void *ctx)
{
    serve_http(ctx);
}

static void on_http(void *ctx, unsigned events)
{
    (void)events;
    serve_http(ctx);
}

static void on_retry_store(void *ctx)
{
    struct daemon *daemon = ctx;
    daemon->is_retrying = false;
    upkeep_retry_store(&daemon->gw);
}

static void retry_store(struct daemon *daemon)
{
    if (!store_problem(daemon->gw.store) || daemon->is_retrying)
        return;
    daemon->is_retrying = true;
    loop_timer_start(daemon->store_timer, RETRY_STORE_MS);
}

/* The end of each turn: what it changed is committed, then what waits for the commit runs. */
static void on_turn(void *ctx)
{
    struct daemon *daemon = ctx;
    struct err err = { 0 };
    if (store_has_pending(daemon->gw.store) && store_flush(daemon->gw.store, &err) < 0)
        log_error("commit: %s", err.text);
    retry_store(daemon);
    if (http_timeout_ms(daemon->http) == 0) /* an answer was queued outside http_run */
        loop_timer_start(daemon->http_timer, 0);
}

static void on_prune(void *ctx)
{
    struct daemon *daemon = ctx;
    upkeep_prune(&daemon->gw);
}

/* Descriptors for so many connections and what else is open, as far as the hard limit lets us. */
static void raise_descriptors(int64_t connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < wanted)
        log_warn("limits.connections: %" PRId64 " connections need %llu descriptors, there are %llu "
                 "(ulimit -n, LimitNOFILE)",
                 connections, (unsigned long long)wanted, (unsigned long long)limit.rlim_cur);
}

static void on_stop(void *ctx)
{
    struct daemon *daemon = ctx;
    log_info("stopping; running jobs go on");
    loop_stop(daemon->gw.loop);
}

static void apply_log(const struct daemon_config *config)
{
    log_setup((enum log_level)config->log_level, config->log_json);
}

/* What of sluice.yaml is neither a service's nor the settings'. */
static void apply_settings(struct daemon *daemon)
{
    const struct daemon_config *config = settings_daemon(daemon->gw.settings);
    apply_log(config);
    http_set_limits(daemon->http, &config->limits);
    raise_descriptors(config->limits.connections);
}

static void on_reload(void *ctx)
{
    struct daemon *daemon = ctx;
    if (reload(&daemon->gw) < 0)
        return;
    apply_settings(daemon);
    log_info("the configuration was read again");
}

/* --- making and ending it --- */

static int load_settings(struct gateway *gw)
{
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(MAX_CONFIG_BYTES);
    if (settings_load(gw->settings, &errs) == 0) {
        apply_log(settings_daemon(gw->settings));
        return 0;
    }
    errs_text(&errs, &text);
    fprintf(stderr, "%ssluice: not started: the configuration has errors\n", str_text(&text));
    return -1;
}

static void warn(const struct gateway *gw)
{
    if (store_warning(gw->store))
        log_warn("%s", store_warning(gw->store));
}

static int make_http(struct daemon *daemon, struct err *err)
{
    const struct daemon_config *config = settings_daemon(daemon->gw.settings);
    const struct passwd *owner = getpwuid(geteuid());
    struct http_options options = { .host = config->listen_host,
                                    .port = (int)config->listen_port,
                                    .base_path = config->base_path,
                                    .auth_mode = (enum auth_mode)config->auth_mode,
                                    .user = owner ? owner->pw_name : "owner" };
    if (http_new(&options, &daemon->gw, &daemon->http, err) < 0)
        return -1;
    daemon->http_timer = loop_timer_new(daemon->gw.loop, on_http_timer, daemon);
    daemon->prune_timer = loop_timer_new(daemon->gw.loop, on_prune, daemon);
    daemon->store_timer = loop_timer_new(daemon->gw.loop, on_retry_store, daemon);
    daemon->http_watch =
        loop_watch_fd(daemon->gw.loop, http_epoll_fd(daemon->http), LOOP_READ, on_http, daemon);
    if (!daemon->http_watch)
        return err_set(err, ERR_INTERNAL, "the HTTP server's descriptor cannot be watched");
    loop_timer_repeat(daemon->prune_timer, PRUNE_EVERY_MS, PRUNE_EVERY_MS);
    loop_timer_start(daemon->http_timer, 0);
    return 0;
}

static void end(struct daemon *daemon)
{
    loop_watch_free(daemon->http_watch);
    loop_timer_free(daemon->http_timer);
    loop_timer_free(daemon->prune_timer);
    loop_timer_free(daemon->store_timer);
    http_free(daemon->http);
    if (daemon->gw.loop)
        loop_off_turn(daemon->gw.loop, on_turn, daemon);
    services_close(&daemon->gw);
    settings_free(daemon->gw.settings);
}

static int start(struct daemon *daemon, struct err *err)
{
    struct gateway *gw = &daemon->gw;
    if (services_open(gw, err) < 0 || make_http(daemon, err) < 0)
        return -1;
    apply_settings(daemon);
    loop_on_turn(gw->loop, on_turn, daemon);
    loop_on_signal(gw->loop, SIGINT, on_stop, daemon);
    loop_on_signal(gw->loop, SIGTERM, on_stop, daemon);
    loop_on_signal(gw->loop, SIGHUP, on_reload, daemon);
    services_start(gw);
    warn(gw);
    return 0;
}

int daemon_run(const struct daemon_source *source)
{
    struct daemon daemon = { .gw = { .clock = &clock_real, .version = SLUICE_VERSION } };
    struct err err = { 0 };
    daemon.gw.started_at_us = clock_wall_us(&clock_real);
    daemon.gw.settings = settings_new(source);
    signal(SIGPIPE, SIG_IGN);
    int status = 1;
    if (load_settings(&daemon.gw) < 0) {
        status = 2;
    } else if (start(&daemon, &err) < 0) {
        log_error("%s", err.text);
    } else {
        const struct daemon_config *config = settings_daemon(daemon.gw.settings);
        log_info("sluice %s serves http://%s:%d/ (state in %s)", SLUICE_VERSION, config->listen_host,
                 http_port(daemon.http), config->state_dir);
        loop_run(daemon.gw.loop);
        status = 0;
    }
    end(&daemon);
    return status;
}
