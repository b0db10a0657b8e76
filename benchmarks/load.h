/* What the server and the clients of the load generator share. */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdint.h>

enum {
    BACKLOG = 4096,       /* more than any client role opens at once */
    EVENTS = 256,         /* taken from epoll at a time */
    PATIENCE_SECONDS = 10, /* a peer that is silent for longer is an error, not a slow one */
    LIMIT_SECONDS = 600    /* of a client role as a whole */
};

/* Print one line to stderr and exit with 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A whole number from the command line, within bounds. */
long number(const char *what, const char *text, long lowest, long highest);

struct sockaddr_in address(const char *host, const char *port);

/* A small command must leave at once, or the figures would be those of Nagle's algorithm. */
void without_delay(int fd);

/* What errno means to a reader; a timeout of the socket shows as EAGAIN. */
const char *why(void);

/* Wait for a line on stdin, or its end: whoever measures reads what the relay has used so far. */
void await_word(void);

/* A socket that connects, or has connected, and gives up on a silent peer. */
int dial(const struct sockaddr_in *to, int flags);

void serve(const char *port, long body_mb);

void noop(const struct sockaddr_in *to, long count);
void many(const struct sockaddr_in *to, long connections, long seconds);
void sessions(const struct sockaddr_in *to, long count, long concurrency);
void retr(const struct sockaddr_in *to, long message);
void small(const struct sockaddr_in *to, long count, long at_once);
void idle(const struct sockaddr_in *to, long count);

#endif
