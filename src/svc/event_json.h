/* An event as the API shows it: {id time topic kind job data}. */
#ifndef SLUICE_SVC_EVENT_JSON_H
#define SLUICE_SVC_EVENT_JSON_H

#include "store/event_store.h"
#include "text/json_out.h"

void event_json(struct json_out *out, const struct event_row *row);

#endif
