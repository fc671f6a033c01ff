/* A real sshd of the test's own on a free loopback port, with keys made for it, gone at the end with all it
 * made. Needs /usr/sbin/sshd, ssh-keygen and ssh-agent (scripts/setup installs them). */
#ifndef SLUICE_TESTS_SUPPORT_SSHD_H
#define SLUICE_TESTS_SUPPORT_SSHD_H

#include <sys/types.h>

struct sshd {
    char dir[64]; /* host_ed25519 host_ecdsa host_rsa id_ed25519 id_other id_rsa id_locked ("secret")
                     known_hosts log */
    unsigned port;
    pid_t pid, agent_pid;
    char agent_socket[128];
    char path[256]; /* of sshd_path */
};

/* Makes the folder and the keys; starts nothing. Fails the test with a hint where programs are missing. */
void sshd_prepare(struct sshd *s);
/* config: lines over the default ones (first wins); hostkey: the file name of the key it shows. */
void sshd_start(struct sshd *s, const char *config, const char *hostkey);
void sshd_stop(struct sshd *s); /* with all its connections, by SIGKILL */
void sshd_clear(struct sshd *s);
const char *sshd_path(struct sshd *s, const char *name); /* valid until the next call */
void sshd_start_agent(struct sshd *s);
void sshd_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* must succeed */
/* As sshd_log_count, but waits (5 s at most) until there are at least so many: sshd's children write late. */
unsigned sshd_log_wait(struct sshd *s, const char *text, unsigned least);
unsigned sshd_log_count(struct sshd *s, const char *text); /* lines of its log with text */

#endif
