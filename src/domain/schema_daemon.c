#include "domain/schema.h"

#include "base/limits.h"
#include "base/mem.h"

/* sluice.yaml. Each leaf is also an environment name and a flag (domain/daemon_config.h). */
static const struct schema_row rows[] = {
    { "version", SCHEMA_INT, .fallback = "1", .min = 1, .max = 1, .help = "Version of this file's format." },
    { "listen", SCHEMA_STR, SCHEMA_LISTEN, "127.0.0.1:8470",
      .help = "Address and port; port 0: any free one." },
    { "base_path", SCHEMA_STR, SCHEMA_LINE, "''",
      .help = "Path in front of everything, behind a proxy: /sluice." },
    { "public_url", SCHEMA_STR, SCHEMA_LINE, "null", .max = 1000,
      .help = "How people reach the gateway, for links in messages: https://sluice.example.org/." },
    { "trusted_proxies", SCHEMA_STRS, SCHEMA_LINE, "[]", .flags = SCHEMA_LATER,
      .help = "Addresses whose X-Forwarded-* count." },
    { "tls", SCHEMA_OBJECT, .fallback = "{}", .help = "Encryption of the gateway's own port." },
    { "tls.mode", SCHEMA_CHOICE, .fallback = "none", .words = "none|files", .later_words = "files",
      .help = "none: a proxy in front does it." },
    { "tls.cert", SCHEMA_STR, SCHEMA_LINE, "null", .flags = SCHEMA_LATER, .help = "Certificate chain, PEM." },
    { "tls.key", SCHEMA_STR, SCHEMA_LINE, "null", .flags = SCHEMA_LATER, .help = "Private key, PEM." },
    { "state_dir", SCHEMA_STR, SCHEMA_LINE, "null",
      .help = "Database and snapshots; null: $XDG_STATE_HOME/sluice, ~/.local/state/sluice." },
    { "clusters_file", SCHEMA_STR, SCHEMA_LINE, "null",
      .help = "clusters.yaml; null: $XDG_CONFIG_HOME/sluice/clusters.yaml where there is one." },
    { "project_roots", SCHEMA_STRS, SCHEMA_ABSOLUTE, "[]",
      .help = "Folders whose projects may be registered; empty: any readable path, while only its owner can "
              "reach "
              "the gateway." },
    { "auth", SCHEMA_OBJECT, .fallback = "{}", .help = "Who may use the gateway." },
    { "auth.mode", SCHEMA_CHOICE, .fallback = "owner", .words = "owner|loopback|tokens|proxy",
      .later_words = "tokens|proxy",
      .help = "owner: loopback and the daemon's own user; loopback: anyone on this machine." },
    { "limits", SCHEMA_OBJECT, .fallback = "{}", .help = "What one client may ask." },
    { "limits.body", SCHEMA_SIZE, .fallback = "64K", .min = 1024, .max = 16777216, .unit = "bytes",
      .help = "A request's body." },
    { "limits.submit_body", SCHEMA_SIZE, .fallback = "1M", .min = 1024, .max = 16777216, .unit = "bytes",
      .help = "The body of a job's request." },
    { "limits.connections", SCHEMA_INT, .fallback = "4096", .min = 16, .max = MAX_CONNECTIONS,
      .help = "Open connections." },
    { "limits.page_rows", SCHEMA_INT, .fallback = "200", .min = 1, .max = 200,
      .help = "Rows of one page of a list." },
    { "limits.job_log", SCHEMA_SIZE, .fallback = "16M", .min = 1048576, .max = 1e12, .unit = "bytes",
      .help =
          "Compressed log bytes kept here for one job, shared by the logs of its attempts and tasks; older "
          "ones are read from the cluster." },
    { "limits.requests_per_minute", SCHEMA_INT, .fallback = "null", .min = 1, .max = 1e6,
      .flags = SCHEMA_LATER, .help = "Rate of one client." },
    { "retention", SCHEMA_OBJECT, .fallback = "{}", .help = "How long things are kept." },
    { "retention.events", SCHEMA_DURATION, .fallback = "30d", .min = 3600, .max = 3e9, .unit = "seconds",
      .help = "The event log." },
    { "retention.metrics", SCHEMA_DURATION, .fallback = "null", .min = 3600, .max = 3e9, .unit = "seconds",
      .flags = SCHEMA_LATER, .help = "Metric points; null: for ever." },
    { "retention.logs", SCHEMA_DURATION, .fallback = "90d", .words = "forever", .min = 3600, .max = 3e9,
      .unit = "seconds", .help = "Log bytes kept here, of jobs that are over; the cluster keeps its own." },
    { "t_settle", SCHEMA_DURATION, .fallback = "auto", .words = "auto", .min = 1, .max = 86400,
      .unit = "seconds",
      .help = "Wait before a submission with a lost reply counts as absent; auto: 60 s + 2 x MessageTimeout, "
              "at least "
              "120 s." },
    { "log", SCHEMA_OBJECT, .fallback = "{}", .help = "The gateway's own log, on stderr." },
    { "log.level", SCHEMA_CHOICE, .fallback = "info", .words = "debug|info|warn|error",
      .help = "From which weight on." },
    { "log.format", SCHEMA_CHOICE, .fallback = "text", .words = "text|json",
      .help = "Lines of key=value, or of JSON." },
    { "webhooks", SCHEMA_OBJECT, .fallback = "{}", .help = "Messages to other services." },
    { "webhooks.allow", SCHEMA_STRS, SCHEMA_LINE, "[]",
      .help =
          "What notifiers may reach beyond public addresses on the usual ports: HOST, HOST:PORT, ADDRESS, "
          "ADDRESS:PORT, ADDRESS/BITS, [IPV6]:PORT." },
};

const struct schema schema_daemon = { "sluice", "sluice.yaml", rows, ARRAY_LEN(rows), NULL };
