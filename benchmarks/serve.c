/* The server: one thread, one message, every command answered as soon as it is read.
 *
 * It knows what the clients of this program say and no more: messages 1 to 3 are large, any other
 * is small. A large message is never whole in memory: one block of lines is sent over and over, so a
 * big RETR costs no disk and no cache. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

enum { LINE = 78, BLOCK = LINE * 8192, SMALL = LINE * 26 }; /* 76 characters and CRLF; whole lines */

struct connection {
    int fd;
    bool quitting;      /* close when all is sent */
    bool in_body;       /* the terminator is still owed */
    long body_left;     /* octets of the message not yet sent */
    const char *block;  /* what they are taken from */
    size_t read, queued, sent;
    char in[1024], out[256];
};

enum { ASCII, UTF8, OCTETS, KINDS };
static char blocks[KINDS][BLOCK]; /* what messages 1 to 3 are made of */
static long body_octets;

static void fill_blocks(void) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    unsigned noise = 1;

    for (int i = 0; i < BLOCK; i++) {
        int line = i / LINE, column = i % LINE;
        blocks[ASCII][i] = letters[(i + line) % 64];
        /* Seven words of five Cyrillic letters, each of two octets, with spaces between them. */
        int word = column / 11, place = column % 11;
        unsigned letter = 0x430 + (unsigned)((word * 5 + place / 2) * 7 + line) % 32;
        blocks[UTF8][i] = place == 10 ? ' '
                        : (char)(place % 2 ? 0x80 | (letter & 0x3f) : 0xc0 | letter >> 6);
        /* Any octet but CR and LF, and no dot to stuff; the numbers are those of a plain LCG. */
        noise = noise * 1664525u + 1013904223u;
        char octet = (char)(noise >> 24);
        blocks[OCTETS][i] = strchr("\r\n.", octet) && octet ? 'x' : octet;
        if (column >= 76)
            for (int kind = 0; kind < KINDS; kind++)
                blocks[kind][i] = "\r\n"[column - 76];
    }
}

/* The large message that a RETR asks for, or -1. */
static int kind_of(const char *line) {
    int kind = line[4] == ' ' && line[6] == '\r' ? line[5] - '1' : KINDS;

    return kind >= 0 && kind < KINDS ? kind : -1;
}

static void queue(struct connection *c, const char *reply) {
    size_t size = strlen(reply);

    /* Callers queue a reply only when the one before has left: see turn(). */
    memcpy(c->out, reply, size);
    c->queued = size;
    c->sent = 0;
}

static void answer(struct connection *c, const char *line) {
    char reply[sizeof c->out];

    if (!strncasecmp(line, "RETR", 4)) {
        int kind = kind_of(line);
        c->body_left = kind < 0 ? SMALL : body_octets;
        c->block = blocks[kind < 0 ? ASCII : kind];
        snprintf(reply, sizeof reply, "+OK %ld octets\r\n", c->body_left);
        c->in_body = true;
    } else if (!strncasecmp(line, "STAT", 4)) {
        snprintf(reply, sizeof reply, "+OK 1 %ld\r\n", body_octets);
    } else if (!strncasecmp(line, "QUIT", 4)) {
        snprintf(reply, sizeof reply, "+OK bye\r\n");
        c->quitting = true;
    } else if (!strncasecmp(line, "USER", 4) || !strncasecmp(line, "PASS", 4) ||
               !strncasecmp(line, "NOOP", 4)) {
        snprintf(reply, sizeof reply, "+OK\r\n");
    } else {
        snprintf(reply, sizeof reply, "-ERR unknown command\r\n");
    }
    queue(c, reply);
}

/* Take one line out of what was read and answer it; false if none is complete. */
static bool answer_next(struct connection *c) {
    char *end = memchr(c->in, '\n', c->read);

    if (!end)
        return false;
    *end = '\0';
    answer(c, c->in);
    c->read -= (size_t)(end + 1 - c->in);
    memmove(c->in, end + 1, c->read);
    return true;
}

static bool owes(const struct connection *c) {
    return c->sent < c->queued || c->body_left || c->in_body;
}

/* Send what is owed as far as the socket takes it; false if the peer is gone. */
static bool flush(struct connection *c) {
    while (owes(c)) {
        const char *from = c->out + c->sent;
        size_t size = c->queued - c->sent;
        bool from_body = !size && c->body_left;

        if (from_body) {
            long at = (body_octets - c->body_left) % BLOCK;
            from = c->block + at;
            size = (size_t)(c->body_left < BLOCK - at ? c->body_left : BLOCK - at);
        } else if (!size) {
            c->in_body = false;
            queue(c, ".\r\n");
            continue;
        }
        ssize_t sent = send(c->fd, from, size, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        if (from_body)
            c->body_left -= sent;
        else
            c->sent += (size_t)sent;
    }
    return true;
}

/* One turn of a connection after epoll named it; false when it is over. */
static bool turn(struct connection *c, int epoll, bool was_owing) {
    if (!was_owing) {
        ssize_t got = recv(c->fd, c->in + c->read, sizeof c->in - c->read, 0);
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0) /* gone, or a line longer than the buffer */
            return false;
        c->read += (size_t)got;
    }
    do {
        if (!flush(c))
            return false;
        if (!owes(c) && c->quitting)
            return false;
    } while (!owes(c) && answer_next(c));
    if (owes(c) != was_owing) {
        /* A client that does not read is not read from either. */
        struct epoll_event event = {.events = owes(c) ? EPOLLOUT : EPOLLIN, .data.ptr = c};
        if (epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event))
            fail("epoll: %s", strerror(errno));
    }
    return true;
}

static void welcome(int listener, int epoll) {
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        if (!c)
            fail("no memory for a connection");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        c->fd = fd;
        without_delay(fd);
        queue(c, "+OK ready\r\n");
        /* A fresh socket has room for a greeting; if the peer is gone, the first read says so. */
        (void)flush(c);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
            fail("epoll: %s", strerror(errno));
    }
    if (errno != EAGAIN && errno != ECONNABORTED)
        fail("accept: %s", strerror(errno));
}

static int listen_at(struct sockaddr_in at) {
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof at;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ||
        bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        fail("cannot listen on port %d: %s", ntohs(at.sin_port), strerror(errno));
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

/* Serve until killed, or until the program that started this one ends. */
void serve(const char *port, long body_mb) {
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(0);

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    fill_blocks();
    body_octets = (body_mb * 1000000 + LINE - 1) / LINE * LINE;
    int listener = listen_at(address("127.0.0.1", port));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
        fail("epoll: %s", strerror(errno));
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR)
            fail("epoll: %s", strerror(errno));
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) {
                welcome(listener, epoll);
            } else if (!turn(c, epoll, owes(c))) {
                close(c->fd);
                free(c);
            }
        }
    }
}
