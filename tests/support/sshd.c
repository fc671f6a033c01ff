#include "support/sshd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* libssh2 1.10 forgets 51 bytes (the raw public key) each time it opens an ed25519 key file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libssh2.so";
}

static int run(const char *command)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

void sshd_shell(const char *fmt, ...)
{
    char command[4096];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof(command), fmt, args);
    va_end(args);
    if (run(command) != 0)
        fail_msg("this failed: %s", command);
}

const char *sshd_path(struct sshd *s, const char *name)
{
    snprintf(s->path, sizeof(s->path), "%s/%s", s->dir, name);
    return s->path;
}

void sshd_prepare(struct sshd *s)
{
    if (access("/usr/sbin/sshd", X_OK) != 0 || run("command -v ssh-keygen ssh-agent >/dev/null") != 0)
        fail_msg("sshd, ssh-keygen or ssh-agent is missing: run scripts/setup");
    *s = (struct sshd){ .dir = "/tmp/sluice-sshd.XXXXXX" };
    assert_non_null(mkdtemp(s->dir));
    sshd_shell("cd %s && for k in host_ed25519:ed25519 host_ecdsa:ecdsa host_rsa:rsa id_ed25519:ed25519 "
               "id_other:ed25519 id_rsa:rsa; do ssh-keygen -q -N '' -t ${k#*:} -f ${k%%:*}; done && "
               "ssh-keygen -q -N secret -t ed25519 -f id_locked && "
               "cat id_ed25519.pub id_rsa.pub id_locked.pub > authorized_keys",
               s->dir);
}

/* Below the range that passing client sockets take theirs from: it is still free when a stopped sshd comes
 * back. */
static unsigned free_port(void)
{
    unsigned ceiling = 0;
    FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
    assert_non_null(range);
    assert_int_equal(fscanf(range, "%u", &ceiling), 1);
    fclose(range);
    for (unsigned floor = ceiling > 12000 ? 10000 : 1100;;) {
        uint16_t dice;
        assert_int_equal(getrandom(&dice, sizeof(dice), 0), sizeof(dice));
        unsigned port = floor + dice % (ceiling - floor);
        struct sockaddr_in addr = { .sin_family = AF_INET,
                                    .sin_addr = { htonl(INADDR_LOOPBACK) },
                                    .sin_port = htons((uint16_t)port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
        close(fd);
        if (!rc)
            return port;
    }
}

static int can_connect(unsigned port)
{
    struct sockaddr_in addr = { .sin_family = AF_INET,
                                .sin_addr = { htonl(INADDR_LOOPBACK) },
                                .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
    close(fd);
    return rc == 0;
}

static void write_config(struct sshd *s, const char *config, const char *hostkey)
{
    FILE *file = fopen(sshd_path(s, "sshd_config"), "w");
    assert_non_null(file);
    fprintf(file,
            "%s\nPort %u\nListenAddress 127.0.0.1\nHostKey %s/%s\nAuthorizedKeysFile %s/authorized_keys\n"
            "PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nLogLevel VERBOSE\nMaxStartups 100:30:200\n"
            "SetEnv HOME=%s\n", /* the account's own rc files may do anything, and take long for it */
            config ? config : "", s->port, s->dir, hostkey, s->dir, s->dir);
    fclose(file);
}

static void launch(struct sshd *s)
{
    s->pid = fork();
    if (s->pid)
        return;
    int log = open(sshd_path(s, "log"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    dup2(log, 2);
    char config[256];
    snprintf(config, sizeof(config), "%s/sshd_config", s->dir);
    execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", config, (char *)NULL);
    _exit(127);
}

void sshd_start(struct sshd *s, const char *config, const char *hostkey)
{
    if (getuid() == 0)
        mkdir("/run/sshd", 0755); /* privilege separation wants it */
    for (int attempt = 0; attempt < 5; attempt++) {
        if (!s->port || attempt)
            s->port = free_port();
        write_config(s, config, hostkey);
        launch(s);
        for (int i = 0; i < 500; i++) {
            if (can_connect(s->port)) {
                sshd_shell("printf '[127.0.0.1]:%u %%s\\n' \"$(cut -d' ' -f1,2 %s/%s.pub)\" > %s/known_hosts",
                           s->port, s->dir, hostkey, s->dir);
                return;
            }
            if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
                break; /* somebody took the port meanwhile */
            usleep(10000);
        }
    }
    fail_msg("sshd does not start: see %s/log", s->dir);
}

/* A connection's process is a session leader: only its parent tells whose it is. */
static void kill_below(pid_t pid)
{
    char path[64];
    long child;
    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
    FILE *file = fopen(path, "r");
    while (file && fscanf(file, "%ld", &child) == 1)
        kill_below((pid_t)child);
    if (file)
        fclose(file);
    kill(pid, SIGKILL);
}

void sshd_stop(struct sshd *s)
{
    if (s->pid <= 0)
        return;
    kill_below(s->pid);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

void sshd_start_agent(struct sshd *s)
{
    snprintf(s->agent_socket, sizeof(s->agent_socket), "%s/agent", s->dir);
    s->agent_pid = fork();
    if (s->agent_pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        execlp("ssh-agent", "ssh-agent", "-D", "-a", s->agent_socket, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && access(s->agent_socket, F_OK) != 0; i++)
        usleep(10000);
}

void sshd_clear(struct sshd *s)
{
    sshd_stop(s);
    if (s->agent_pid > 0) {
        kill(s->agent_pid, SIGTERM);
        waitpid(s->agent_pid, NULL, 0);
    }
    if (s->dir[0])
        sshd_shell("rm -rf %s", s->dir);
    *s = (struct sshd){ 0 };
}

unsigned sshd_log_count(struct sshd *s, const char *text)
{
    char line[1024];
    unsigned count = 0;
    FILE *file = fopen(sshd_path(s, "log"), "r");
    while (file && fgets(line, sizeof(line), file))
        count += strstr(line, text) != NULL;
    if (file)
        fclose(file);
    return count;
}

unsigned sshd_log_wait(struct sshd *s, const char *text, unsigned least)
{
    unsigned count = sshd_log_count(s, text);
    for (int i = 0; i < 500 && count < least; i++) {
        usleep(10000);
        count = sshd_log_count(s, text);
    }
    return count;
}
