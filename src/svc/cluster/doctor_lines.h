/* What the check-up's answer means, line by line. Pure but for the status handed in. */
#ifndef SLUICE_SVC_CLUSTER_DOCTOR_LINES_H
#define SLUICE_SVC_CLUSTER_DOCTOR_LINES_H

#include "exec/specs.h"
#include "text/json_out.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor_patient {
    const struct cluster_config *config;
    const struct transport_status *link;
    const struct run_result *result; /* NULL: nothing came back, and err says why */
    const struct err *err;
    int64_t now_s;       /* our wall clock in the middle of the visit */
    unsigned free_slots; /* commands that ran at a time in the test of channels, 0 not tested */
};

/* Appends the items of "lines"; gives the worst. */
enum doctor_level doctor_lines(const struct doctor_patient *patient, struct json_out *out);
const char *doctor_level_word(enum doctor_level level);

#endif
