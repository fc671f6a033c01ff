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
/* Takes up a scan of the kept part from that offset on, a line's beginning: what was found behind it may not
 * have been stored. A link that the job has already is not added again. */
void findings_resume(const struct gateway *gw, const struct log_place *place, struct link_scan *scan,
                     const struct log_cache *cache, int64_t from);
void findings_take(const struct gateway *gw, const struct log_place *place, struct link_scan *scan,
                   struct span bytes);
/* The log ends here: its last line counts, too. */
void findings_end(const struct gateway *gw, const struct log_place *place, struct link_scan *scan);

#endif
