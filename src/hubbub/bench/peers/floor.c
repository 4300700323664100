/*
 * The floor: the least that a broadcast server can do. One thread, one epoll; every text frame that arrives in a round
 * goes to every member with one send() at the end of the round. It checks nothing, keeps nothing and drops what does
 * not fit into a socket's buffer: it is a yardstick, not a server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MEMBERS = 65536, EVENTS = 512, READ_BYTES = 65536, ROUND_BYTES = 1 << 22 };

static int members[MEMBERS];
static int member_count;
static unsigned char greeted[MEMBERS]; /* by descriptor */
static unsigned char input[READ_BYTES];
static unsigned char output[ROUND_BYTES];
static size_t pending;

/* The proof for the key "dGhlIHNhbXBsZSBub25jZQ==" (RFC 6455 section 1.3), which is all that the load sends. */
static const char RESPONSE[] = "HTTP/1.1 101 Switching Protocols\r\n"
                               "Upgrade: websocket\r\n"
                               "Connection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on_a_free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) fail("listen");
    if (getsockname(listener, (struct sockaddr *)&address, &length)) fail("getsockname");
    printf("127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void watch(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
}

static void accept_all(int poll, int listener) {
    int yes = 1, descriptor;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (descriptor >= MEMBERS || member_count == MEMBERS) {
            close(descriptor);
            continue;
        }
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        greeted[descriptor] = 0;
        members[member_count++] = descriptor;
        watch(poll, descriptor);
    }
}

static void forget(int descriptor) {
    for (int i = 0; i < member_count; i++)
        if (members[i] == descriptor) members[i] = members[--member_count];
    close(descriptor);
}

/* Unmask the text frames in `data` and append them, unmasked, to the round's output. */
static void take_frames(const unsigned char *data, size_t size) {
    size_t at = 0;
    while (at + 6 <= size) {
        size_t header = 2, length = data[at + 1] & 127;
        if (length == 126) {
            header = 4;
            length = (size_t)data[at + 2] << 8 | data[at + 3];
        }
        if (at + header + 4 + length > size || pending + header + length > ROUND_BYTES) return;
        if ((data[at] & 15) == 1) {
            const unsigned char *mask = data + at + header, *payload = mask + 4;
            unsigned char *to = output + pending;
            memcpy(to, data + at, header);
            to[1] &= 127;
            for (size_t i = 0; i < length; i++) to[header + i] = payload[i] ^ mask[i & 3];
            pending += header + length;
        }
        at += header + 4 + length;
    }
}

static void read_from(int descriptor) {
    ssize_t size = recv(descriptor, input, sizeof input, 0);
    if (size <= 0) {
        forget(descriptor);
    } else if (!greeted[descriptor]) {
        greeted[descriptor] = 1;
        send(descriptor, RESPONSE, sizeof RESPONSE - 1, MSG_NOSIGNAL);
    } else {
        take_frames(input, (size_t)size);
    }
}

int main(void) {
    static struct epoll_event events[EVENTS];
    int poll = epoll_create1(0), listener = listen_on_a_free_port();
    if (poll < 0) fail("epoll_create1");
    watch(poll, listener);
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(poll, listener);
            else
                read_from(events[i].data.fd);
        }
        for (int i = 0; pending && i < member_count; i++)
            send(members[i], output, pending, MSG_NOSIGNAL | MSG_DONTWAIT);
        pending = 0;
    }
}
