/* libcrypto's memory, for all who use it (libssh2, curl). */
#ifndef SLUICE_IO_CRYPTO_MEMORY_H
#define SLUICE_IO_CRYPTO_MEMORY_H

/* From now on the process ends where libcrypto gets no memory (base/mem.h): libssh2 does not look whether a
 * MAC could be made. Before each first use of a library that uses it. */
void crypto_memory_guard(void);

#endif
