/* For io/ alone: the libuv loop inside. */
#ifndef SLUICE_IO_LOOP_UV_H
#define SLUICE_IO_LOOP_UV_H

#include <uv.h>

struct loop;
uv_loop_t *loop_uv(struct loop *loop);

#endif
