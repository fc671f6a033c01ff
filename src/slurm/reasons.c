#include "slurm/reasons.h"

#include "base/mem.h"
#include "slurm/value.h"

#include <string.h>

struct reason_row {
    const char *word;
    bool is_prefix; /* also any longer word: "QOSMaxCpuPerUserLimit", "ReqNodeNotAvail, UnavailableNodes:..."
                     */
    struct reason reason;
};

#define WAITS(sentence, field)        \
    {                                 \
        sentence, field, false, false \
    }
#define NEVER(sentence, field)       \
    {                                \
        sentence, field, true, false \
    }
#define ENDED(sentence, field)       \
    {                                \
        sentence, field, false, true \
    }

/* The first match counts: the particular before the general. */
static const struct reason_row rows[] = {
    { "Resources", false, WAITS("Next in line: it starts as soon as enough of the cluster is free.", NULL) },
    { "Priority", false, WAITS("Jobs of higher priority stand before it.", NULL) },
    { "EarlierJobs", false, WAITS("It waits for slots or GPUs behind jobs that came earlier.", NULL) },
    { "MachineHasTooFewGpus", false,
      NEVER("This machine has fewer GPUs than it asks for.", "resources.gpus") },
    { "NvidiaSmiFails", false,
      WAITS("nvidia-smi fails on this machine: no GPU is given away until it works again.", NULL) },
    { "DependencyNeverSatisfied",
      false,
      { "The job it depends on did not end as required, so it will never start: cancel it.",
        "slurm.dependency", true, true } },
    { "Dependency", false, WAITS("It waits for the job it depends on.", "slurm.dependency") },
    { "BeginTime", false,
      WAITS("Its begin time has not come yet (after a requeue: about two minutes).", "slurm.begin") },
    { "JobHeldUser", false, WAITS("Held by its owner: release it with `scontrol release`.", NULL) },
    { "JobHeldAdmin", false, WAITS("Held by an administrator of the cluster: ask them.", NULL) },
    { "JobHoldMaxRequeue", false, NEVER("It was requeued as often as Slurm allows and is now held.", NULL) },
    { "JobArrayTaskLimit", false, WAITS("As many tasks of this array run as it allows at a time.", NULL) },
    { "PartitionTimeLimit", false,
      NEVER("It asks for more time than the partition allows: shorten it.", "resources.time") },
    { "PartitionNodeLimit", false,
      NEVER("It asks for more nodes than the partition has or allows.", "resources.nodes") },
    { "PartitionConfig", false,
      NEVER("No node of the partition can give what it asks for: too many CPUs, GPUs or too much memory.",
            "resources") },
    { "PartitionDown", false,
      NEVER("The partition is down: nothing starts in it until an administrator "
            "opens it again.",
            "slurm.partition") },
    { "PartitionInactive", false,
      NEVER("The partition takes no jobs until an administrator opens it again.", "slurm.partition") },
    { "BadConstraints", false, NEVER("No node fits its constraints.", "slurm.constraint") },
    { "NodeDown", false, WAITS("A node it needs is down.", NULL) },
    { "Nodes required for job are DOWN", true,
      WAITS("The nodes it needs are down, drained or reserved.", NULL) },
    { "ReqNodeNotAvail", true,
      WAITS("A node it needs is not available now (down, drained, or kept for maintenance).",
            "resources.time") },
    { "InvalidAccount", false, NEVER("Its account is no longer valid.", "slurm.account") },
    { "InvalidQOS", false, NEVER("Its QOS is no longer valid.", "slurm.qos") },
    { "QOSNotAllowed", false, NEVER("Its QOS may not be used with this account or partition.", "slurm.qos") },
    { "QOSRequired", false, NEVER("The partition demands a QOS.", "slurm.qos") },
    { "AccountNotAllowed", false, NEVER("Its account may not use this partition.", "slurm.account") },
    { "Job's account not permitted", true,
      NEVER("Its account may not use this partition.", "slurm.account") },
    { "Job's QOS not permitted", true, NEVER("Its QOS may not be used in this partition.", "slurm.qos") },
    { "User's group not permitted", true,
      NEVER("Your group may not use this partition.", "slurm.partition") },
    { "QOSMaxWallDurationPerJobLimit", false,
      NEVER("It asks for more time than its QOS allows: shorten it.", "resources.time") },
    { "AssocMaxWallDurationPerJobLimit", false,
      NEVER("It asks for more time than its account allows: shorten it.", "resources.time") },
    { "QOSMaxGRESPerJob", true, NEVER("It asks for more GPUs than its QOS allows a job.", "resources.gpus") },
    { "QOSMaxCpuPerJobLimit", false,
      NEVER("It asks for more CPUs than its QOS allows a job.", "resources.cpus") },
    { "QOSMaxMemoryPerJob", true,
      NEVER("It asks for more memory than its QOS allows a job.", "resources.mem") },
    { "QOSMaxNodePerJobLimit", true,
      NEVER("It asks for more nodes than its QOS allows a job.", "resources.nodes") },
    { "QOSMaxGRESPerNode", true,
      NEVER("It asks for more GPUs a node than its QOS allows.", "resources.gpus") },
    { "QOSMinGRES", true, NEVER("It asks for fewer GPUs than its QOS demands.", "resources.gpus") },
    { "QOSMinCpuNotSatisfied", true,
      NEVER("It asks for fewer CPUs than its QOS demands.", "resources.cpus") },
    { "QOSMaxGRESPerUser", true, WAITS("You use as many GPUs as the QOS allows a user.", "slurm.qos") },
    { "QOSMaxJobsPerUserLimit", false, WAITS("You run as many jobs as the QOS allows a user.", "slurm.qos") },
    { "QOSMaxSubmit", true, WAITS("You have as many jobs in the queue as the QOS allows.", "slurm.qos") },
    { "QOSMax", true, WAITS("A limit of its QOS on you is reached.", "slurm.qos") },
    { "QOSGrpGRES", true,
      WAITS("All users of this QOS together use as many GPUs as it allows.", "slurm.qos") },
    { "QOSGrp", true, WAITS("A limit of its QOS on all its users together is reached.", "slurm.qos") },
    { "QOSTimeLimit", true, WAITS("The QOS has used up its time.", "slurm.qos") },
    { "QOSUsageThreshold", true, WAITS("The usage threshold of the QOS is passed.", "slurm.qos") },
    { "QOSJobLimit", false, WAITS("The QOS has reached its number of jobs.", "slurm.qos") },
    { "QOSResourceLimit", false, WAITS("The QOS has reached a limit of resources.", "slurm.qos") },
    { "AssocGrpGRESMinutes", true, WAITS("Your account has used up its GPU time.", "slurm.account") },
    { "AssocGrpCPUMinutesLimit", true, WAITS("Your account has used up its CPU time.", "slurm.account") },
    { "AssocGrpBilling", true, WAITS("Your account has used up its budget.", "slurm.account") },
    { "AssocGrpGRES", true, WAITS("Your account as a whole uses as many GPUs as it may.", "slurm.account") },
    { "AssocGrp", true, WAITS("Your account as a whole has reached a limit.", "slurm.account") },
    { "AssocMaxJobsLimit", false, WAITS("You run as many jobs as your account allows.", "slurm.account") },
    { "AssocMax", true, WAITS("A limit of your account on you is reached.", "slurm.account") },
    { "Assoc", true, WAITS("A limit of your account is reached.", "slurm.account") },
    { "Reservation", false, WAITS("Its reservation has not begun.", "slurm.reservation") },
    { "ReservationDeleted", false, NEVER("Its reservation was deleted.", "slurm.reservation") },
    { "Licenses", false, WAITS("It waits for a licence.", NULL) },
    { "Prolog", false, WAITS("The cluster prepares its nodes.", NULL) },
    { "Cleaning", false, WAITS("Slurm cleans up after its last attempt.", NULL) },
    { "Reboot", true, WAITS("A node is being restarted for it.", NULL) },
    { "FrontEndDown", false, WAITS("The cluster's front end is down.", NULL) },
    { "SchedDefer", false, WAITS("The scheduler has put it off for the moment.", NULL) },
    { "DeadLine", false, { "It cannot end before its deadline.", NULL, true, true } },
    { "NonZeroExitCode", false, ENDED("It ended with an exit code other than 0.", NULL) },
    { "JobLaunchFailure", false,
      ENDED("It was ended by a signal, or its directory or output could not be opened.", NULL) },
    { "OutOfMemory", false, ENDED("It used more memory than it had asked for.", "resources.mem") },
    { "TimeLimit", false, ENDED("It ran out of its time.", "resources.time") },
    { "RaisedSignal", true, ENDED("It was ended by a signal.", NULL) },
    { "job requeued in held state", true,
      NEVER("It was put back into the queue and is held: release it with `scontrol release`.", NULL) },
    { "launch failed requeued held", true,
      NEVER("A node failed to start it and Slurm holds it now: release it with `scontrol release`.", NULL) },
};

static struct span strip(struct span word)
{
    word = span_trim(word);
    if (word.len > 1 && word.ptr[0] == '(' && word.ptr[word.len - 1] == ')')
        word = (struct span){ word.ptr + 1, word.len - 2 };
    return word;
}

struct reason reason_read(struct span word)
{
    word = strip(word);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].is_prefix ? span_starts(word, rows[i].word) : span_is(word, rows[i].word))
            return rows[i].reason;
    return (struct reason){ 0 };
}

void reason_add_sentence(struct str *to, struct span word)
{
    struct reason reason = reason_read(word);
    if (reason.sentence) {
        str_add(to, reason.sentence);
        return;
    }
    word = span_head(slurm_text(strip(word)), 300);
    bool is_utf8 = span_is_utf8(word);
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.ptr[i];
        str_add_char(to, c < 0x20 || c == 0x7f || (c >= 0x80 && !is_utf8) ? '?' : (char)c);
    }
}
