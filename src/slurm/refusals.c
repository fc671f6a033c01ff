#include "slurm/refusals.h"

#include "base/mem.h"

#include <string.h>

struct refusal_row {
    const char *text; /* stands somewhere in what sbatch said */
    enum refusal_kind kind;
    const char *field;
    const char *sentence;
};

#define PERMANENT REFUSAL_PERMANENT
#define TRANSIENT REFUSAL_TRANSIENT
#define AMBIGUOUS REFUSAL_AMBIGUOUS

/* The first row that matches counts: what may hide an accepted job first, the particular before the general.
 */
static const struct refusal_row rows[] = {
    { "Socket timed out", AMBIGUOUS, NULL, "The controller did not answer in time; the job may exist." },
    { "Zero Bytes were transmitted", AMBIGUOUS, NULL,
      "The connection to the controller broke; the job may exist." },
    { "Unable to contact slurm controller", TRANSIENT, NULL,
      "The Slurm controller cannot be reached; nothing was submitted." },
    { "Rate limit exceeded", TRANSIENT, NULL, /* since 23.02, SlurmctldParameters=rl_enable */
      "The controller limits how often it may be asked; nothing was submitted." },
    { "Munge encode failed", TRANSIENT, NULL,
      "Munge is not running on the login node; nothing was submitted." },
    { "in standby mode", TRANSIENT, NULL, "The Slurm controller is changing over; nothing was submitted." },
    { "cannot stat file", TRANSIENT, NULL, "Slurm's configuration is missing on the login node." },
    { "Could not establish a configuration source", TRANSIENT, NULL,
      "Slurm's configuration is missing on the login node." },
    { "Resource temporarily unavailable", TRANSIENT, NULL,
      "The controller takes no more jobs at the moment." },
    { "I/O error writing script/environment", TRANSIENT, NULL,
      "The controller cannot write to its own disk." },
    { "Reached a maximum number of jobs", TRANSIENT, NULL, "The controller's queue is full." },
    { "SubmitJob", TRANSIENT, "slurm.qos",
      "You have as many jobs in the queue as your account or QOS allows; it is tried again later." },
    { "MaxSubmitJobs", TRANSIENT, "slurm.qos",
      "You have as many jobs in the queue as your account or QOS allows; it is tried again later." },

    { "nvalid partition", PERMANENT, "slurm.partition", "The cluster has no such partition." },
    { "Required partition not available", PERMANENT, "slurm.partition",
      "The partition is closed (inactive or drained)." },
    { "account not permitted to use this partition", PERMANENT, "slurm.account",
      "Your account may not use this partition." },
    { "group not permitted to use this partition", PERMANENT, "slurm.partition",
      "Your group may not use this partition." },
    { "QOS not permitted to use this partition", PERMANENT, "slurm.qos",
      "This QOS may not be used in this partition." },
    { "Invalid account", PERMANENT, "slurm.account",
      "This account does not exist, is not yours, or may not use the partition." },
    { "nvalid qos", PERMANENT, "slurm.qos", "This QOS does not exist, or your account may not use it." },
    { "Invalid Quality of Service", PERMANENT, "slurm.qos",
      "This QOS does not exist, or your account may not use it." },
    { "MaxWallDurationPerJob", PERMANENT, "resources.time",
      "The time asked for is over what the account or QOS allows a job." },
    { "MaxGRESPerJob", PERMANENT, "resources.gpus", "More GPUs than the QOS allows a job." },
    { "MaxGRESPerUser", PERMANENT, "resources.gpus", "More GPUs than the QOS allows a user." },
    { "MaxGRESPerNode", PERMANENT, "resources.gpus", "More GPUs a node than the QOS allows." },
    { "MinGRES", PERMANENT, "resources.gpus", "Fewer GPUs than the QOS demands." },
    { "MaxCpuPer", PERMANENT, "resources.cpus", "More CPUs than the account or QOS allows." },
    { "MaxMemoryPer", PERMANENT, "resources.mem", "More memory than the account or QOS allows." },
    { "MaxNodePer", PERMANENT, "resources.nodes", "More nodes than the account or QOS allows." },
    { "Job violates accounting/QOS policy", PERMANENT, "slurm.qos",
      "The job is over a limit of your account or QOS." },
    { "Memory specification can not be satisfied", PERMANENT, "resources.mem",
      "No node of the partition has that much memory." },
    { "Memory required by task is not available", PERMANENT, "resources.mem",
      "No node of the partition has that much memory." },
    { "Invalid generic resource", PERMANENT, "resources.gpu_type",
      "The cluster knows no such GPU or generic resource." },
    { "Invalid Trackable RESource", PERMANENT, "resources.gpu_type",
      "The cluster knows no such GPU or generic resource." },
    { "Requested node configuration is not available", PERMANENT, "resources",
      "No node of the partition has what was asked for (GPU type and count, CPUs, reservation)." },
    { "Requested partition configuration not available", PERMANENT, "slurm.partition",
      "The partition has no nodes that could run this." },
    { "Requested time limit is invalid", PERMANENT, "resources.time",
      "The time asked for is over the partition's limit." },
    { "Invalid --time", PERMANENT, "resources.time", "The time limit is not one that Slurm can read." },
    { "Invalid --begin", PERMANENT, "slurm.begin", "The begin time is not one that Slurm can read." },
    { "Invalid feature specification", PERMANENT, "slurm.constraint", "No node has this feature." },
    { "Invalid node name specified", PERMANENT, "slurm.exclude", "The cluster has no such node." },
    { "Node count specification invalid", PERMANENT, "resources.nodes",
      "The partition does not allow that many nodes." },
    { "More processors requested than permitted", PERMANENT, "resources.cpus",
      "More CPUs than the partition has." },
    { "Invalid job array specification", PERMANENT, "slurm.array",
      "The array's indices are not valid, or over the cluster's MaxArraySize." },
    { "Job dependency problem", PERMANENT, "slurm.dependency", "The dependency is not valid." },
    { "Invalid dependency", PERMANENT, "slurm.dependency", "The dependency is not valid." },
    { "Access denied to requested reservation", PERMANENT, "slurm.reservation",
      "You may not use this reservation." },
    { "reservation is invalid", PERMANENT, "slurm.reservation", "The cluster has no such reservation." },
    { "reservation not usable", PERMANENT, "slurm.reservation", "The reservation is not active now." },
    { "Invalid license", PERMANENT, "slurm.extra", "The cluster has no such licence." },
    { "Invalid wckey", PERMANENT, "slurm.extra", "The cluster knows no such wckey." },
    { "Access/permission denied", PERMANENT, NULL, "The cluster does not let you submit this." },
    { "Invalid user id", PERMANENT, NULL, "The cluster's controller does not know this user." },
    { "Pathname of a file, directory or other parameter too long", PERMANENT, NULL,
      "A name or path is longer than Slurm takes." },
    { "Invalid directory", PERMANENT, "workspace", "The working directory is not valid." },
    { "unrecognized option", PERMANENT, "slurm.extra", "sbatch knows no such option." },
    { "invalid option", PERMANENT, "slurm.extra", "sbatch knows no such option." },
    { "option requires an argument", PERMANENT, "slurm.extra", "An option of sbatch lacks its value." },
    { "Invalid time-min specification", PERMANENT, "slurm.extra",
      "The least time (time-min) is over the time limit or another limit." },
    { "Incompatible begin and deadline", PERMANENT, "slurm.extra",
      "With its begin time it cannot end before its deadline." },
    { "Invalid --nice value", PERMANENT, "slurm.nice", "Only operators may raise a job's priority." },
    { "Invalid preferred feature", PERMANENT, "slurm.extra", "No node has the feature that is preferred." },
    { "operation not supported on this system", PERMANENT, NULL,
      "The cluster's Slurm does not support something that the job asks for." },
    { "Bad rlimit name", PERMANENT, "slurm.extra", "There is no such limit to propagate." },
    { "Priority must be", PERMANENT, "slurm.extra", "The priority is not one that Slurm takes." },
    /* What its options' parser says of any other value: "Invalid --hint argument", "unrecognized --hint ...",
     * "invalid --profile=x option". */
    { "nvalid --", PERMANENT, "slurm.extra", "sbatch cannot read the value of an option." },
    { "unrecognized --", PERMANENT, "slurm.extra", "sbatch cannot read the value of an option." },
    { "DOS line breaks", PERMANENT, "template", "The script has Windows line ends (CR LF)." },
    { "does not look like a batch script", PERMANENT, "template", "The script has no #! line." },
    { "Batch script is empty", PERMANENT, "template", "The script is empty." },
    { "Unable to open file", PERMANENT, NULL, "sbatch cannot read the script in the run directory." },
    { "Invalid numeric value", PERMANENT, "slurm.extra", "An option of sbatch needs a number." },
    /* A site's job_submit plugin says no with its own words before this. */
    { "Unspecified error", PERMANENT, NULL, "The cluster's submit rules refuse this job." },
    /* Also where the answer alone was lost; and they pass, so that they are never taken for a refusal. */
    { "Protocol authentication error", AMBIGUOUS, NULL,
      "Munge does not work between the login node and the controller; the job may exist." },
    { "nexpected message", AMBIGUOUS, NULL,
      "The controller's answer was not understood; the job may exist." },
    { "Communication ", AMBIGUOUS, NULL, "The connection to the controller broke; the job may exist." },
    { "Message ", AMBIGUOUS, NULL, "The connection to the controller broke; the job may exist." },
    { "onnection ", AMBIGUOUS, NULL, "The connection to the controller broke; the job may exist." },
};

