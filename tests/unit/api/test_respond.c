#include "unit/api/cm.h"

#include "api/respond.h"
#include "base/str.h"

/* In the library's place: it has no memory for a response. */
struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
    (void)size;
    (void)buffer;
    (void)mode;
    return NULL;
}

/* What it was to send is freed: the leak checkers of the test's variants look. */
static void an_answer_that_cannot_be_made_leaves_nothing(void **state)
{
    struct reply reply = { .status = 200, .type = "text/plain", .body = STR_MAX(100) };
    (void)state;
    str_add(&reply.body, "what nobody will read");
    assert_int_equal(respond(NULL, &reply, &(struct responder){ 0 }), MHD_NO);
    assert_null(reply.body.buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_cannot_be_made_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
