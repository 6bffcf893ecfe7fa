#ifndef PHONEBARD_CLIBFUZZER_H
#define PHONEBARD_CLIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

/* compiler-rt ships the function, but no header for it. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*check)(const uint8_t *bytes, size_t count));

#endif
