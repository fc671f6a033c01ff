/* Preloaded into a gateway (LD_PRELOAD), it makes the n-th call of a kind fail: malloc, open, read, write,
 * fsync, rename, spawn, socket ... of the program and of its libraries alike; nothing is in the product.
 *
 * The file FAULT_CONTROL names is shared with the test, which arms, disarms and reads it while the process
 * runs (tests/torture/faults.py writes the same layout). Only processes whose argv[1] is `role`
 * count, and of a gateway only itself: what it forks is left alone. Calls that the kernel never fails (a
 * write to an eventfd, to libuv's own signal pipes) are never failed here: libuv rightly aborts on them. */
#define _GNU_SOURCE
#include "fault_stack.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    KIND_OWN, /* the program's own allocations (base/mem.c) */
    KIND_LIB, /* those of its libraries */
    KIND_OPEN,
    KIND_READ,
    KIND_WRITE,
    KIND_SYNC,
    KIND_NAME, /* rename, link, symlink, mkdir */
    KIND_SPAWN,
    KIND_SOCKET,
    KIND_EPOLL,
    KIND_MAP,
    KIND_COUNT
};

enum mode { MODE_OFF, MODE_COUNT, MODE_ONCE, MODE_FOREVER };

enum { MAX_SITES = 8192 };

/* A way by which a call is reached: all return addresses, each within its object, so that it is
 * the same in the next process. Found while counting. */
struct site {
    uint64_t stack;
    int32_t kind, unused;
};

struct control {
    char role[16];
    _Atomic int32_t mode, kind, nth;
    int32_t error;    /* errno of a failure; 0: the one of its kind and file */
    int32_t is_short; /* the n-th read or write moves one byte instead of failing */
    _Atomic int32_t hits;
    _Atomic int32_t seen[KIND_COUNT];
    char where[2048]; /* who made the last call that failed, innermost first: "object+offset name" lines */
    _Atomic int32_t site_count;
    _Atomic uint64_t stack; /* not 0: the first call by this way fails, not the n-th */
    struct site sites[MAX_SITES];
};

enum { FIRST_PIPES = 2 };

static struct control *control;
static pid_t owner;
static bool is_gateway;
static uintptr_t text_from, text_to; /* the program itself */
static atomic_flag sites_busy = ATOMIC_FLAG_INIT;
static uintptr_t loader_from, loader_to;
static ino_t own_pipes[FIRST_PIPES * 2];
static _Atomic int pipes_made;
static _Thread_local int is_inside;

#define REAL(name)                                     \
    static __typeof__(name) *real;                     \
    do {                                               \
        if (!real)                                     \
            *(void **)&real = dlsym(RTLD_NEXT, #name); \
    } while (0)

static void find_objects(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024], exe[512], perms[8];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    while (maps && fgets(line, sizeof(line), maps)) {
        unsigned long from = 0, to = 0;
        char path[512] = "";
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %511s", &from, &to, perms, path) < 3)
            continue;
        fault_stack_object(path, from, to);
        if (strcmp(path, exe) == 0) {
            text_from = text_from ? text_from : from;
            text_to = to;
        } else if (strstr(path, "/ld-linux")) {
            loader_from = loader_from ? loader_from : from;
            loader_to = to;
        }
    }
    if (maps)
        (void)fclose(maps);
}

static bool is_our_role(void)
{
    char words[4096];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, words, sizeof(words) - 1);
    if (fd >= 0)
        (void)close(fd);
    if (n <= 0)
        return false;
    words[n] = '\0';
    size_t first = strlen(words) + 1;
    return first < (size_t)n && strcmp(words + first, control->role) == 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULT_CONTROL");
    void *frames[2];
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    struct control *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (shared == MAP_FAILED)
        return;
    control = shared;
    if (!is_our_role()) {
        control = NULL;
        return;
    }
    is_gateway = strcmp(control->role, "serve") == 0;
    find_objects();
    (void)backtrace(frames, 2); /* loads the unwinder now: not in the middle of a malloc */
    owner = getpid();
}

