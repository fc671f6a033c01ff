/* What was answered holds, whatever git takes its time for. Covers: svc/project/projects,
 * svc/project/project_doc, svc/body. */
#include "unit/svc/slow_git.h"

#include "svc/body.h"

enum how { GET, SYNC, ADD, PATCH };

/* -1: seen->text says why it did not begin. */
static int start(struct fixture *f, enum how how, const char *name, const char *json, struct seen *seen)
{
    auto_doc struct doc *body = NULL;
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(4096);
    struct err err = { 0 };
    struct projects *projects = f->gw.projects;
    int rc = json ? json_parse(span_of(json), &body, NULL) : 0;
    assert_int_equal(rc, 0);
    if (how == ADD)
        rc = projects_register(projects, body, keep, seen, &errs, &err);
    else if (how == PATCH)
        rc = projects_patch(projects, name, body, keep, seen, &errs, &err);
    else
        rc = how == GET ? projects_get(projects, name, keep, seen, &err)
                        : projects_sync(projects, name, keep, seen, &err);
    if (rc < 0) {
        errs_text(&errs, &text);
        snprintf(seen->text, sizeof(seen->text), "%s", errs.count ? str_text(&text) : err.text);
    }
    return rc;
}

static void expect(struct fixture *f, enum how how, const char *name, const char *json, const char *text)
{
    struct seen seen = { 0 };
    if (start(f, how, name, json, &seen) == 0)
        wait_for(f, &seen, 1);
    if (!strstr(seen.text, text))
        fail_msg("%s", seen.text);
}

static void refused(struct fixture *f, enum how how, const char *json, const char *text)
{
    struct seen seen = { 0 };
    assert_int_equal(start(f, how, "p", json, &seen), -1);
    if (!strstr(seen.text, text))
        fail_msg("%s", seen.text);
}

static void a_change_while_it_is_looked_at_holds(void **state)
{
    struct fixture *f = *state;
    struct seen get = { 0 }, patch = { 0 };
    expect(f, PATCH, "p", "{\"group\":\"old\"}", "\"group\":\"old\"");
    put(f, "bin/hold", "");
    assert_int_equal(start(f, GET, "p", NULL, &get), 0);
    assert_int_equal(start(f, PATCH, "p", "{\"group\":\"new\"}", &patch), 0);
    release(f);
    wait_for(f, &get, 1);
    wait_for(f, &patch, 1);
    expect(f, GET, "p", NULL, "\"group\":\"new\"");
}

static void one_that_is_removed_while_it_is_looked_at_stays_removed(void **state)
{
    struct fixture *f = *state;
    struct seen get = { 0 };
    put(f, "bin/hold", "");
    assert_int_equal(start(f, SYNC, "p", NULL, &get), 0);
    assert_int_equal(projects_remove(f->gw.projects, "p", NULL), 0);
    release(f);
    wait_for(f, &get, 1);
    assert_int_equal(get.answer.err.code, ERR_NOT_FOUND);
    assert_int_equal(start(f, GET, "p", NULL, &get), -1);
}

static void of_two_that_take_one_name_at_once_the_second_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[256], body[2][400];
    struct seen seen[2] = { 0 };
    for (int i = 0; i < 2; i++) {
        path_of(f, i ? "two" : "one", path);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(body[i], sizeof(body[i]), "{\"name\":\"twin\",\"path\":\"%s\"}", path);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(start(f, ADD, NULL, body[i], &seen[i]), 0);
    for (int i = 0; i < 2; i++)
        wait_for(f, &seen[i], 1);
    assert_int_equal(seen[0].answer.ok + seen[1].answer.ok, 1);
    const struct seen *other = seen[0].answer.ok ? &seen[1] : &seen[0];
    assert_int_equal(other->answer.err.code, ERR_CONFLICT);
    assert_non_null(strstr(other->text, "already; give another name"));
}

static void a_group_stays_until_it_is_named(void **state)
{
    struct fixture *f = *state;
    char body[400];
    snprintf(body, sizeof(body), "{\"path\":\"%s/p\"}", f->dir);
    expect(f, PATCH, "p", "{\"group\":\"g\"}", "\"group\":\"g\"");
    expect(f, PATCH, "p", "{}", "\"group\":\"g\"");
    expect(f, ADD, NULL, body, "\"group\":\"g\"");
    struct seen seen = { 0 };
    assert_int_equal(start(f, PATCH, "p", "{\"group\":null}", &seen), 0);
    wait_for(f, &seen, 1);
    assert_null(strstr(seen.text, "\"group\""));
}

