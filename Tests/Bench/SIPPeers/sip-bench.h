/* What the yardsticks of deploy/bench-sip share: the message, the clock, the count of allocations, the result. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern uint64_t phonebard_allocation_count(void);

/* Reads and writes a message once, its session description as well; returns the bytes written, or 0. */
static size_t round_trip(const char *message, size_t length);

static char written[1 << 16];

static double processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int repeat(int count, const char *message, size_t length) {
    for (int each = 0; each < count; each++) {
        if (round_trip(message, length) == 0) return 0;
    }
    return 1;
}

/* MESSAGE-FILE SECONDS: prints messages per second of processor time, and allocations per message. */
int main(int count, char **arguments) {
    static char message[1 << 16];
    FILE *file = count == 3 ? fopen(arguments[1], "rb") : NULL;
    if (!file) return 2;
    size_t length = fread(message, 1, sizeof message - 1, file);
    fclose(file);
    if (!repeat(1000, message, length)) return 1;
    double start = processor_time(), spent = 0, seconds = atof(arguments[2]);
    uint64_t messages = 0, allocations = phonebard_allocation_count();
    for (; spent < seconds; spent = processor_time() - start, messages += 1000) repeat(1000, message, length);
    allocations = phonebard_allocation_count() - allocations;
    printf("{\"rate\": %.0f, \"allocations\": %.1f}\n", messages / spent, (double)allocations / messages);
    return 0;
}
