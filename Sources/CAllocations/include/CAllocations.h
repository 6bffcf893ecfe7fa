#ifndef PHONEBARD_CALLOCATIONS_H
#define PHONEBARD_CALLOCATIONS_H

#include <stdint.h>

/* How often any thread of the program has asked the C library for memory: malloc is counted on its way there. */
uint64_t phonebard_allocation_count(void);

/* How many bytes of what the C library has given out are in use. */
uint64_t phonebard_allocated_bytes(void);

#endif