/* Notes who called. No allocation: dladdr only looks things up. */
static void note_where(void)
{
    void *frames[FAULT_STACK_FRAMES];
    int count = backtrace(frames, FAULT_STACK_FRAMES);
    size_t len = 0;
    for (int i = 2; i < count && len + 64 < sizeof(control->where); i++) {
        Dl_info info = { 0 };
        if (!dladdr(frames[i], &info) || !info.dli_fname)
            continue;
        const char *name = strrchr(info.dli_fname, '/');
        int n = snprintf(control->where + len, sizeof(control->where) - len, "%s+0x%lx %s\n",
                         name ? name + 1 : info.dli_fname,
                         (unsigned long)((uintptr_t)frames[i] - (uintptr_t)info.dli_fbase),
                         info.dli_sname ? info.dli_sname : "");
        len += n > 0 ? (size_t)n : 0;
    }
}

static void note_site(enum kind kind, uint64_t stack)
{
    while (atomic_flag_test_and_set(&sites_busy))
        ;
    int32_t count = control->site_count, i = 0;
    while (i < count && (control->sites[i].stack != stack || control->sites[i].kind != (int32_t)kind))
        i++;
    if (i == count && count < MAX_SITES) {
        control->sites[count] = (struct site){ .stack = stack, .kind = (int32_t)kind };
        control->site_count = count + 1;
    }
    atomic_flag_clear(&sites_busy);
}

static bool is_the_call(int32_t number, int32_t mode, uint64_t stack)
{
    if (!control->stack)
        return mode == MODE_ONCE ? number == control->nth : number >= control->nth;
    return control->hits ? mode == MODE_FOREVER : stack == control->stack;
}

/* Counts this call; true where it must fail. */
static bool must_fail(enum kind kind)
{
    if (!control || is_inside || control->mode == MODE_OFF || !owner || (is_gateway && getpid() != owner))
        return false;
    int32_t number = atomic_fetch_add(&control->seen[kind], 1);
    int32_t mode = control->mode;
    if (mode != MODE_COUNT && control->kind != (int32_t)kind)
        return false;
    is_inside = 1;
    uint64_t stack =
        mode == MODE_COUNT || control->stack ? fault_stack_hash() : 0; /* asked for in one place: it counts */
    bool fails = mode != MODE_COUNT && is_the_call(number, mode, stack);
    if (mode == MODE_COUNT)
        note_site(kind, stack);
    if (fails) {
        atomic_fetch_add(&control->hits, 1);
        note_where();
    }
    is_inside = 0;
    return fails;
}

static int error_or(int otherwise)
{
    return control->error ? control->error : otherwise;
}

/* --- memory --- */

static bool must_fail_alloc(uintptr_t caller)
{
    if (!control || control->mode == MODE_OFF || (caller >= loader_from && caller < loader_to))
        return false;
    return must_fail(caller >= text_from && caller < text_to ? KIND_OWN : KIND_LIB);
}

#define ALLOC_OR_FAIL(call)                                            \
    do {                                                               \
        if (must_fail_alloc((uintptr_t)__builtin_return_address(0))) { \
            errno = ENOMEM;                                            \
            return NULL;                                               \
        }                                                              \
        return call;                                                   \
    } while (0)

void *malloc(size_t size)
{
    REAL(malloc);
    ALLOC_OR_FAIL(real(size));
}

void *calloc(size_t count, size_t size)
{
    REAL(calloc);
    ALLOC_OR_FAIL(real(count, size));
}

void *realloc(void *ptr, size_t size)
{
    REAL(realloc);
    ALLOC_OR_FAIL(real(ptr, size));
}

/* The sanitizers ask this as each thread starts, and end the process where it has no memory. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
    REAL(pthread_getattr_np);
    is_inside++;
    int rc = real(thread, attr);
    is_inside--;
    return rc;
}

/* --- files --- */

#define FAIL_IF(kind, otherwise, failure) \
    do {                                  \
        if (must_fail(kind)) {            \
            errno = error_or(otherwise);  \
            return failure;               \
        }                                 \
    } while (0)

static mode_t mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                             \
    int name(const char *path, int flags, ...) \
    {                                          \
        REAL(name);                            \
        va_list args;                          \
        va_start(args, flags);                 \
        mode_t mode = mode_of(flags, args);    \
        va_end(args);                          \
        FAIL_IF(KIND_OPEN, EMFILE, -1);        \
        return real(path, flags, mode);        \
    }