static void a_folder_that_is_gone_is_told_in_the_document(void **state)
{
    struct fixture *f = *state;
    char from[256], to[256];
    path_of(f, "p", from);
    path_of(f, "moved", to);
    assert_int_equal(rename(from, to), 0);
    expect(f, GET, "p", NULL, "/p is gone: put it back, or register the project anew\"");
    expect(f, PATCH, "p", "{\"group\":\"g\"}", "\"group\":\"g\"");
}

static void what_is_wrong_with_a_field_is_told_at_it(void **state)
{
    struct fixture *f = *state;
    refused(f, PATCH, "{\"group\":5}", "expected one line of 1 to 200 bytes, or null");
    refused(f, PATCH, "{\"group\":\"a\\nb\"}", "expected one line");
    refused(f, PATCH, "{\"path\":\"/\"}", "unknown field; there are group");
    refused(f, ADD, "{}", "must be an absolute one");
    refused(f, ADD, "{\"path\":\"here\"}", "path here: must be an absolute one on the gateway's machine");
    refused(f, ADD, "{\"path\":\"/no/such/folder\"}", "path /no/such/folder: No such file or directory");
    refused(f, ADD, "{\"path\":\"/etc/passwd\"}", "is no folder that the gateway can read");
    refused(f, ADD, "{\"path\":\"/etc/passwd/x\"}", "Not a directory");
    refused(f, ADD, "{\"path\":\"/tmp\",\"name\":\"-x\"}", "1 to 100 of letters, digits");
    refused(f, ADD, "{\"path\":\"/tmp\",\"foo\":1}", "unknown field; there are path, name, group");
}

static void a_folder_whose_name_will_not_do_is_told_the_way_out(void **state)
{
    struct fixture *f = *state;
    char from[256], to[256], body[400];
    path_of(f, "p", from);
    path_of(f, "\xc3\xbcn\xc3\xaf proj", to);
    assert_int_equal(rename(from, to), 0);
    snprintf(body, sizeof(body), "{\"path\":\"%s\"}", to);
    refused(f, ADD, body, "the name is made of the folder's, \xc3\xbcn\xc3\xaf proj, and it needs");
    refused(f, ADD, body, "`sluice projects add --name NAME`");
    snprintf(body, sizeof(body), "{\"path\":\"%s\",\"name\":\"uni\"}", to);
    expect(f, ADD, NULL, body, "\"name\":\"uni\"");
}

static void fields_of_each_kind_are_held_against_their_row(void **state)
{
    static const struct body_field fields[] = { { "list", BODY_LIST, false, 0 },
                                                { "flag", BODY_BOOL, false, 0 } };
    auto_doc struct doc *body = NULL;
    auto_errs struct errs errs = { 0 };
    auto_str struct str text = STR_MAX(4096);
    (void)state;
    assert_int_equal(json_parse(SPAN_LIT("{\"list\":[],\"flag\":true}"), &body, NULL), 0);
    assert_int_equal(body_check(body, fields, ARRAY_LEN(fields), &errs, NULL), 0);
    assert_int_equal(body_check(body, NULL, 0, &errs, NULL), -1);
    doc_free(body);
    assert_int_equal(json_parse(SPAN_LIT("{\"list\":{},\"flag\":null}"), &body, NULL), 0);
    assert_int_equal(body_check(body, fields, ARRAY_LEN(fields), &errs, NULL), -1);
    errs_text(&errs, &text);
    assert_non_null(strstr(str_text(&text), "unknown field; there are none"));
    assert_non_null(strstr(str_text(&text), "expected a list"));
    assert_non_null(strstr(str_text(&text), "expected true or false"));
}

int main(void)
{
#define SLOW(name) cmocka_unit_test_setup_teardown(name, begin_slow, end_slow)
    const struct CMUnitTest tests[] = {
        SLOW(a_change_while_it_is_looked_at_holds),
        SLOW(one_that_is_removed_while_it_is_looked_at_stays_removed),
        SLOW(of_two_that_take_one_name_at_once_the_second_is_refused),
        SLOW(a_group_stays_until_it_is_named),
        SLOW(a_folder_that_is_gone_is_told_in_the_document),
        SLOW(what_is_wrong_with_a_field_is_told_at_it),
        SLOW(a_folder_whose_name_will_not_do_is_told_the_way_out),
        cmocka_unit_test(fields_of_each_kind_are_held_against_their_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
