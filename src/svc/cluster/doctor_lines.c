#include "svc/cluster/doctor_lines.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum {
    SKEW_WARN_S = 5,
    SKEW_BAD_S = 300,
    LINE_BYTES = 2048,
    ADVICE_BYTES = 1024 * 1024, /* the site may have written it */
    FREE_WARN_KB = 1024 * 1024,
    FREE_BAD_KB = 10240
};

struct lines {
    const struct doctor_patient *p;
    struct json_out *out;
    enum doctor_level worst;
};

static const char *const words[] = { "ok", "warning", "error" };

const char *doctor_level_word(enum doctor_level level)
{
    return words[level];
}

static void say(struct lines *l, const char *check, enum doctor_level level, const char *text,
                const char *hint)
{
    json_open_object(l->out);
    json_member_str(l->out, "check", check);
    json_member_str(l->out, "status", words[level]);
    json_member_str(l->out, "text", text);
    json_member_str(l->out, "hint", level == DOCTOR_OK ? NULL : hint);
    json_close_object(l->out);
    if (level > l->worst)
        l->worst = level;
}

static struct span get(const struct lines *l, const char *name, int *rc)
{
    const struct frame_section *s = frame_get(&l->p->result->frame, name);
    *rc = s && s->complete ? s->rc : -1;
    return s && s->complete ? span_trim(s->data) : (struct span){ "", 0 };
}

/* --- the way there --- */

static const struct advice {
    enum err_code code;
    const char *hint; /* the cluster's name comes behind one that ends in a blank */
} advices[] = {
    { ERR_AUTH, "check user, key and known_hosts entry; where the site asks for a code or password: sluice "
                "connect " },
    { ERR_DENIED, "check the permissions of the key file and of the state directory" },
    { ERR_UNSUPPORTED, "set ssh.backend: auto or openssh" },
    { ERR_TIMEOUT, "the host does not answer: network, VPN, or a login node under load" },
    { ERR_OFFLINE, "check the host's name, the network and the VPN; then: sluice connect " },
    { ERR_CORRUPT, "a login script may eat stdin or print binary data" },
    { ERR_BUSY, "the budget of logins is used up, or too many commands wait: try later" },
};

static void add_advice(const struct doctor_patient *p, struct str *to)
{
    if (p->config->connection_instructions) {
        str_add(to, p->config->connection_instructions);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(advices); i++)
        if (advices[i].code == p->err->code) {
            str_add(to, advices[i].hint);
            str_add(to, span_ends(span_of(advices[i].hint), " ") ? p->config->name : "");
            return;
        }
    str_add(to, "see the gateway's log");
}

static void unreachable(struct lines *l)
{
    auto_str struct str advice = STR_MAX(ADVICE_BYTES);
    add_advice(l->p, &advice);
    bool is_key = strstr(l->p->err->text, "known_hosts") || strstr(l->p->err->text, "ost key") ||
                  strstr(l->p->err->text, "IDENTIFICATION");
    say(l,
        is_key                        ? "host key"
        : l->p->err->code == ERR_AUTH ? "login"
                                      : "connection",
        DOCTOR_ERROR, l->p->err->text, str_text(&advice));
}

static void connection(struct lines *l)
{
    const struct transport_status *link = l->p->link;
    auto_str struct str text = STR_MAX(LINE_BYTES);
    if (!l->p->config->host) {
        say(l, "connection", DOCTOR_OK, "this machine", NULL);
        return;
    }
    say(l, "host key", DOCTOR_OK, "the host is the one that known_hosts names", NULL);
    str_addf(&text, "logged in by %s (login %llu since the start), the last command took %lld ms",
             link->backend, (unsigned long long)link->logins, (long long)link->latency_us / 1000);
    if (link->why)
        str_addf(&text, "; not by libssh2: %s", link->why);
    say(l, "login", DOCTOR_OK, str_text(&text), NULL);
}

static void noise(struct lines *l)
{
    auto_str struct str text = STR_MAX(LINE_BYTES);
    struct span out = l->p->result->noise, err = l->p->result->err_text;
    if (!span_trim(out).len && !span_trim(err).len) {
        say(l, "shell noise", DOCTOR_OK, "the login shell prints nothing", NULL);
        return;
    }
    struct span sample = span_head(span_trim(out).len ? span_trim(out) : span_trim(err), 120);
    str_addf(&text, "the login shell prints %zu bytes before our output and %zu on stderr: %.*s", out.len,
             err.len, SPAN_FMT(sample));
    say(l, "shell noise", DOCTOR_WARNING, str_text(&text),
        "harmless here, but other tools break: print in ~/.bashrc only where [ -t 1 ]");
}

