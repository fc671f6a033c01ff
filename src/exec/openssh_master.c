#include "exec/openssh_master.h"

#include "base/log.h"
#include "base/mem.h"
#include "exec/askpass.h"
#include "exec/mux_socket.h"
#include "exec/openssh_dir.h"
#include "exec/openssh_spawn.h"
#include "io/file.h"
#include "io/spawn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ALIVE_MS = 5000,
    LOGIN_EXTRA_MS = 10 * 1000,
    PERSON_MS = 15 * 60 * 1000,
    ANSWER_RETRY_MS = 20,
    MAX_LOG = 64 * 1024,
    MAX_ANSWER_TRIES = 250
};

enum state { M_DOWN, M_FIND, M_DIAL_OWN, M_DIAL_PERSONS, M_LOGIN, M_DIAL_NEW, M_UP };
static const char *const state_names[] = {
    "down", "find master", "try own master", "try the person's master", "login", "dial new one", "up"
};

struct openssh_master {
    const struct ssh_settings *set;
    struct openssh_master_owner owner;
    enum state state;
    char *dir, *own_path, *persons_path, *log_path;
    char *mark_path;  /* stands where a person answered the prompts of the master at own_path */
    const char *path; /* of the one in use */
    struct mux_socket control;
    struct loop_watch *watch_control, *watch_dir;
    int dir_fd; /* inotify */
    struct loop_timer *timer, *answer_timer;
    struct child *child, *asking; /* the master; `ssh -G` */
    bool with_person, was_login, is_persons, has_tried_passphrase;
    char *prompt, *prompt_name, *answer;
    unsigned answer_tries;
};

static void dial(struct openssh_master *m, enum state state, const char *path);
static void next_way(struct openssh_master *m);

static void enter(struct openssh_master *m, enum state next)
{
    log_debug("openssh %s: %s -> %s", m->set->name, state_names[m->state], state_names[next]);
    m->state = next;
}

/* --- closing --- */

static void forget_prompt(struct openssh_master *m)
{
    mem_clear_str(&m->prompt);
    mem_clear_str(&m->prompt_name);
    if (m->answer)
        explicit_bzero(m->answer, strlen(m->answer));
    mem_clear_str(&m->answer);
    loop_timer_stop(m->answer_timer);
}

static void close_control(struct openssh_master *m)
{
    loop_watch_free(m->watch_control);
    m->watch_control = NULL;
    mux_socket_close(&m->control);
}

static void end_children(struct openssh_master *m)
{
    struct child *child = move_ptr(m->child), *asking = move_ptr(m->asking);
    if (child) {
        spawn_abandon(child);
        unlink(m->own_path);
    }
    if (asking)
        spawn_abandon(asking);
}

void openssh_master_stop(struct openssh_master *m)
{
    loop_timer_stop(m->timer);
    loop_defer_drop(m->set->loop, m);
    forget_prompt(m);
    close_control(m);
    end_children(m);
    if (m->state != M_DOWN)
        enter(m, M_DOWN);
}

static void fail(struct openssh_master *m, const struct err *err, bool needs_person)
{
    struct err why = *err;
    bool was_login = m->was_login;
    openssh_master_stop(m);
    m->owner.down(m->owner.ctx, &why, was_login, needs_person);
}

static void fail_with_log(struct openssh_master *m)
{
    struct err err = { 0 };
    bool needs_person = false;
    auto_str struct str log = STR_MAX(0);
    (void)file_read(m->log_path, MAX_LOG, &log, NULL);
    openssh_explain(m->set, str_span(&log), &err, &needs_person);
    fail(m, &err, needs_person);
}

static void needs_person(struct openssh_master *m)
{
    struct err err = { 0 };
    const char *how = m->set->instructions;
    err_set(&err, ERR_AUTH, "%s needs a login by a person: %s", m->set->name,
            how ? how : "open a connection with ssh (ControlMaster), or use sluice connect CLUSTER");
    fail(m, &err, true);
}

