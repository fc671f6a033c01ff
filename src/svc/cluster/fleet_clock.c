#include "svc/cluster/fleet.h"

#include "base/log.h"
#include "base/mem.h"
#include "domain/report.h"
#include "store/misc_store.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SLACK_S = 1, /* the offset of two clocks is known to a second only */
    KEY_BYTES = 128
};

static const char *key_of(const struct cluster *cluster, char *text)
{
    (void)snprintf(text, KEY_BYTES, "skew.%.100s", cluster->name);
    return text;
}

static void keep(const struct gateway *gw, struct cluster *cluster)
{
    char key[KEY_BYTES], value[24];
    struct err err = { 0 };
    (void)snprintf(value, sizeof(value), "%lld", (long long)cluster->clock_skew_s);
    if (value_store_put(gw->store, key_of(cluster, key), value, &err) < 0)
        log_warn("cluster %s: the offset of its clock is not kept: %s", cluster->name, err.text);
    cluster->kept_skew_s = cluster->clock_skew_s;
}

void fleet_recall_clock(const struct gateway *gw, struct cluster *cluster)
{
    char key[KEY_BYTES];
    auto_free char *value = NULL;
    if (value_store_get(gw->store, key_of(cluster, key), &value, NULL) < 0 || !value)
        return;
    cluster->has_skew = span_i64(span_of(value), &cluster->clock_skew_s);
    cluster->last_skew_s = cluster->kept_skew_s = cluster->clock_skew_s;
}

void fleet_note_clock(const struct gateway *gw, struct cluster *cluster, int64_t clock_s)
{
    int64_t before = cluster->clock_skew_s;
    bool had_skew = cluster->has_skew;
    if (clock_s != SEEN_ABSENT) {
        cluster->clock_skew_s = clock_s - clock_wall_us(gw->clock) / US_PER_S;
        cluster->has_skew = true;
    }
    cluster->last_skew_s = had_skew ? before : cluster->clock_skew_s;
    bool is_first = cluster->has_skew && !had_skew;
    if (is_first || llabs(cluster->clock_skew_s - cluster->kept_skew_s) > SLACK_S)
        keep(gw, cluster);
}
