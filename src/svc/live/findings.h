/* What a run's log tells as its bytes pass: links to trackers, how far it is. */
#ifndef SLUICE_SVC_LIVE_FINDINGS_H
#define SLUICE_SVC_LIVE_FINDINGS_H

#include "svc/gateway.h"
#include "svc/live/log_cache.h"
#include "text/links.h"

struct log_place {                 /* whose log it is */
    int64_t job_id, attempt, task; /* task -1: none */
};

/* What the job's project calls links besides (links.*); out must be zeroed. */
void findings_patterns(const struct gateway *gw, int64_t job_id, struct link_patterns *out);
/* Takes up the scan where the kept part ends: the line that was not ended yet. */
void findings_resume(struct link_scan *scan, const struct log_cache *cache);
void findings_take(const struct gateway *gw, const struct log_place *place, struct link_scan *scan,
                   struct span bytes);
/* The log ends here: its last line counts, too. */
void findings_end(const struct gateway *gw, const struct log_place *place, struct link_scan *scan);

#endif
