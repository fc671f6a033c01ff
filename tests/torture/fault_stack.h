/* By which way a call was reached: a hash of the return addresses, each within its object, so that it is the
 * same in the next process, wherever that is loaded. */
#ifndef SLUICE_FAULT_STACK_H
#define SLUICE_FAULT_STACK_H

#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FAULT_STACK_FRAMES = 24, MAX_OBJECTS = 64 };

static struct object {
    uintptr_t from, to;
    char path[256];
} objects[MAX_OBJECTS];
static size_t object_count;

/* Tells of a mapping; those of one object come in a row, as /proc/self/maps has them. */
static void fault_stack_object(const char *path, uintptr_t from, uintptr_t to)
{
    struct object *last = object_count ? &objects[object_count - 1] : NULL;
    if (last && strcmp(last->path, path) == 0) {
        last->to = to;
    } else if (path[0] == '/' && object_count < MAX_OBJECTS) {
        objects[object_count] = (struct object){ .from = from, .to = to };
        (void)snprintf(objects[object_count++].path, sizeof(last->path), "%s", path);
    }
}

static uintptr_t within_object(uintptr_t address)
{
    for (size_t i = 0; i < object_count; i++)
        if (address >= objects[i].from && address < objects[i].to)
            return address - objects[i].from;
    return 0;
}

/* FNV-1a; a recursion counts once, however deep. The two innermost frames are not in it, nor must the way
 * from there differ: it is asked for in one place. */
static uint64_t fault_stack_hash(void)
{
    void *frames[FAULT_STACK_FRAMES];
    uint64_t hash = 14695981039346656037ULL;
    int count = backtrace(frames, FAULT_STACK_FRAMES);
    uintptr_t last = 0;
    for (int i = 2; i < count; i++) {
        uintptr_t at = within_object((uintptr_t)frames[i]);
        if (at != last)
            hash = (hash ^ at) * 1099511628211ULL;
        last = at;
    }
    return hash ? hash : 1;
}

#endif
