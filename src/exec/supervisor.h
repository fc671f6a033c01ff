/* The supervisor of a job on this machine: `sluice supervise RUNDIR [--gpus LIST]`.
 *
 * The gateway may be killed at any moment; the job must not notice, and its end must be known afterwards. So
 * a job is watched by a process of its own, in a session of its own, that talks to the gateway only through
 * files in the run directory (the same files a POSIX sh supervisor writes on a workstation reached by ssh):
 *
 *   spec     key=value lines, written at submission: gpus, cpus, priority, time_s (0: no limit)
 *   claim    a symbolic link "<pid>:<start>:<boot id>" to nowhere: made atomically, it names the one
 * supervisor that may run the job; "cancelled:::" closes a job that waits pid      key=value: pid, start,
 * boot (the payload's session leader), supervisor, supervisor_start, gpus, began. Written and fsynced before
 * the payload may run: no pid file, never run exit     key=value: code or signal, started, ended, attempt,
 * how (exited, timeout, cancelled). Last of all process.log  what the script writes before it redirects
 * itself to attempt-1.log
 *
 * start is field 22 of /proc/PID/stat: with the boot id it tells a process from a later one of the same
 * number. */
#ifndef SLUICE_EXEC_SUPERVISOR_H
#define SLUICE_EXEC_SUPERVISOR_H

/* argv = {"supervise", RUNDIR, ...}. Returns the exit status
 * of the program that started it: 0 once the pid file stands (the supervisor lives on in the background),
 * SUPERVISE_CLAIMED where another one has the job or it was cancelled, else 1 with a sentence on stderr. */
enum { SUPERVISE_CLAIMED = 3 };
int supervisor_main(int argc, char **argv);

#endif