static void on_timer(void *ctx)
{
    struct openssh_master *m = ctx;
    struct err err = { 0 };
    if (m->state == M_DIAL_OWN || m->state == M_DIAL_PERSONS) {
        close_control(m); /* it is there and hangs */
        next_way(m);
        return;
    }
    err_set(&err, ERR_TIMEOUT, "%s: the login took longer than %lld s", m->set->host,
            (long long)(m->with_person ? PERSON_MS : m->set->connect_timeout_ms + LOGIN_EXTRA_MS) / 1000);
    fail(m, &err, false);
}

/* --- the control socket --- */

static void came_up(struct openssh_master *m)
{
    loop_timer_stop(m->timer);
    forget_prompt(m);
    enter(m, M_UP);
    m->owner.up(m->owner.ctx, m->was_login);
}

static void on_control(void *ctx, unsigned events)
{
    (void)events;
    struct openssh_master *m = ctx;
    struct mux_message message;
    struct err err = { 0 };
    int rc;
    while ((rc = mux_socket_next(&m->control, &message, &err)) > 0) {
        if (message.type == MUX_ALIVE && m->state != M_UP) {
            came_up(m);
            return;
        }
    }
    if (rc == 0)
        return;
    close_control(m);
    if (m->state != M_UP && m->state != M_DIAL_NEW) {
        next_way(m);
        return;
    }
    if (m->was_login) {
        fail_with_log(m);
        return;
    }
    err_set(&err, ERR_OFFLINE, "%s: the SSH master has ended", m->set->host);
    fail(m, &err, m->set->is_manual);
}

static int hello(struct openssh_master *m, const char *path, struct err *err)
{
    auto_str struct str request = STR_MAX(64);
    mux_add_request(&request, MUX_ALIVE_CHECK, 1);
    if (mux_socket_open(&m->control, path, err) < 0)
        return -1;
    if (mux_socket_send(&m->control, str_span(&request), err) == 0)
        return 0;
    mux_socket_close(&m->control);
    return -1;
}

static void dial(struct openssh_master *m, enum state state, const char *path)
{
    struct err err = { 0 };
    enter(m, state);
    m->path = path;
    if (hello(m, path, &err) < 0) {
        log_debug("openssh %s: %s", m->set->name, err.text);
        next_way(m);
        return;
    }
    m->watch_control = loop_watch_fd(m->set->loop, m->control.fd, LOOP_READ, on_control, m);
    if (state != M_DIAL_NEW)
        loop_timer_start(m->timer, ALIVE_MS);
}

/* --- a login --- */

static void on_master_end(void *ctx, const struct spawn_result *result)
{
    enum { NO_SUCH_COMMAND = 127 };
    struct openssh_master *m = ctx;
    struct err err = { 0 };
    m->child = NULL;
    if (result->end == SPAWN_EXITED && result->code == NO_SUCH_COMMAND) {
        err_set(&err, ERR_UNSUPPORTED, "OpenSSH's client is not there: install ssh (openssh-client)");
        fail(m, &err, false);
        return;
    }
    if (m->state == M_LOGIN || m->state == M_DIAL_NEW || m->state == M_UP)
        fail_with_log(m);
}

static void login(struct openssh_master *m)
{
    struct err err = { 0 };
    enum openssh_prompts prompts = m->with_person       ? OPENSSH_ALL_PROMPTS
                                   : m->set->passphrase ? OPENSSH_PASSPHRASE
                                                        : OPENSSH_NO_PROMPTS;
    enter(m, M_LOGIN);
    m->path = m->own_path;
    m->is_persons = m->has_tried_passphrase = false;
    m->was_login = true;
    unlink(m->own_path);
    unlink(m->log_path);
    unlink(m->mark_path);
    const struct openssh_login how = { m->dir, m->own_path, m->log_path, prompts };
    if (askpass_prepare(m->dir, &err) < 0 ||
        openssh_spawn_master(m->set, &how, on_master_end, m, &m->child, &err) < 0) {
        fail(m, &err, false);
        return;
    }
    loop_timer_start(m->timer, m->with_person ? PERSON_MS : m->set->connect_timeout_ms + LOGIN_EXTRA_MS);
}

