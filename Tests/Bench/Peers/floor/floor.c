// The floor: as little as a single-threaded epoll server can do to answer the same requests over keep-alive connections.

#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { buffer_size = 16384, event_count = 256 };

static const char expected[] = "Bearer bench-token-0123456789abcdef";
static const char state[] = "{\"seat\":\"default\",\"state\":\"idle\",\"calls\":[],\"position\":\"1:42\"}";

struct connection {
    int descriptor;
    size_t count;
    char bytes[buffer_size];
};

static const char *date(void) {
    static time_t second;
    static char text[64];
    time_t now = time(NULL);
    if (now != second) {
        struct tm parts;
        second = now;
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    }
    return text;
}

static int write_answer(char *output, const char *status, const char *before, const char *body, size_t count,
                        const char *after) {
    return sprintf(output,
                   "HTTP/1.1 %s\r\nContent-Type: application/json\r\nDate: %s\r\nContent-Length: %zu\r\n\r\n%s%.*s%s",
                   status, date(), strlen(before) + count + strlen(after), before, (int)count, body, after);
}

// Answers one request at `bytes` and says how long it is, or 0 when it is not complete.
static size_t answer(char *bytes, size_t count, char *output, int *written) {
    char *end = memmem(bytes, count, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t length = 0;
    int authorised = 0, json = 0;
    char *line = memchr(bytes, '\n', end - bytes);
    for (line = line ? line + 1 : end; line < end; line++) {
        if (!strncasecmp(line, "authorization: ", 15))
            authorised = !strncmp(line + 15, expected, sizeof expected - 1);
        else if (!strncasecmp(line, "content-length: ", 16))
            length = strtoul(line + 16, NULL, 10);
        else if (!strncasecmp(line, "content-type: ", 14))
            json = !strncmp(line + 14, "application/json", 16);
        line = memchr(line, '\n', end - line);
        if (!line) break;
    }
    size_t whole = end + 4 - bytes + length;
    if (whole > count) return 0;
    if (!authorised)
        *written = write_answer(output, "401 Unauthorized", "", "", 0, "");
    else if (!strncmp(bytes, "GET /v1/state ", 14))
        *written = write_answer(output, "200 OK", state, "", 0, "");
    else if (json && !strncmp(bytes, "POST /v1/hold ", 14))
        *written = write_answer(output, "200 OK", "{\"result\":", end + 4, length, "}");
    else
        *written = write_answer(output, "404 Not Found", "", "", 0, "");
    return whole;
}

static int serve(struct connection *connection) {
    static char output[2 * buffer_size];
    ssize_t received = recv(connection->descriptor, connection->bytes + connection->count,
                            buffer_size - connection->count, 0);
    if (received <= 0) return 0;
    connection->count += received;
    for (;;) {
        int written = 0;
        size_t whole = answer(connection->bytes, connection->count, output, &written);
        if (!whole) return connection->count < buffer_size;
        if (send(connection->descriptor, output, written, MSG_NOSIGNAL) != written) return 0;
        connection->count -= whole;
        memmove(connection->bytes, connection->bytes + whole, connection->count);
    }
}

int main(int argc, char **argv) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 512)) return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[event_count];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll, events, event_count, -1);
        for (int index = 0; index < count; index++) {
            struct connection *connection = events[index].data.ptr;
            if (connection) {
                if (serve(connection)) continue;
                close(connection->descriptor);
                free(connection);
                continue;
            }
            connection = calloc(1, sizeof *connection);
            connection->descriptor = accept(listener, NULL, NULL);
            setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            event.data.ptr = connection;
            epoll_ctl(poll, EPOLL_CTL_ADD, connection->descriptor, &event);
        }
    }
}
