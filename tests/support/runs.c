#include "support/runs.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

struct run_request runs_request(struct answer *answer, const char *body)
{
    struct str program = STR_MAX(MAX_COMMAND_BYTES);
    answer->nonce = nonce_new();
    frame_begin(&program, &answer->nonce);
    frame_section_open(&program, "out");
    str_addf(&program, "(%s\n)\n", body);
    frame_section_close(&program, "out");
    frame_end(&program);
    answer->program = str_steal(&program);
    return (struct run_request){ .what = "test",
                                 .nonce = answer->nonce,
                                 .program = span_of(answer->program),
                                 .stream_fd = -1,
                                 .timeout_ms = 60000,
                                 .max_output_bytes = MAX_OUTPUT_BYTES };
}

void runs_done(void *ctx, const struct run_result *result)
{
    struct answer *answer = ctx;
    const struct frame_section *out = frame_get(&result->frame, "out");
    answer->calls++;
    answer->end = result->end;
    answer->err = result->err;
    answer->rc = result->frame.rc;
    answer->elapsed_us = result->elapsed_us;
    answer->err_text = span_dup(result->err_text);
    answer->noise = span_dup(result->noise);
    if (out) {
        answer->text = span_dup(out->data);
        answer->len = out->data.len;
    }
}

void runs_start(struct transport *t, struct answer *answer, const char *body)
{
    struct err err = { 0 };
    struct run_request request = runs_request(answer, body);
    assert_int_equal(transport_run(t, &request, runs_done, answer, &answer->run, &err), 0);
    assert_int_equal(answer->calls, 0);
}

void runs_wait(struct loop *loop, struct answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        while (!answers[i].calls)
            loop_step(loop);
}

struct answer runs_one(struct loop *loop, struct transport *t, const char *body)
{
    struct answer answer = { 0 };
    runs_start(t, &answer, body);
    runs_wait(loop, &answer, 1);
    return answer;
}

void runs_clear(struct answer *answer)
{
    free(answer->text);
    free(answer->err_text);
    free(answer->noise);
    free(answer->program);
    *answer = (struct answer){ 0 };
}