OPEN(open)
OPEN(open64)

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    REAL(__open64_2);
    FAIL_IF(KIND_OPEN, EMFILE, -1);
    return real(path, flags);
}

int openat(int dir, const char *path, int flags, ...)
{
    REAL(openat);
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    FAIL_IF(KIND_OPEN, EMFILE, -1);
    return real(dir, path, flags, mode);
}

int mkostemp(char *template, int flags)
{
    REAL(mkostemp);
    FAIL_IF(KIND_OPEN, EMFILE, -1);
    return real(template, flags);
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    FAIL_IF(KIND_OPEN, EMFILE, NULL);
    return real(path, mode);
}

/* opendir's own type would need <dirent.h>, whose other names clash with nothing here. */
void *opendir(const char *path);
void *opendir(const char *path)
{
    REAL(opendir);
    FAIL_IF(KIND_OPEN, EMFILE, NULL);
    return real(path);
}

int fsync(int fd)
{
    REAL(fsync);
    FAIL_IF(KIND_SYNC, EIO, -1);
    return real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    FAIL_IF(KIND_SYNC, EIO, -1);
    return real(fd);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    FAIL_IF(KIND_NAME, ENOSPC, -1);
    return real(from, to);
}

int link(const char *from, const char *to)
{
    REAL(link);
    FAIL_IF(KIND_NAME, ENOSPC, -1);
    return real(from, to);
}

int symlink(const char *target, const char *path)
{
    REAL(symlink);
    FAIL_IF(KIND_NAME, ENOSPC, -1);
    return real(target, path);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    FAIL_IF(KIND_NAME, ENOSPC, -1);
    return real(path, mode);
}

int ftruncate(int fd, off_t size)
{
    REAL(ftruncate);
    FAIL_IF(KIND_WRITE, EIO, -1);
    return real(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    REAL(ftruncate64);
    FAIL_IF(KIND_WRITE, EIO, -1);
    return real(fd, size);
}

void *mmap64(void *at, size_t len, int prot, int flags, int fd, off64_t offset)
{
    REAL(mmap64);
    FAIL_IF(KIND_MAP, ENOMEM, MAP_FAILED);
    return real(at, len, prot, flags, fd, offset);
}

/* --- bytes --- */

static bool is_own_pipe(ino_t inode)
{
    for (int i = 0; i < FIRST_PIPES * 2; i++)
        if (own_pipes[i] == inode)
            return true;
    return false;
}

/* 0: never fails there; else the errno that such a file gives. */
static int error_of_file(int fd, enum kind kind)
{
    struct stat st;
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO || fstat(fd, &st) < 0)
        return 0;
    if (S_ISREG(st.st_mode))
        return kind == KIND_READ ? EIO : ENOSPC;
    if (S_ISSOCK(st.st_mode))
        return ECONNRESET;
    if (S_ISFIFO(st.st_mode) && kind == KIND_WRITE && !is_own_pipe(st.st_ino))
        return ENOMEM; /* EPIPE comes of a reader's end alone */
    return 0;          /* nothing fails the reading of a pipe */
}

enum fate { FATE_GOOD, FATE_FAIL, FATE_SHORT };

static enum fate fate_of(enum kind kind, int fd, bool can_be_short)
{
    if (!control || is_inside || control->mode == MODE_OFF)
        return FATE_GOOD;
    int before = errno;
    int error = error_of_file(fd, kind);
    errno = before;
    if (!error || !must_fail(kind))
        return FATE_GOOD;
    /* A file gives all it has; and a server that waits for edges rightly takes a short send for a full
     * buffer. */
    if (control->is_short && can_be_short && error != EIO)
        return FATE_SHORT;
    if (error == ECONNRESET)
        (void)shutdown(fd, SHUT_RDWR); /* and so does the other side learn of it */
    errno = error == ECONNRESET || error == EPIPE ? error : error_or(error);
    return FATE_FAIL;
}

#define MOVE_PART(kind, fd, is_stream, whole, part)     \
    do {                                                \
        enum fate fate_ = fate_of(kind, fd, is_stream); \
        if (fate_ == FATE_FAIL)                         \
            return -1;                                  \
        return fate_ == FATE_GOOD ? (whole) : (part);   \
    } while (0)
