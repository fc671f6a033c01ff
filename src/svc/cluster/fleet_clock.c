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

static int64_t floor_s(int64_t us)
{
    return us >= 0 ? us / US_PER_S : -((-us + US_PER_S - 1) / US_PER_S);
}

/* The clock was read at some moment of the look, which may have taken a minute, and is a second wide. Within
 * what that leaves open it is as it was, at first none: a slow look must not seem to set the clock. */
static int64_t offset_s(int64_t clock_s, int64_t now_us, int64_t took_us, int64_t before_s)
{
    int64_t least = floor_s(clock_s * US_PER_S - now_us + US_PER_S - 1);
    int64_t most = floor_s((clock_s + 1) * US_PER_S - (now_us - took_us));
    return before_s < least ? least : before_s > most ? most : before_s;
}

void fleet_note_clock(const struct gateway *gw, struct cluster *cluster, int64_t clock_s, int64_t took_us)
{
    int64_t before = cluster->clock_skew_s;
    bool had_skew = cluster->has_skew;
    if (clock_s != SEEN_ABSENT) {
        cluster->clock_skew_s = offset_s(clock_s, clock_wall_us(gw->clock), took_us, had_skew ? before : 0);
        cluster->has_skew = true;
    }
    cluster->last_skew_s = had_skew ? before : cluster->clock_skew_s;
    bool is_first = cluster->has_skew && !had_skew;
    if (is_first || llabs(cluster->clock_skew_s - cluster->kept_skew_s) > SLACK_S)
        keep(gw, cluster);
}
