/* The sh programs of the process scheduler. The run directory's files (exec/supervisor.h) are the only state.
 * Each appends program text that runs with the workspace as working directory (exec/program.h). */
#ifndef SLUICE_EXEC_PROCESS_PROGRAM_H
#define SLUICE_EXEC_PROCESS_PROGRAM_H

#include "base/str.h"
#include "exec/executor.h"

/* Prints a line of exec/process_rows.h for each token. */
void process_look_program(struct str *sh, const char *const *tokens, size_t count);
/* Prints "clock host cpus" and /proc/meminfo. */
void process_machine_program(struct str *sh);
/* Prints nvidia-smi's lines, nothing where there is none. */
void process_gpus_program(struct str *sh);
/* Starts one job; prints "token status", and the sentence of a failure behind it. unborn: its claim is taken
 * away first, if it is dead still. gpus NULL: the machine has none that we know of. */
struct process_start {
    const char *self_path; /* our binary there; NULL: the supervisor is sh */
    const char *token, *gpus;
    bool unborn;
};
/* Before the first of them: by_sh, any_unborn: of some of them that is so. */
void process_start_functions(struct str *sh, bool by_sh, bool any_unborn);
void process_start_program(struct str *sh, const struct process_start *start);
/* Prints "closed" (it waited), "asked" or "gone". */
void process_cancel_program(struct str *sh, const struct cancel_spec *spec);
/* Prints "accepted <run dir>", "few-gpus <count>", "no-code" or "failed <what>". check_gpus: nvidia-smi is
 * asked how many there are. */
void process_submit_program(struct str *sh, const struct submit_spec *spec, bool check_gpus);

#endif
