/* For cppcheck alone, which stumbles over the real ones: loops of other headers in plain words. */
#define HASH_ITER(handle, list, at, after) for (at = after = list; at; at = after)
#define DL_FOREACH(list, at)               for (at = list; at; at = at->next)
#define LL_FOREACH(list, at)               for (at = list; at; at = at->next)
#define DL_FOREACH_SAFE(list, at, after)   for (at = after = list; at; at = after)
#define LL_FOREACH_SAFE(list, at, after)   for (at = after = list; at; at = after)
#define json_object_foreach(from, key, value) \
    for (key = first(from), value = get(from); key; key = first(from))
