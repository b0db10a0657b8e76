/* Load for POP3 relays: a server that answers at once, and clients that count and time.
 *
 * Written in C so that neither end is the slowest part of what is measured. A client role prints
 * "ready" and waits for a line on stdin; then it does its work, prints one JSON object on one line,
 * and keeps its connections until stdin ends. So what logging in and hanging up cost can be left
 * out. An error is one line on stderr and exit status 1. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char USAGE[] =
    "usage: load serve PORT|0 BODY_MB\n"
    "       load noop HOST PORT COUNT\n"
    "       load many HOST PORT CONNECTIONS SECONDS\n"
    "       load sessions HOST PORT COUNT CONCURRENCY\n"
    "       load retr HOST PORT MESSAGE\n"
    "       load small HOST PORT COUNT AT_ONCE\n"
    "       load idle HOST PORT N\n";

_Noreturn void fail(const char *format, ...) {
    va_list values;

    fputs("load: ", stderr);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

long number(const char *what, const char *text, long lowest, long highest) {
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < lowest || value > highest)
        fail("%s is a number from %ld to %ld, not %s", what, lowest, highest, text);
    return value;
}

struct sockaddr_in address(const char *host, const char *port) {
    struct sockaddr_in at = {.sin_family = AF_INET};

    at.sin_port = htons((uint16_t)number("PORT", port, 0, 65535));
    if (inet_pton(AF_INET, host, &at.sin_addr) != 1)
        fail("HOST is an IPv4 address, not %s", host);
    return at;
}

void without_delay(int fd) {
    int yes = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes))
        fail("TCP_NODELAY: %s", strerror(errno));
}

const char *why(void) {
    return errno == EAGAIN ? "the peer is silent" : strerror(errno);
}

void await_word(void) {
    char octet;

    while (read(STDIN_FILENO, &octet, 1) == 1 && octet != '\n') {
    }
}

int dial(const struct sockaddr_in *to, int flags) {
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

    if (fd < 0)
        fail("socket: %s", strerror(errno));
    without_delay(fd);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) && errno != EINPROGRESS)
        fail("cannot connect: %s", why());
    return fd;
}

int main(int argc, char **argv) {
    const char *role = argc > 1 ? argv[1] : "";

    if (!strcmp(role, "serve") && argc == 4) {
        serve(argv[2], number("BODY_MB", argv[3], 0, 65536));
        return 0;
    }
    if (argc < 4) {
        fputs(USAGE, stderr);
        return 1;
    }
    alarm(LIMIT_SECONDS); /* whatever a relay does, this program ends */
    struct sockaddr_in to = address(argv[2], argv[3]);
    if (!strcmp(role, "noop") && argc == 5) {
        noop(&to, number("COUNT", argv[4], 1, 10000000));
    } else if (!strcmp(role, "many") && argc == 6) {
        many(&to, number("CONNECTIONS", argv[4], 1, 10000), number("SECONDS", argv[5], 1, 300));
    } else if (!strcmp(role, "sessions") && argc == 6) {
        sessions(&to, number("COUNT", argv[4], 1, 10000000),
                 number("CONCURRENCY", argv[5], 1, 10000));
    } else if (!strcmp(role, "retr") && argc == 5) {
        retr(&to, number("MESSAGE", argv[4], 1, 3));
    } else if (!strcmp(role, "small") && argc == 6) {
        small(&to, number("COUNT", argv[4], 1, 10000000), number("AT_ONCE", argv[5], 1, 1000));
    } else if (!strcmp(role, "idle") && argc == 5) {
        idle(&to, number("N", argv[4], 1, 100000));
    } else {
        fputs(USAGE, stderr);
        return 1;
    }
    return 0;
}
