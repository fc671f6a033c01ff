/* A reply as libmicrohttpd's response, with the headers that every answer carries. */
#ifndef SLUICE_API_RESPOND_H
#define SLUICE_API_RESPOND_H

#include "api/request.h"

#include <microhttpd.h>

/* Takes the reply's body. reader: of a reply with a source, called with ctx for each piece. */
struct responder {
    MHD_ContentReaderCallback reader;
    void *ctx;
    bool close; /* the connection ends behind it */
};
enum MHD_Result respond(struct MHD_Connection *mhd, struct reply *reply, const struct responder *responder);

#endif
