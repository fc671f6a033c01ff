/* A registered project "p", and requests to it until they are answered: git and tar are real processes. */
#ifndef SLUICE_TESTS_SUBMIT_FIXTURE_H
#define SLUICE_TESTS_SUBMIT_FIXTURE_H

#include "unit/svc/fixture_group.h"

#include "text/json_in.h"
#include "unit/svc/child.h"

#include <sys/stat.h>

static const char project_yaml[] = "train_script: train.py\n"
                                   "default_overrides: {lr: 0.1}\n"
                                   "resources: {gpus: 0, time: 10m}\n"
                                   "env: {secrets: [TOKEN], pass: [EDITOR]}\n"
                                   "profiles: {quick: {default_overrides: {lr: 1}}}\n";

struct seen {
    int calls;
    struct answer answer;
    char text[1 << 16];
};

static void keep(void *ctx, const struct answer *answer)
{
    struct seen *seen = ctx;
    seen->calls++;
    seen->answer = *answer;
    auto_str struct str text = STR_MAX(sizeof(seen->text) - 1);
    if (answer->ok)
        str_add_span(&text, answer->body);
    else if (answer->errs)
        errs_text(answer->errs, &text);
    else
        str_add(&text, answer->err.text);
    snprintf(seen->text, sizeof(seen->text), "%s", str_text(&text));
}

/* What the fake was asked for facts is answered with "unreachable". */
static void answer_facts(void)
{
    struct err err = { .code = ERR_OFFLINE };
    if (fake.tick.is_open) {
        fake.tick.is_open = false;
        fake.tick.tick(fake.tick.ctx, NULL, &err);
    }
    if (fake.limits.is_open) {
        fake.limits.is_open = false;
        fake.limits.text(fake.limits.ctx, (struct span){ 0 }, &err);
    }
}

/* Turns until the answer is there: git and tar are real processes. Commits may fail. */
static void wait_for(struct fixture *f, const struct seen *seen, int calls)
{
    for (int i = 0; i < 20000 && seen->calls < calls; i++) {
        clock_fake_advance(&f->clock, US_PER_MS);
        loop_defer(f->gw.loop, fixture_beat, f);
        loop_step(f->gw.loop);
        while (store_has_pending(f->gw.store))
            (void)store_flush(f->gw.store, NULL);
        answer_facts();
        child_pause();
    }
    assert_int_equal(seen->calls, calls);
}

static void make_project(struct fixture *f, const char *yaml)
{
    char path[256], body[300];
    struct seen seen = { 0 };
    auto_doc struct doc *doc = NULL;
    auto_errs struct errs errs = { 0 };
    snprintf(path, sizeof(path), "%s/p", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/p/.mlops-config.yaml", f->dir);
    fixture_write(path, yaml);
    snprintf(path, sizeof(path), "%s/p/train.py", f->dir);
    fixture_write(path, "print('hello')\n");
    snprintf(path, sizeof(path), "%s/p", f->dir);
    child_git_init(path);
    snprintf(body, sizeof(body), "{\"path\":\"%s\"}", path);
    assert_int_equal(json_parse(span_of(body), &doc, NULL), 0);
    assert_int_equal(projects_register(f->gw.projects, doc, keep, &seen, &errs, NULL), 0);
    wait_for(f, &seen, 1);
    assert_true(seen.answer.ok);
    assert_non_null(strstr(seen.text, "\"name\":\"p\""));
}

static void ask(struct fixture *f, enum submit_mode mode, const char *json, const char *key,
                struct seen *seen)
{
    auto_doc struct doc *body = NULL;
    struct err err = { 0 };
    assert_int_equal(json_parse(span_of(json), &body, NULL), 0);
    struct submit_call call = { .mode = mode,
                                .body = body,
                                .user = "me",
                                .idempotency_key = key,
                                .idempotency_scope = key ? "me POST" : NULL,
                                .body_hash = key ? json : NULL };
    if (submit_start(f->gw.submit, &call, keep, seen, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void ask_and_wait(struct fixture *f, enum submit_mode mode, const char *json, struct seen *seen)
{
    ask(f, mode, json, NULL, seen);
    wait_for(f, seen, 1);
}

static const char with_secret[] =
    "{\"project\":\"p\",\"environment\":{\"TOKEN\":\"s3cr3t it's\"},\"args\":[\"a b\"]}";

#endif
