/* A poll's whole answer, section by section, and the report made of it: what is incomplete is never good. A
 * 0xff byte parts the sections, NULs stand for the nonce or, in sacct's, the mark (fuzz.h). */
#include "fuzz.h"

#include "exec/slurm_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "clock",  "squeue", "gone",  "sacct",
                                         "recent", "exits",  "nodes", "demand" };
    auto_str struct str out = { 0 };
    fuzz_unfold((struct span){ (const char *)data, size }, 1 << 3 | 1 << 4, &out);
    struct frame_section sections[8];
    struct frame frame = { .items = sections, .begun = true, .ended = true };
    struct span rest = str_span(&out), part;
    while (frame.count < 8 && span_next(&rest, '\xff', &part)) {
        int rc = part.len ? (unsigned char)part.ptr[0] % 3 : -1;
        sections[frame.count] =
            (struct frame_section){ span_of(names[frame.count]), span_skip(part, 1), rc, rc >= 0 };
        frame.count++;
    }
    auto_tick_report struct slurm_tick_report seen = { 0 };
    if (tick_read(&frame, &fuzz_nonce, &seen, NULL) < 0)
        return 0;
    must(!tick_queue_is_good(&seen) || (seen.queue_part.asked && seen.queue_part.rc == 0));
    must(!tick_sacct_is_good(&seen) || seen.sacct_part.rc == 0);
    auto_slurm_report struct slurm_report report = { 0 };
    slurm_report_fill(&report, &seen, &frame);
    return 0;
}
