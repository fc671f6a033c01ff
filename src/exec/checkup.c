#include "exec/checkup.h"

#include "base/limits.h"
#include "base/mem.h"

enum { CHECKUP_TIMEOUT_MS = 120 * 1000 };

struct section {
    const char *name, *text;
};

static const struct section common[] = {
    { "who", "id -un; echo \"${SHELL:-?}\"; uname -sr\n" },
    { "clock", "date +%s\n" },
    { "workspace", "t=$ws/.sluice-check.$$\n"
                   "mkdir -p \"$ws\" 2>&1 && { echo ok >\"$t\" && cat \"$t\"; } 2>&1 && rm -f \"$t\" && "
                   "df -Pk \"$ws\" | tail -n 1\n" },
    { "quota", "command -v quota >/dev/null && timeout 10 quota -w -p 2>/dev/null | tail -n 3; :\n" },
    { "tools", "for c in tar sha256sum b2sum timeout mktemp readlink stat sync bash; do "
               "command -v $c >/dev/null || echo $c; done\n" },
};

static const struct section slurm[] = {
    { "version", "timeout 20 sinfo --version 2>&1\n" },
    { "commands", "for c in sbatch squeue sinfo scontrol scancel sacct sacctmgr; do "
                  "command -v $c >/dev/null || echo $c; done\n" },
    { "ping", "timeout 30 scontrol ping 2>&1\n" },
    { "accounting", "timeout 30 sacct -n -X -P -S now-1minutes -o JobID 2>&1 | tail -n 2\n"
                    "timeout 30 sacct -n -X -P -j 1 -o JobID >/dev/null 2>&1\n" },
    { "partitions", "timeout 30 sinfo -h -o '%R|%a|%l' 2>&1\n" },
    { "accounts",
      "timeout 30 sacctmgr -nP show assoc user=\"$(id -un)\" format=Account,Partition,QOS 2>&1\n" },
};

static const struct section process[] = {
    { "gpus", "if command -v nvidia-smi >/dev/null; then timeout 20 nvidia-smi -L 2>&1; fi\n" },
    { "linger", "command -v setsid >/dev/null || echo no-setsid\n"
                "grep -hs '^KillUserProcesses=yes' /etc/systemd/logind.conf; :\n" },
};

static void add(struct str *sh, const struct section *sections, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        call_section_open(sh, sections[i].name);
        str_add(sh, sections[i].text);
        call_section_close(sh, sections[i].name);
    }
}

static void on_answer(struct call *call, const struct run_result *result)
{
    call->done.check(call->ctx, result, result->end == RUN_DONE ? NULL : &result->err);
}

int checkup_start(struct call *call, bool with_slurm, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    call_prelude(call, &sh);
    frame_begin(&sh, &call->nonce);
    str_add(&sh, "LC_ALL=C; export LC_ALL; ws=");
    if (workspace_word(&sh, call_cluster(call)->workspace, err) < 0)
        return -1;
    str_add(&sh, "\n");
    add(&sh, common, ARRAY_LEN(common));
    if (with_slurm)
        add(&sh, slurm, ARRAY_LEN(slurm));
    else
        add(&sh, process, ARRAY_LEN(process));
    const struct call_send how = {
        .what = "check", .urgent = true, .wants_login = true, .timeout_ms = CHECKUP_TIMEOUT_MS
    };
    return call_send(call, &sh, &how, on_answer, err);
}

int checkup_echo(struct call *call, unsigned ms, struct err *err)
{
    auto_str struct str sh = STR_MAX(MAX_COMMAND_BYTES);
    call_prelude(call, &sh);
    frame_begin(&sh, &call->nonce);
    call_section_open(&sh, "echo");
    if (ms)
        str_addf(&sh, "sleep %u.%03u\n", ms / 1000, ms % 1000);
    else
        str_add(&sh, ":\n");
    call_section_close(&sh, "echo");
    const struct call_send how = { .what = "connect", .urgent = true };
    return call_send(call, &sh, &how, on_answer, err);
}
