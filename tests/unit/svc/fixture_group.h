/* setup and teardown of a fixture for each test of a group. */
#ifndef SLUICE_TESTS_FIXTURE_GROUP_H
#define SLUICE_TESTS_FIXTURE_GROUP_H

#include "gateway_fixture.h"

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));
    fixture_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
