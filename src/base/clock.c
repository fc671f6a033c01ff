#include "base/clock.h"

#include <time.h>

#ifdef SLUICE_FAULTS
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const volatile int64_t *shift_us;

void clock_shift(const char *path)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *file = mmap(NULL, sizeof(*shift_us), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        abort();
    shift_us = file;
}

static int64_t shifted_us(void)
{
    return shift_us ? *shift_us : 0;
}
#else
static int64_t shifted_us(void)
{
    return 0;
}
#endif

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

static int64_t real_wall(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_REALTIME) + shifted_us();
}

static int64_t real_mono(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_MONOTONIC);
}

const struct clock clock_real = { .wall_us = real_wall, .mono_us = real_mono };

static int64_t fake_wall(const struct clock *clock)
{
    return ((const struct clock_fake *)clock)->wall;
}

static int64_t fake_mono(const struct clock *clock)
{
    return ((const struct clock_fake *)clock)->mono;
}

void clock_fake_init(struct clock_fake *fake, int64_t wall_us)
{
    *fake = (struct clock_fake){ .clock = { fake_wall, fake_mono }, .wall = wall_us, .mono = US_PER_S };
}

void clock_fake_advance(struct clock_fake *fake, int64_t us)
{
    fake->wall += us;
    fake->mono += us;
}
