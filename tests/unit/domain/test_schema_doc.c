#include "domain/schema.h"

#include "base/limits.h"
#include "base/mem.h"
#include "text/json_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct schema *const all[] = { &schema_project, &schema_clusters, &schema_daemon,
                                            &schema_request };

enum { TEXT_BYTES = 1 << 20 };
static const char begin_mark[] = "<!-- keys: made from src/domain/schema_*.c -->\n";

static char *read_file(const char *path)
{
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("cannot open %s: run the tests from the repository's root", path);
    for (int c; (c = fgetc(file)) != EOF;)
        str_add_char(&text, (char)c);
    (void)fclose(file);
    return str_steal(&text);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* UPDATE=1 writes the tables anew. */
static void the_manual_has_every_key(void **state)
{
    static const char path[] = "docs/config.md";
    auto_free char *manual = read_file(path);
    auto_str struct str keys = STR_MAX(TEXT_BYTES);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        schema_markdown(all[i], &keys);
    char *mark = strstr(manual, begin_mark);
    assert_non_null(mark);
    mark += sizeof(begin_mark) - 1;
    if (strcmp(mark, str_text(&keys)) == 0)
        return;
    if (!getenv("UPDATE"))
        fail_msg("docs/config.md is behind the tables: make unit T=domain/test_schema_doc UPDATE=1");
    auto_str struct str whole = STR_MAX(TEXT_BYTES);
    str_add_span(&whole, (struct span){ manual, (size_t)(mark - manual) });
    str_add_span(&whole, str_span(&keys));
    write_file(path, str_text(&whole));
}

static void a_key_is_explained(void **state)
{
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    (void)state;
    assert_int_equal(schema_explain("resources.gpus", &text, NULL), 0);
    assert_string_equal(str_text(&text), "resources.gpus (.mlops-config.yaml)\n"
                                         "  GPUs per node; the default is 0 on a cluster without GPUs.\n"
                                         "  takes    a whole number from 0 to 1024\n"
                                         "  default  1\n");
}

static void a_last_part_explains_every_key_that_ends_so(void **state)
{
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    (void)state;
    assert_int_equal(schema_explain("partition", &text, NULL), 0);
    assert_true(span_has(str_span(&text), "slurm.partition (.mlops-config.yaml)\n"));
    assert_true(span_has(str_span(&text), "clusters[].slurm.partition (clusters.yaml)\n"));
}

static void what_has_not_come_is_said(void **state)
{
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    (void)state;
    assert_int_equal(schema_explain("launch.launcher", &text, NULL), 0);
    assert_true(span_has(str_span(&text), "  state    not supported yet: torchrun, accelerate, deepspeed\n"));
    assert_true(span_has(str_span(&text), "  takes    one of auto, srun, none\n"));
}

static void an_unknown_key_names_the_nearest(void **state)
{
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    struct err err = { 0 };
    (void)state;
    assert_int_equal(schema_explain("resources.gpu", &text, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(err.text, "no key is called resources.gpu; did you mean resources.gpus?");
    assert_int_equal(schema_explain("partitoin", &text, &err), -1);
    assert_string_equal(err.text, "no key is called partitoin; did you mean partition?");
    assert_int_equal(text.len, 0);
}

static const struct doc *property(const struct doc *schema, const char *name)
{
    const struct doc *found = doc_get(doc_get(schema, "properties"), name);
    assert_non_null(found);
    return found;
}

static struct doc *json_of(const struct schema *schema)
{
    auto_str struct str text = STR_MAX(TEXT_BYTES);
    struct doc *doc = NULL;
    struct err err = { 0 };
    schema_json(schema, &text);
    assert_false(text.failed);
    if (json_parse(str_span(&text), &doc, &err) < 0)
        fail_msg("%s: %s", schema->name, err.text);
    return doc;
}

static void each_table_is_a_json_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        auto_doc struct doc *doc = json_of(all[i]);
        assert_string_equal(doc_get(doc, "$schema")->text, "https://json-schema.org/draft/2020-12/schema");
        assert_false(doc_get(doc, "additionalProperties")->boolean);
    }
    auto_doc struct doc *project = json_of(&schema_project);
    const struct doc *gpus = property(property(project, "resources"), "gpus");
    assert_int_equal(doc_get(gpus, "default")->integer, 1);
    assert_string_equal(doc_get(property(project, "profiles"), "additionalProperties")->items[0].text,
                        "#/$defs/overlay");
    assert_null(doc_get(doc_get(doc_get(doc_get(project, "$defs"), "overlay"), "properties"), "profiles"));
    auto_doc struct doc *request = json_of(&schema_request);
    (void)property(request, "resources");
    assert_null(doc_get(doc_get(request, "properties"), "version"));
    auto_doc struct doc *clusters = json_of(&schema_clusters);
    const struct doc *item = doc_get(property(clusters, "clusters"), "items");
    assert_non_null(doc_get(doc_get(item, "patternProperties"), "^vpn_"));
    assert_string_equal(doc_get(item, "required")->items[0].text, "name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_every_key),
        cmocka_unit_test(a_key_is_explained),
        cmocka_unit_test(a_last_part_explains_every_key_that_ends_so),
        cmocka_unit_test(what_has_not_come_is_said),
        cmocka_unit_test(an_unknown_key_names_the_nearest),
        cmocka_unit_test(each_table_is_a_json_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