/* What the shell says where there is no sbatch at all. */
static const struct refusal_row no_sbatch = { "", PERMANENT, "prelude",
                                              "There is no sbatch in the PATH of the login node." };
static const struct refusal_row unknown = {
    "", AMBIGUOUS, NULL, "sbatch ended without an id and without a reason we know; the job may exist."
};

/* The line that holds the words, without sbatch's own prefix. */
static struct span line_around(struct span text, size_t at)
{
    struct span line;
    while (span_next_line(&text, &line)) {
        if (at <= line.len) {
            line = span_trim(line);
            if (span_starts(line, "sbatch: error: "))
                return span_skip(line, strlen("sbatch: error: "));
            return span_starts(line, "sbatch: ") ? span_skip(line, strlen("sbatch: ")) : line;
        }
        at -= line.len + 1;
    }
    return (struct span){ 0 };
}

static struct refusal refusal_of(const struct refusal_row *row, struct span words)
{
    return (struct refusal){ row->kind, row->field, row->sentence, false, words };
}

/* A plugin's or policy's own sentence stands in the line before the general one. */
static struct span first_words(struct span text)
{
    struct span trimmed = span_trim(text);
    return line_around(trimmed, 0);
}

struct refusal refusal_read(int rc, struct span text)
{
    if (rc == 124 || rc >= 128)
        if (rc != 255) /* sbatch's own way to refuse an option; 124, 137, 141: it was ended under way */
            return refusal_of(&unknown, first_words(text));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t at = span_find(text, span_of(rows[i].text));
        if (at < text.len)
            return refusal_of(&rows[i], strcmp(rows[i].text, "Unspecified error") == 0
                                            ? first_words(text)
                                            : line_around(text, at));
    }
    if (rc == 126 || rc == 127)
        return refusal_of(&no_sbatch, first_words(text));
    struct refusal refusal = refusal_of(&unknown, first_words(text));
    refusal.is_new = refusal.words.len > 0;
    return refusal;
}
