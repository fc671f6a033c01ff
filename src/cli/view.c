#include "cli/view.h"

#include "base/clock.h"
#include "base/mem.h"
#include "domain/job_state.h"
#include "text/units.h"

#include <inttypes.h>

const struct doc *view_at(const struct doc *doc, const char *path)
{
    struct span rest = span_of(path), part;
    while (doc && span_next(&rest, '.', &part)) {
        auto_free char *key = span_dup(part);
        doc = doc_get(doc, key);
    }
    return doc && doc->kind != DOC_NULL ? doc : NULL;
}

const char *view_text(const struct doc *doc, const char *path)
{
    return doc_scalar_text(view_at(doc, path));
}

int64_t view_int(const struct doc *doc, const char *path, int64_t none)
{
    const struct doc *at = view_at(doc, path);
    return at && at->kind == DOC_INT ? at->integer : none;
}

bool view_bool(const struct doc *doc, const char *path)
{
    const struct doc *at = view_at(doc, path);
    return at && at->kind == DOC_BOOL && at->boolean;
}

int64_t view_time_us(const struct doc *doc, const char *path)
{
    int64_t us = 0;
    const char *text = view_text(doc, path);
    return text && units_parse_time(span_of(text), &us, NULL) == 0 ? us : 0;
}

const struct doc *view_items(const struct doc *doc)
{
    static const struct doc none = { .kind = DOC_SEQ };
    const struct doc *items = doc_get(doc, "items");
    return items && items->kind == DOC_SEQ ? items : &none;
}

void view_add_age(struct str *to, int64_t seconds)
{
    static const struct {
        int64_t from, unit;
        char letter;
    } steps[] = { { 2 * 86400, 86400, 'd' }, { 2 * 3600, 3600, 'h' }, { 120, 60, 'm' }, { 0, 1, 's' } };
    if (seconds < 0)
        seconds = 0;
    size_t i = 0;
    while (seconds < steps[i].from)
        i++;
    str_addf(to, "%" PRId64 "%c", seconds / steps[i].unit, steps[i].letter);
}

void view_add_ago(struct str *to, int64_t then_us, int64_t now_us)
{
    if (!then_us) {
        str_add(to, "never");
        return;
    }
    view_add_age(to, (now_us - then_us) / US_PER_S);
    str_add(to, " ago");
}

bool view_is_ended(const struct doc *job)
{
    return job_state_is_terminal(job_state_of(span_of(view_text(job, "state"))));
}

int64_t view_elapsed_s(const struct doc *job, int64_t now_us)
{
    int64_t elapsed = view_int(job, "elapsed_s", -1);
    int64_t started = view_time_us(job, "started_at");
    if (elapsed >= 0 || !started || view_is_ended(job))
        return elapsed;
    return now_us > started ? (now_us - started) / US_PER_S : 0;
}

void view_add_list(struct str *to, const struct doc *list)
{
    bool is_first = true;
    for (size_t i = 0; list && list->kind == DOC_SEQ && i < list->count; i++) {
        const char *text = doc_scalar_text(&list->items[i]);
        if (!text)
            continue;
        str_addf(to, "%s%s", is_first ? "" : ", ", text);
        is_first = false;
    }
}

void view_add_gpus(struct str *to, const struct doc *job)
{
    int64_t gpus = view_int(job, "resources.gpus", 0), nodes = view_int(job, "resources.nodes", 1);
    const char *type = view_text(job, "resources.gpu_type");
    if (gpus <= 0) {
        str_add_char(to, '-');
        return;
    }
    if (nodes > 1)
        str_addf(to, "%" PRId64 "x", nodes);
    str_addf(to, "%" PRId64 "%s%s", gpus, type ? " " : "", type ? type : "");
}

static double fraction_of(const struct doc *job)
{
    double fraction;
    const char *text = view_text(job, "progress.fraction");
    return text && span_f64(span_of(text), &fraction) && fraction >= 0 && fraction <= 1 ? fraction : -1;
}

void view_add_percent(struct str *to, const struct doc *job)
{
    double fraction = fraction_of(job);
    if (fraction >= 0)
        str_addf(to, "%d%%", (int)(fraction * 100));
}

void view_add_progress(struct str *to, const struct doc *job)
{
    int64_t step = view_int(job, "progress.step", -1), total = view_int(job, "progress.total", -1);
    double eta_s;
    const char *eta = view_text(job, "progress.eta_s");
    view_add_percent(to, job);
    if (to->len && step >= 0 && total > 0)
        str_addf(to, " (%" PRId64 " of %" PRId64 ")", step, total);
    if (!to->len || view_is_ended(job) || !eta || !span_f64(span_of(eta), &eta_s) || eta_s < 0 ||
        eta_s > 1e10)
        return;
    str_add(to, ", about ");
    units_add_duration(to, (int64_t)eta_s);
    str_add(to, " left");
}

void view_add_number(struct str *to, const struct doc *number)
{
    const char *text = doc_scalar_text(number);
    double value;
    if (text && span_f64(span_of(text), &value))
        str_addf(to, "%.4g", value);
    else if (text)
        str_add(to, text);
}
