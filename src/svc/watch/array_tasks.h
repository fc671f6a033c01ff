/* The tasks of an array as they were last known, kept with their job as JSON. */
#ifndef SLUICE_SVC_WATCH_ARRAY_TASKS_H
#define SLUICE_SVC_WATCH_ARRAY_TASKS_H

#include "domain/job.h"
#include "domain/report.h"

struct task {
    int64_t number, attempt; /* attempt: from 1 */
    enum job_state state;
    struct span node_list;        /* into node_text or the report */
    char *node_text;              /* owned; NULL none */
    int64_t exit_code, signal;    /* JOB_ABSENT none */
    int64_t started_us, ended_us; /* 0 none */
    bool is_unwanted;             /* somebody cancelled it alone; kept until it has ended */
    const struct seen_job *queue, *accounting, *exit_file;
};

struct tasks {
    struct task *items; /* ascending by number */
    size_t count;
};

/* All tasks the array was submitted with, as last known (pending where nothing is). -1 where the array's own
 * text or what is stored cannot be read; tasks_clear in both cases. */
int tasks_load(const struct job *job, struct tasks *tasks, struct err *err);
void tasks_clear(struct tasks *tasks);
struct task *tasks_find(const struct tasks *tasks, int64_t number); /* NULL: none */
/* Writes job->tasks and job->task_counts. */
void tasks_remember(struct job *job, const struct tasks *tasks);
/* Whether the list may hold such tasks: looks at the text alone. */
bool tasks_may_be_unwanted(const struct job *job);
bool tasks_has(const struct job *job, int64_t number); /* among those it was submitted with */
/* The task's newest attempt: looks for it in the text alone, for there may be 100,000. */
int64_t tasks_attempt(const struct job *job, int64_t number);
/* How many tasks of the array are queued, active (settling ones are not) or ended, as last remembered; a job
 * that is no array is one task. */
int64_t tasks_in_group(const struct job *job, enum job_group group);

#endif