static void who(struct lines *l)
{
    int rc;
    auto_str struct str text = STR_MAX(LINE_BYTES);
    struct span rest = get(l, "who", &rc), user = { "", 0 }, shell = { "", 0 };
    (void)span_next_line(&rest, &user);
    (void)span_next_line(&rest, &shell);
    str_addf(&text, "%.*s, %.*s on %.*s", SPAN_FMT(user), SPAN_FMT(shell), SPAN_FMT(span_trim(rest)));
    bool is_odd = !span_ends(shell, "sh");
    say(l, "login shell", is_odd ? DOCTOR_WARNING : DOCTOR_OK, str_text(&text),
        "commands run in /bin/sh; a login shell that is no shell may not pass them on");
}

static void clock_skew(struct lines *l)
{
    int rc;
    int64_t there = 0;
    auto_str struct str text = STR_MAX(LINE_BYTES);
    if (!span_i64(get(l, "clock", &rc), &there)) {
        say(l, "clock", DOCTOR_WARNING, "its clock could not be read", "is `date` there?");
        return;
    }
    long long skew = (long long)(there - l->p->now_s), size = skew < 0 ? -skew : skew;
    str_addf(&text, "%lld s %s of ours", size, skew < 0 ? "behind" : "ahead");
    say(l, "clock",
        size >= SKEW_BAD_S    ? DOCTOR_ERROR
        : size >= SKEW_WARN_S ? DOCTOR_WARNING
                              : DOCTOR_OK,
        str_text(&text), "let NTP set the clock of the login node or of this machine");
}

/* --- disk --- */

/* "device blocks used available capacity mount" */
static bool df_available(struct span line, int64_t *kb)
{
    struct span word;
    for (int field = 0; span_next(&line, ' ', &word);) {
        if (!word.len)
            continue;
        if (++field == 4)
            return span_i64(word, kb);
    }
    return false;
}

static void workspace(struct lines *l)
{
    int rc;
    int64_t kb = 0;
    auto_str struct str text = STR_MAX(LINE_BYTES);
    struct span rest = get(l, "workspace", &rc), first = { "", 0 };
    struct span said = rest;
    (void)span_next_line(&rest, &first);
    if (rc != 0 || !span_is(span_trim(first), "ok")) {
        str_addf(&text, "%s cannot be written: %.*s", l->p->config->workspace,
                 SPAN_FMT(span_head(said, 400)));
        say(l, "workspace", DOCTOR_ERROR, str_text(&text),
            "set workspace to a folder of yours with room in it");
        return;
    }
    if (!df_available(span_trim(rest), &kb)) {
        say(l, "workspace", DOCTOR_OK, "it can be written", NULL);
        return;
    }
    str_addf(&text, "%s can be written; %.1f GiB free on its file system", l->p->config->workspace,
             (double)kb / (1024.0 * 1024.0));
    say(l, "workspace",
        kb < FREE_BAD_KB    ? DOCTOR_ERROR
        : kb < FREE_WARN_KB ? DOCTOR_WARNING
                            : DOCTOR_OK,
        str_text(&text), "make room, or set workspace to another file system");
}

static void quota(struct lines *l)
{
    int rc;
    struct span said = get(l, "quota", &rc);
    auto_str struct str text = STR_MAX(LINE_BYTES);
    if (!said.len)
        return;
    str_addf(&text, "%.*s", SPAN_FMT(span_head(said, 600)));
    bool is_over = span_has(said, "*");
    say(l, "quota", is_over ? DOCTOR_ERROR : DOCTOR_OK, str_text(&text),
        "you are over your quota: remove files");
}

static void missing(struct lines *l, const char *section, const char *check, const char *hint)
{
    int rc;
    auto_str struct str text = STR_MAX(LINE_BYTES);
    struct span rest = get(l, section, &rc), line;
    if (!rest.len) {
        say(l, check, DOCTOR_OK, "all are there", NULL);
        return;
    }
    str_add(&text, "missing:");
    while (span_next_line(&rest, &line))
        str_addf(&text, " %.*s", SPAN_FMT(span_trim(line)));
    say(l, check, DOCTOR_ERROR, str_text(&text), hint);
}

static void channels(struct lines *l)
{
    auto_str struct str text = STR_MAX(LINE_BYTES);
    long long want = (long long)l->p->config->ssh.max_channels;
    if (!l->p->free_slots || !l->p->config->host)
        return;
    str_addf(&text, "%u of %lld commands at a time", l->p->free_slots, want);
    say(l, "MaxSessions", l->p->free_slots < want ? DOCTOR_WARNING : DOCTOR_OK, str_text(&text),
        "the server allows fewer sessions: set ssh.max_channels to what it gives");
}

/* --- Slurm --- */

