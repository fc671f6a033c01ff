#include "svc/event_json.h"

void event_json(struct json_out *out, const struct event_row *row)
{
    json_open_object(out);
    json_member_int(out, "id", row->id);
    json_member_time(out, "time", row->time_us);
    json_member_str(out, "topic", row->topic);
    json_member_str(out, "kind", row->kind);
    if (row->job_id)
        json_member_int(out, "job", row->job_id);
    if (row->data)
        json_member_raw(out, "data", span_of(row->data));
    json_close_object(out);
}
