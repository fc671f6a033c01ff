/* Jobs that are over and whose files were not read to their end: what must still be looked at survives a
 * restart. A trigger puts a job in with the change that ends it. */
#ifndef SLUICE_STORE_UNREAD_STORE_H
#define SLUICE_STORE_UNREAD_STORE_H

#include "store/store.h"

/* At most max ids above `after`, ascending; *count of them. */
int unread_store_list(struct store *store, int64_t after, int64_t *ids, size_t max, size_t *count,
                      struct err *err);
int unread_store_remove(struct store *store, int64_t job_id,
                        struct err *err); /* there already is none: fine */

#endif