static void send_answer(void *ctx)
{
    struct openssh_master *m = ctx;
    struct err err = { 0 };
    if (!m->answer || !m->prompt_name)
        return;
    if (askpass_answer(m->dir, m->prompt_name, m->answer, &err) < 0 && err.code == ERR_BUSY &&
        m->answer_tries++ < MAX_ANSWER_TRIES) {
        loop_timer_start(m->answer_timer, ANSWER_RETRY_MS);
        return;
    }
    forget_prompt(m);
}

static void take_question(struct openssh_master *m, struct str *name, struct str *text)
{
    bool is_passphrase = span_has(str_span(text), "passphrase for key");
    forget_prompt(m);
    m->prompt_name = str_steal(name);
    m->prompt = str_steal(text);
    m->answer_tries = 0;
    if (!is_passphrase || !m->set->passphrase) {
        log_info("openssh %s: the login asks: %s", m->set->name, m->prompt);
        return;
    }
    if (m->has_tried_passphrase && !m->with_person) {
        struct err err = { 0 };
        err_set(&err, ERR_AUTH, "%s: the pass phrase does not open the key", m->set->host);
        fail(m, &err, false);
        return;
    }
    m->has_tried_passphrase = true;
    mem_clear_str(&m->prompt); /* nobody else need see it */
    m->answer = mem_dup_str(m->set->passphrase);
    send_answer(m);
}

static void on_dir(void *ctx, unsigned events)
{
    (void)events;
    struct openssh_master *m = ctx;
    char drained[4096];
    while (read(m->dir_fd, drained, sizeof(drained)) > 0)
        continue;
    if (m->state != M_LOGIN)
        return;
    if (access(m->own_path, F_OK) == 0) {
        dial(m, M_DIAL_NEW, m->own_path);
        return;
    }
    auto_str struct str name = STR_MAX(256), text = STR_MAX(MAX_PROMPT_BYTES);
    if (m->prompt_name && !askpass_is_open(m->dir, m->prompt_name))
        forget_prompt(m); /* ssh asks it no more */
    if (!m->prompt_name && askpass_next(m->dir, &name, &text))
        take_question(m, &name, &text);
}

const char *openssh_master_prompt(const struct openssh_master *m)
{
    return m->answer ? NULL : m->prompt;
}

int openssh_master_answer(struct openssh_master *m, const char *answer, struct err *err)
{
    if (!openssh_master_prompt(m))
        return err_set(err, ERR_CONFLICT, "%s asks nothing now", m->set->name);
    m->is_persons = true;
    m->answer = mem_dup_str(answer);
    send_answer(m);
    return 0;
}

/* --- which way --- */

static void on_settings(void *ctx, const struct spawn_result *result)
{
    struct openssh_master *m = ctx;
    struct span path = openssh_setting(result->output, "controlpath");
    m->asking = NULL;
    if (path.len && path.ptr[0] == '/') {
        free(m->persons_path);
        m->persons_path = span_dup(path);
    }
    if (m->persons_path)
        dial(m, M_DIAL_PERSONS, m->persons_path);
    else
        needs_person(m);
}

static void find_persons(struct openssh_master *m)
{
    struct err err = { 0 };
    if (m->persons_path) {
        dial(m, M_DIAL_PERSONS, m->persons_path);
        return;
    }
    enter(m, M_FIND);
    if (openssh_spawn_settings(m->set, false, on_settings, m, &m->asking, &err) < 0)
        fail(m, &err, false);
}

static void next_way(struct openssh_master *m)
{
    loop_timer_stop(m->timer);
    if (m->state == M_DIAL_NEW) /* it was there a moment ago */
        fail_with_log(m);
    else if (m->state == M_DIAL_OWN && m->set->is_manual && !m->with_person)
        find_persons(m);
    else if (m->state == M_DIAL_PERSONS)
        needs_person(m);
    else
        login(m);
}

static void first_way(void *ctx)
{
    struct openssh_master *m = ctx;
    if (m->state == M_DIAL_OWN)
        dial(m, M_DIAL_OWN, m->own_path);
}

