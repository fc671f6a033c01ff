/* A reply as libmicrohttpd's response, with the headers that every answer carries. */
#ifndef SLUICE_API_RESPOND_H
#define SLUICE_API_RESPOND_H

#include "api/request.h"

#include <microhttpd.h>

/* Takes the reply's body. */
enum MHD_Result respond(struct MHD_Connection *mhd, struct reply *reply, bool close);

#endif
