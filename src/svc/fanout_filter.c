#include "svc/fanout.h"

#include "base/mem.h"

#include <string.h>

static const struct {
    const char *word;
    unsigned topic;
} topic_words[] = { { "jobs", FANOUT_JOBS }, { "clusters", FANOUT_CLUSTERS }, { "gpus", FANOUT_GPUS } };

unsigned fanout_topic_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(topic_words); i++)
        if (strcmp(topic_words[i].word, word) == 0)
            return topic_words[i].topic;
    return FANOUT_JOBS;
}

static int add_job(struct span part, size_t skip, int64_t *ids, size_t *count, struct err *err)
{
    int64_t id;
    if (!span_i64(span_skip(part, skip), &id) || id <= 0)
        return err_set(err, ERR_INVALID, "topic %.*s: a job's number is missing", SPAN_FMT(part));
    if (*count == FANOUT_MAX_JOBS)
        return err_set(err, ERR_TOO_LARGE, "more than %d jobs in one stream", FANOUT_MAX_JOBS);
    ids[(*count)++] = id;
    return 0;
}

static int add_topic(struct fanout_filter *filter, struct span part, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(topic_words); i++) {
        if (span_is(part, topic_words[i].word)) {
            filter->topics |= topic_words[i].topic;
            return 0;
        }
    }
    if (span_starts(part, "job:"))
        return add_job(part, 4, filter->jobs, &filter->job_count, err);
    if (span_starts(part, "log:"))
        return add_job(part, 4, filter->logs, &filter->log_count, err);
    return err_set(err, ERR_INVALID, "unknown topic '%.*s': there are jobs, job:ID, log:ID, clusters, gpus",
                   SPAN_FMT(part));
}

int fanout_filter_parse(const char *topics, struct fanout_filter *out, struct err *err)
{
    struct fanout_filter filter = { 0 };
    struct span rest = span_of(topics), part;
    while (span_next(&rest, ',', &part))
        if (add_topic(&filter, span_trim(part), err) < 0)
            return -1;
    if (!topics || !*topics)
        filter.topics = FANOUT_JOBS | FANOUT_CLUSTERS | FANOUT_GPUS;
    *out = filter;
    return 0;
}