void openssh_master_start(struct openssh_master *m, bool with_person)
{
    m->with_person = with_person;
    m->was_login = false;
    enter(m, M_DIAL_OWN);
    loop_defer(m->set->loop, first_way, m);
}

bool openssh_master_is_up(const struct openssh_master *m)
{
    return m->state == M_UP;
}

bool openssh_master_is_down(const struct openssh_master *m)
{
    return m->state == M_DOWN;
}

int64_t openssh_master_made_us(const struct openssh_master *m)
{
    struct stat st;
    return stat(m->path, &st) == 0 ? st.st_mtim.tv_sec * US_PER_S : 0;
}

bool openssh_master_may_be_there(const struct openssh_master *m)
{
    return access(m->own_path, F_OK) == 0;
}

const char *openssh_master_socket(const struct openssh_master *m)
{
    return m->path;
}

bool openssh_master_is_own(const struct openssh_master *m)
{
    return m->path == m->own_path;
}

/* --- life --- */

static char *path_in(const char *dir, const char *name)
{
    struct str path = STR_MAX(4096);
    str_addf(&path, "%s/%s", dir, name);
    return str_steal(&path);
}

static int watch_dir(struct openssh_master *m, struct err *err)
{
    m->dir_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (m->dir_fd < 0 || inotify_add_watch(m->dir_fd, m->dir, IN_CREATE | IN_MOVED_TO | IN_DELETE) < 0)
        return err_set(err, ERR_IO, "the folder %s cannot be watched", m->dir);
    m->watch_dir = loop_watch_fd(m->set->loop, m->dir_fd, LOOP_READ, on_dir, m);
    return m->watch_dir ? 0 : err_set(err, ERR_IO, "the folder %s cannot be watched", m->dir);
}

int openssh_master_new(const struct ssh_settings *set, const struct openssh_master_owner *owner,
                       struct openssh_master **out, struct err *err)
{
    auto_str struct str dir = STR_MAX(4096);
    if (openssh_dir_make(set, &dir, err) < 0)
        return -1;
    struct openssh_master *m = mem_zalloc(sizeof(*m));
    *m = (struct openssh_master){ .set = set, .owner = *owner, .dir_fd = -1, .control = { .fd = -1 } };
    m->dir = str_steal(&dir);
    m->own_path = path_in(m->dir, "s");
    m->log_path = path_in(m->dir, "log");
    m->mark_path = path_in(m->dir, "person");
    m->timer = loop_timer_new(set->loop, on_timer, m);
    m->answer_timer = loop_timer_new(set->loop, send_answer, m);
    if (watch_dir(m, err) < 0) {
        openssh_master_free(m);
        return -1;
    }
    *out = m;
    return 0;
}

/* One that took a person's answers is left for the next start of the gateway: nobody likes to find the phone
 * again. */
static void leave_to_next(struct openssh_master *m)
{
    if (m->state == M_UP && m->is_persons && m->child)
        spawn_release(move_ptr(m->child));
}

/* Of an earlier life of the gateway and without a person's answers: ended as one that we started now. */
static void end_adopted(struct openssh_master *m)
{
    auto_str struct str request = STR_MAX(64);
    bool is_ours = m->state == M_UP && openssh_master_is_own(m);
    if (is_ours && m->is_persons)
        (void)file_write(m->mark_path, SPAN_LIT("a person answered its prompts\n"), 0600, NULL);
    if (!is_ours || m->is_persons || m->child || file_exists(m->mark_path))
        return;
    mux_add_request(&request, MUX_TERMINATE, 2);
    (void)mux_socket_send(&m->control, str_span(&request), NULL);
}

void openssh_master_free(struct openssh_master *m)
{
    if (!m)
        return;
    end_adopted(m);
    leave_to_next(m);
    openssh_master_stop(m);
    loop_watch_free(m->watch_dir);
    if (m->dir_fd >= 0)
        close(m->dir_fd);
    loop_timer_free(m->timer);
    loop_timer_free(m->answer_timer);
    char **paths[] = { &m->dir, &m->own_path, &m->persons_path, &m->log_path, &m->mark_path };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        mem_clear_str(paths[i]);
    free(m);
}