#define MOVE(kind, fd, whole, part) MOVE_PART(kind, fd, true, whole, part)
#define MOVE_WHOLE(kind, fd, whole) MOVE_PART(kind, fd, false, whole, -1)

ssize_t read(int fd, void *to, size_t len)
{
    REAL(read);
    MOVE(KIND_READ, fd, real(fd, to, len), real(fd, to, len > 0));
}

ssize_t pread(int fd, void *to, size_t len, off_t at)
{
    REAL(pread);
    MOVE(KIND_READ, fd, real(fd, to, len, at), real(fd, to, len > 0, at));
}

ssize_t pread64(int fd, void *to, size_t len, off64_t at)
{
    REAL(pread64);
    MOVE(KIND_READ, fd, real(fd, to, len, at), real(fd, to, len > 0, at));
}

ssize_t recv(int fd, void *to, size_t len, int flags)
{
    REAL(recv);
    MOVE_WHOLE(KIND_READ, fd, real(fd, to, len, flags));
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    REAL(recvmsg);
    MOVE_WHOLE(KIND_READ, fd, real(fd, message, flags));
}

ssize_t write(int fd, const void *from, size_t len)
{
    REAL(write);
    MOVE(KIND_WRITE, fd, real(fd, from, len), real(fd, from, len > 0));
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t at)
{
    REAL(pwrite);
    MOVE(KIND_WRITE, fd, real(fd, from, len, at), real(fd, from, len > 0, at));
}

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at)
{
    REAL(pwrite64);
    MOVE(KIND_WRITE, fd, real(fd, from, len, at), real(fd, from, len > 0, at));
}

ssize_t send(int fd, const void *from, size_t len, int flags)
{
    REAL(send);
    MOVE_WHOLE(KIND_WRITE, fd, real(fd, from, len, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    REAL(sendmsg);
    MOVE_WHOLE(KIND_WRITE, fd, real(fd, message, flags));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev);
    MOVE(KIND_WRITE, fd, real(fd, parts, count), write(fd, parts->iov_base, parts->iov_len > 0));
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t len)
{
    REAL(sendfile64);
    MOVE_WHOLE(KIND_WRITE, to, real(to, from, at, len));
}

/* --- processes and descriptors --- */

pid_t fork(void)
{
    REAL(fork);
    FAIL_IF(KIND_SPAWN, EAGAIN, -1);
    return real();
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attr, char *const argv[], char *const env[])
{
    REAL(posix_spawnp);
    FAIL_IF(KIND_SPAWN, EAGAIN, EAGAIN);
    return real(pid, file, actions, attr, argv, env);
}

int socket(int domain, int type, int protocol)
{
    REAL(socket);
    FAIL_IF(KIND_SOCKET, EMFILE, -1);
    return real(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
    REAL(socketpair);
    FAIL_IF(KIND_SOCKET, EMFILE, -1);
    return real(domain, type, protocol, fds);
}

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
    REAL(connect);
    FAIL_IF(KIND_SOCKET, ECONNREFUSED, -1);
    return real(fd, to, len);
}

int accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
    REAL(accept4);
    FAIL_IF(KIND_SOCKET, EMFILE, -1);
    return real(fd, from, len, flags);
}

int dup(int fd)
{
    REAL(dup);
    FAIL_IF(KIND_SOCKET, EMFILE, -1);
    return real(fd);
}

int pipe2(int fds[2], int flags)
{
    REAL(pipe2);
    FAIL_IF(KIND_SOCKET, EMFILE, -1);
    int rc = real(fds, flags);
    int number = atomic_fetch_add(&pipes_made, 1);
    struct stat st;
    for (int i = 0; rc == 0 && number < FIRST_PIPES && i < 2; i++)
        if (fstat(fds[i], &st) == 0)
            own_pipes[number * 2 + i] = st.st_ino;
    return rc;
}

/* libuv ends the process where the kernel cannot watch a descriptor; libmicrohttpd and we must not. */
int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    REAL(epoll_ctl);
    if (op == EPOLL_CTL_ADD)
        FAIL_IF(KIND_EPOLL, ENOSPC, -1);
    return real(epoll, op, fd, event);
}
