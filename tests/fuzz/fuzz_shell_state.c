/* Where a place in a script stands: whatever the script, and however it is cut by values. */
#include "fuzz.h"

#include "text/shell_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *)data, size }, part;
    struct shell_state state = { 0 };
    while (span_next(&text, '\xff', &part)) {
        shell_state_feed(&state, part);
        enum shell_place before = shell_state_place(&state);
        must(state.depth <= SHELL_MAX_DEPTH && before <= SHELL_HERE);
        shell_state_value(&state);
        must(shell_state_place(&state) == before); /* a value opens and ends nothing */
    }
    return 0;
}
