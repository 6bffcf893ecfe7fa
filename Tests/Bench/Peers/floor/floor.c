// The floor: as little as a single-threaded epoll server can do to answer the same requests over keep-alive connections and to
// tell WebSockets the same events. What a WebSocket sends is dropped.

#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
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
    struct connection *previous, *next; // Of the WebSockets; none in another connection.
    size_t count;
    char bytes[buffer_size + 1]; // There is room for a zero.
};

static struct connection subscribers = {.previous = &subscribers, .next = &subscribers};

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

// RFC 6455 §4.2.2; `key` is 24 bytes long.
static int write_upgrade(char *output, const char *key) {
    unsigned char text[24 + 36], digest[SHA_DIGEST_LENGTH];
    char accept[4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1];
    memcpy(text, key, 24);
    memcpy(text + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    SHA1(text, sizeof text, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    return sprintf(output,
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: %s\r\n\r\n",
                   accept);
}

static void subscribe(struct connection *connection) {
    connection->previous = subscribers.previous;
    connection->next = &subscribers;
    connection->previous->next = subscribers.previous = connection;
}

// Sends everyone a text frame of `size` bytes that says when it was made, with a length of two bytes; who is too slow is cut off.
static void tell(size_t size) {
    static char frame[4 + buffer_size] = "\x81\x7e";
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    size = size < 126 ? 126 : size < buffer_size ? size : buffer_size;
    frame[2] = size >> 8;
    frame[3] = size;
    int count = sprintf(frame + 4, "{\"at\":%lld,\"padding\":\"", now.tv_sec * 1000000000LL + now.tv_nsec);
    memset(frame + 4 + count, 'x', size - count - 2);
    memcpy(frame + 4 + size - 2, "\"}", 2);
    ssize_t whole = 4 + size;
    for (struct connection *each = subscribers.next; each != &subscribers; each = each->next)
        if (send(each->descriptor, frame, whole, MSG_NOSIGNAL | MSG_DONTWAIT) != whole)
            shutdown(each->descriptor, SHUT_RDWR);
}

// Answers the first request of `connection` and says how long it is, or 0 when it is not complete.
static size_t answer(struct connection *connection, char *output, int *written) {
    char *bytes = connection->bytes, *key = NULL;
    size_t count = connection->count;
    char *end = memmem(bytes, count, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t length = 0;
    int authorised = 0, json = 0;
    unsigned events, size;
    char *line = memchr(bytes, '\n', end - bytes);
    for (line = line ? line + 1 : end; line < end; line++) {
        if (!strncasecmp(line, "authorization: ", 15))
            authorised = !strncmp(line + 15, expected, sizeof expected - 1);
        else if (!strncasecmp(line, "content-length: ", 16))
            length = strtoul(line + 16, NULL, 10);
        else if (!strncasecmp(line, "content-type: ", 14))
            json = !strncmp(line + 14, "application/json", 16);
        else if (!strncasecmp(line, "sec-websocket-key: ", 19) && end - line >= 19 + 24)
            key = line + 19;
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
    else if (key && !strncmp(bytes, "GET /v1/events ", 15)) {
        *written = write_upgrade(output, key);
        subscribe(connection);
    } else if (json && !strncmp(bytes, "POST /v1/test/events ", 21) &&
               sscanf(end + 4, "{\"count\":%u,\"size\":%u}", &events, &size) == 2) {
        while (events--) tell(size);
        *written = write_answer(output, "200 OK", "{}", "", 0, "");
    } else
        *written = write_answer(output, "404 Not Found", "", "", 0, "");
    return whole;
}

static int serve(struct connection *connection) {
    static char output[2 * buffer_size];
    ssize_t received = recv(connection->descriptor, connection->bytes + connection->count,
                            buffer_size - connection->count, 0);
    if (received <= 0) return 0;
    if (connection->next) return 1;
    connection->count += received;
    connection->bytes[connection->count] = 0;
    for (;;) {
        int written = 0;
        size_t whole = answer(connection, output, &written);
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
                if (connection->next) {
                    connection->previous->next = connection->next;
                    connection->next->previous = connection->previous;
                }
                close(connection->descriptor);
                free(connection);
                continue;
            }
            connection = malloc(sizeof *connection); // Unlike calloc it leaves pages alone that nobody needs.
            connection->previous = connection->next = NULL;
            connection->count = 0;
            connection->descriptor = accept(listener, NULL, NULL);
            setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            event.data.ptr = connection;
            epoll_ctl(poll, EPOLL_CTL_ADD, connection->descriptor, &event);
        }
    }
}
