#include "exec/process_plan.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

struct room {
    int64_t gpu_free[PLAN_MAX_GPUS];
    size_t gpu_count;
    int64_t cpu_free;
    const struct plan_job *gpu_closed, *cpu_closed; /* who waits first, or NULL: no overtaking */
};

static int64_t cpu_need(const struct machine *machine, const struct plan_job *job)
{
    int64_t cpus = job->cpus < 1 ? 1 : job->cpus;
    return cpus < machine->cpu_slots ? cpus : machine->cpu_slots;
}

static void take_held(const struct machine *machine, struct room *room, struct span held)
{
    struct span index;
    while (span_next(&held, ',', &index))
        for (size_t g = 0; g < room->gpu_count; g++)
            if (span_eq(machine->gpus[g].index, index))
                room->gpu_free[g]--;
}

static struct room room_now(const struct machine *machine, const struct plan_job *jobs, size_t count)
{
    struct room room = { .cpu_free = machine->cpu_slots };
    room.gpu_count = machine->gpu_count < PLAN_MAX_GPUS ? machine->gpu_count : PLAN_MAX_GPUS;
    for (size_t g = 0; g < room.gpu_count; g++)
        room.gpu_free[g] = machine->slots_per_gpu;
    for (size_t i = 0; i < count; i++) {
        if (!jobs[i].is_running)
            continue;
        take_held(machine, &room, jobs[i].held);
        if (jobs[i].gpus <= 0)
            room.cpu_free -= cpu_need(machine, &jobs[i]);
    }
    return room;
}

/* The emptiest GPUs first, so that sharing starts only when all are busy. */
static bool take_gpus(const struct machine *machine, struct room *room, struct plan_job *job)
{
    bool chosen[PLAN_MAX_GPUS] = { false };
    for (int64_t n = 0; n < job->gpus; n++) {
        size_t best = room->gpu_count;
        for (size_t g = 0; g < room->gpu_count; g++)
            if (!chosen[g] && room->gpu_free[g] > 0 &&
                (best == room->gpu_count || room->gpu_free[g] > room->gpu_free[best]))
                best = g;
        if (best == room->gpu_count)
            return false;
        chosen[best] = true;
    }
    size_t len = 0;
    for (size_t g = 0; g < room->gpu_count; g++) {
        if (!chosen[g])
            continue;
        room->gpu_free[g]--;
        len += (size_t)snprintf(job->gpu_list + len, sizeof(job->gpu_list) - len, "%s%.*s", len ? "," : "",
                                SPAN_FMT(span_head(machine->gpus[g].index, 3)));
    }
    return true;
}

static enum plan_end behind(const struct plan_job *job, const struct plan_job *first)
{
    return job->priority < first->priority ? PLAN_PRIORITY : PLAN_EARLIER;
}

static enum plan_end place_gpu_job(const struct machine *machine, struct room *room, struct plan_job *job)
{
    if (job->gpus > (int64_t)room->gpu_count)
        return PLAN_TOO_BIG;
    if (room->gpu_closed)
        return behind(job, room->gpu_closed);
    if (take_gpus(machine, room, job))
        return PLAN_START;
    room->gpu_closed = job;
    return PLAN_RESOURCES;
}

static enum plan_end place_cpu_job(const struct machine *machine, struct room *room,
                                   const struct plan_job *job)
{
    if (room->cpu_closed)
        return behind(job, room->cpu_closed);
    if (room->cpu_free >= cpu_need(machine, job)) {
        room->cpu_free -= cpu_need(machine, job);
        return PLAN_START;
    }
    room->cpu_closed = job;
    return PLAN_RESOURCES;
}

static int by_turn(const void *a, const void *b)
{
    const struct plan_job *left = *(struct plan_job *const *)a, *right = *(struct plan_job *const *)b;
    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    return (left > right) - (left < right); /* one array: the address is the age */
}

void process_plan(const struct machine *machine, struct plan_job *jobs, size_t count)
{
    struct room room = room_now(machine, jobs, count);
    auto_free struct plan_job **turn = mem_alloc((count + 1) * sizeof(struct plan_job *));
    size_t waiting = 0;
    for (size_t i = 0; i < count; i++) {
        jobs[i].end = PLAN_NOTHING;
        jobs[i].gpu_list[0] = '\0';
        if (jobs[i].is_waiting)
            turn[waiting++] = &jobs[i];
    }
    qsort(turn, waiting, sizeof(struct plan_job *), by_turn);
    for (size_t i = 0; i < waiting; i++)
        turn[i]->end = turn[i]->gpus > 0 ? place_gpu_job(machine, &room, turn[i])
                                         : place_cpu_job(machine, &room, turn[i]);
}
