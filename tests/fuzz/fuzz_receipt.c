/* What launchers and looks answer, section by section: an id only from a receipt that is whole, and never a
 * refusal beside it. A 0xff byte parts the sections, NULs stand for the nonce or, in the last, the mark
 * (fuzz.h). */
#include "fuzz.h"

#include "slurm/look.h"

static void check_launch(const struct launch_result *result)
{
    must((result->kind == LAUNCH_SUBMITTED) == (result->id != 0));
    must(result->kind != LAUNCH_SUBMITTED || result->rc == 0);
    must(result->kind == LAUNCH_SUBMITTED || result->refusal.sentence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "launch", "test", "cancel", "receipt", "squeue", "sacct" };
    static const char token[] = "jx01jd3f7v8w9x0y1z2a3b4c5d6e";
    auto_str struct str out = { 0 };
    fuzz_unfold((struct span){ (const char *)data, size }, 1 << 5, &out);
    struct frame_section sections[6];
    struct span rest = str_span(&out), part;
    struct launch_result receipt = receipt_parse(rest);
    check_launch(&receipt);
    struct frame frame = { .items = sections, .begun = true, .ended = true };
    while (frame.count < 6 && span_next(&rest, '\xff', &part)) {
        int rc = part.len ? (unsigned char)part.ptr[0] % 3 : -1;
        sections[frame.count] =
            (struct frame_section){ span_of(names[frame.count]), span_skip(part, 1), rc, rc >= 0 };
        frame.count++;
    }
    struct launch_result launch = launch_read(&frame);
    check_launch(&launch);
    struct test_only_result test = test_only_read(&frame);
    must(test.is_known || !test.would_run);
    (void)cancel_read(&frame);
    const struct look_request request = { .frame = &fuzz_nonce,
                                          .rows = &fuzz_nonce,
                                          .has_accounting = size & 1 };
    struct slurm_look_result look = { 0 };
    must(look_read(&frame, &request, span_of(token), &look, NULL) < 0 || look.id_count <= MAX_LOOK_IDS);
    return 0;
}