static void slurm_line(struct lines *l, const char *section, const char *check, const char *hint)
{
    int rc;
    auto_str struct str text = STR_MAX(LINE_BYTES);
    struct span said = get(l, section, &rc);
    bool is_bad = rc != 0 || span_has(said, "error:") || span_has(said, "is DOWN");
    str_addf(&text, "%.*s", SPAN_FMT(span_head(said, 500)));
    say(l, check, is_bad ? DOCTOR_ERROR : DOCTOR_OK,
        text.len ? str_text(&text)
        : is_bad ? "no answer"
                 : "answers",
        hint);
}

static bool is_allowed(const struct strs *allowed, struct span name)
{
    for (size_t i = 0; i < allowed->count; i++)
        if (span_is(name, allowed->items[i]))
            return true;
    return allowed->count == 0;
}

static bool has_partition(struct span rows, const char *name)
{
    struct span line, word;
    while (span_next_line(&rows, &line))
        if (span_next(&line, '|', &word) && span_is(word, name))
            return true;
    return false;
}

static void partitions(struct lines *l)
{
    int rc;
    unsigned up = 0;
    const struct strs *allowed = &l->p->config->allowed_partitions;
    auto_str struct str text = STR_MAX(LINE_BYTES), unknown = STR_MAX(LINE_BYTES);
    struct span rows = get(l, "partitions", &rc), rest = rows, line, name, state;
    while (span_next_line(&rest, &line)) {
        if (!span_next(&line, '|', &name) || !span_next(&line, '|', &state) || !is_allowed(allowed, name))
            continue;
        up += span_is(state, "up");
        str_addf(&text, "%s%.*s%s", text.len ? ", " : "", SPAN_FMT(name),
                 span_is(state, "up") ? "" : " (not up)");
    }
    for (size_t i = 0; i < allowed->count; i++)
        if (!has_partition(rows, allowed->items[i]))
            str_addf(&unknown, " %s", allowed->items[i]);
    if (unknown.len) {
        str_addf(&text, "%sunknown:%s", text.len ? "; " : "", str_text(&unknown));
        say(l, "partitions", DOCTOR_ERROR, str_text(&text), "correct allowed_partitions");
        return;
    }
    say(l, "partitions", rc || !up ? DOCTOR_ERROR : DOCTOR_OK, text.len ? str_text(&text) : "none is up",
        "no partition takes jobs: ask the site");
}

static void accounts(struct lines *l)
{
    int rc;
    auto_str struct str text = STR_MAX(LINE_BYTES);
    struct span rest = get(l, "accounts", &rc), line, name;
    if (rc != 0) {
        str_addf(&text, "not known: %.*s", SPAN_FMT(span_head(rest, 300)));
        say(l, "accounts", DOCTOR_WARNING, str_text(&text),
            "sacctmgr does not answer; submitting may still work");
        return;
    }
    while (span_next_line(&rest, &line))
        if (span_next(&line, '|', &name) && name.len)
            str_addf(&text, "%s%.*s", text.len ? ", " : "", SPAN_FMT(name));
    say(l, "accounts", text.len ? DOCTOR_OK : DOCTOR_WARNING,
        text.len ? str_text(&text) : "none of this user",
        "where the site enforces accounts, jobs will be refused: ask for one");
}

static void slurm(struct lines *l)
{
    missing(l, "commands", "Slurm commands",
            "set slurm.bin_dir, use_login_shell or prelude (module load slurm)");
    slurm_line(l, "version", "Slurm version", "Slurm's commands do not run on this host");
    slurm_line(l, "ping", "controller", "slurmctld does not answer: the site must look at it");
    slurm_line(l, "accounting", "accounting", "slurmdbd does not answer: ends of jobs will be known late");
    partitions(l);
    accounts(l);
}

static void process(struct lines *l)
{
    int rc;
    struct span gpus = get(l, "gpus", &rc), linger = get(l, "linger", &rc);
    auto_str struct str text = STR_MAX(LINE_BYTES);
    str_addf(&text, "%.*s", SPAN_FMT(span_head(gpus, 600)));
    say(l, "GPUs", DOCTOR_OK, gpus.len ? str_text(&text) : "none", NULL);
    if (span_has(linger, "no-setsid"))
        say(l, "supervisor", DOCTOR_ERROR, "setsid is missing", "install util-linux");
    if (span_has(linger, "KillUserProcesses"))
        say(l, "supervisor", DOCTOR_WARNING, "systemd-logind ends a user's processes at logout",
            "loginctl enable-linger, once, on that machine");
}

enum doctor_level doctor_lines(const struct doctor_patient *patient, struct json_out *out)
{
    struct lines l = { patient, out, DOCTOR_OK };
    if (!patient->result) {
        unreachable(&l);
        return l.worst;
    }
    connection(&l);
    noise(&l);
    who(&l);
    clock_skew(&l);
    workspace(&l);
    quota(&l);
    missing(&l, "tools", "tools", "install them: coreutils, tar, bash");
    channels(&l);
    if (patient->config->type == CLUSTER_SLURM)
        slurm(&l);
    else
        process(&l);
    return l.worst;
}
