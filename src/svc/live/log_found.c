#include "svc/live/log_found.h"

#include "text/fold.h"
#include "text/json_out.h"

/* "number:text" */
static int64_t add_match(struct json_out *out, struct span line)
{
    struct span number;
    int64_t value;
    if (!span_next(&line, ':', &number) || !span_i64(number, &value))
        return 0;
    json_open_object(out);
    json_member_int(out, "line", value);
    json_member_span(out, "text", fold_line(line));
    json_close_object(out);
    return value;
}

void log_found_json(struct span found, int64_t limit, struct str *body)
{
    struct json_out out = { .to = body };
    struct span line;
    int64_t total = 0, last = 0, shown = 0;
    if (span_next_line(&found, &line))
        (void)span_i64(line, &total);
    json_open_object(&out);
    json_member_int(&out, "total", total);
    json_key(&out, "items");
    json_open_array(&out);
    while (span_next_line(&found, &line)) {
        int64_t at = add_match(&out, line);
        last = at ? at : last;
        shown += at != 0;
    }
    json_close_array(&out);
    json_key(&out, "next");
    if (shown == limit && shown < total)
        json_int(&out, last + 1);
    else
        json_nil(&out);
    json_close_object(&out);
}
