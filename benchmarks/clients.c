/* The clients: each says what POP3 clients say, in lockstep, and prints what it measured.
 *
 * Every reply here but that to RETR is one line and only one is ever due, so a reply is
 * complete when its last octet is a line feed. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 5, BUFFER = 1 << 18 };

/* What a short session says after the greeting and after each reply; then it waits for the end. */
static const char *const SESSION[STEPS - 1] = {"USER bob\r\n", "PASS secret\r\n", "STAT\r\n",
                                               "QUIT\r\n"};

struct client {
    int fd;
    int step; /* replies seen: 0 waits for the greeting, STEPS for the end */
    size_t got;
    char line[512];
};

static double now(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All is there for the work that is measured. */
static void begin(void) {
    puts("ready");
    fflush(stdout);
    await_word();
}

/* The work is done, and its figures are printed. */
static void end(void) {
    fflush(stdout);
    await_word();
}

static void say(int fd, const char *command) {
    ssize_t size = (ssize_t)strlen(command);

    if (send(fd, command, (size_t)size, MSG_NOSIGNAL) != size)
        fail("cannot send: %s", why());
}

/* Read once; true when a whole positive reply is there. The end of the connection is an error. */
static bool heard(struct client *c) {
    ssize_t got = recv(c->fd, c->line + c->got, sizeof c->line - 1 - c->got, 0);

    if (got == 0)
        fail("the connection ended before a reply");
    if (got < 0)
        fail("no reply: %s", why());
    c->got += (size_t)got;
    if (c->line[c->got - 1] != '\n')
        return false;
    c->line[c->got] = '\0';
    c->got = 0;
    if (c->line[0] != '+')
        fail("refused: %s", c->line);
    return true;
}

static void ask(struct client *c, const char *command) {
    say(c->fd, command);
    while (!heard(c)) {
    }
}

static struct client logged_in(const struct sockaddr_in *to) {
    struct client c = {.fd = dial(to, 0)};

    while (!heard(&c)) {
    }
    ask(&c, SESSION[0]);
    ask(&c, SESSION[1]);
    return c;
}

static void *array(long count, size_t size) {
    void *made = calloc((size_t)count, size);

    if (!made)
        fail("no memory");
    return made;
}

static void watch(int epoll, struct client *c) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event))
        fail("epoll: %s", strerror(errno));
}

static int await(int epoll, struct epoll_event *events) {
    int ready = epoll_wait(epoll, events, EVENTS, PATIENCE_SECONDS * 1000);

    if (ready <= 0)
        fail("no reply: %s", ready ? strerror(errno) : "the peers are silent");
    return ready;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void noop(const struct sockaddr_in *to, long count) {
    struct client c = logged_in(to);
    double *took = array(count, sizeof *took);

    for (long i = 0; i < count / 10; i++) /* caches and the CPU's clock warm up */
        ask(&c, "NOOP\r\n");
    begin();
    for (long i = 0; i < count; i++) {
        double asked = now();
        ask(&c, "NOOP\r\n");
        took[i] = now() - asked;
    }
    qsort(took, (size_t)count, sizeof *took, by_size);
    printf("{\"noop_median_us\": %.2f, \"noop_p99_us\": %.2f, \"operations\": %ld}\n",
           took[count / 2] * 1e6, took[count * 99 / 100] * 1e6, count);
    end();
    ask(&c, "QUIT\r\n");
}

void many(const struct sockaddr_in *to, long connections, long seconds) {
    struct client *all = array(connections, sizeof *all);
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(0);
    long asked = connections, replies = 0, timely = 0;

    for (long i = 0; i < connections; i++) {
        all[i] = logged_in(to);
        watch(epoll, &all[i]);
    }
    begin();
    double started = now(), took = 0;
    for (long i = 0; i < connections; i++)
        say(all[i].fd, "NOOP\r\n");
    while (replies < asked) {
        int ready = await(epoll, events);
        if (!took && now() - started >= (double)seconds) {
            took = now() - started;
            timely = replies;
        }
        for (int i = 0; i < ready; i++) {
            struct client *c = events[i].data.ptr;
            if (!heard(c))
                continue;
            replies++;
            if (!took) { /* afterwards only what is due is heard, so that all of it is counted */
                say(c->fd, "NOOP\r\n");
                asked++;
            }
        }
    }
    printf("{\"commands_per_second\": %.0f, \"operations\": %ld}\n", (double)timely / took,
           replies);
    end();
}

/* Answer the reply of one short session; true when the session is over. */
static bool advance(struct client *c) {
    char rest;

    if (c->step == STEPS) {
        /* The server closes after QUIT; a relay must pass that on, so it is part of a session. */
        if (recv(c->fd, &rest, 1, 0) != 0)
            fail("more came after the reply to QUIT, or the connection was reset");
        close(c->fd);
        return true;
    }
    if (heard(c)) {
        if (c->step < STEPS - 1)
            say(c->fd, SESSION[c->step]);
        c->step++;
    }
    return false;
}

void sessions(const struct sockaddr_in *to, long count, long concurrency) {
    struct client *all = array(concurrency, sizeof *all);
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(0);
    long begun = 0, ended = 0;

    begin();
    double started = now();
    for (; begun < concurrency && begun < count; begun++) {
        all[begun].fd = dial(to, SOCK_NONBLOCK);
        watch(epoll, &all[begun]);
    }
    while (ended < count) {
        int ready = await(epoll, events);
        for (int i = 0; i < ready; i++) {
            struct client *c = events[i].data.ptr;
            if (!advance(c))
                continue;
            ended++;
            if (begun < count) {
                begun++;
                *c = (struct client){.fd = dial(to, SOCK_NONBLOCK)};
                watch(epoll, c);
            }
        }
    }
    printf("{\"sessions_per_second\": %.1f, \"operations\": %ld}\n",
           (double)count / (now() - started), count);
    end();
}

void retr(const struct sockaddr_in *to, long message) {
    static const char *const names[] = {"ascii", "utf8", "octets"};
    struct client c = logged_in(to);
    static char buffer[BUFFER + 5]; /* the five octets before what is read now stay in front */
    char *const fresh = buffer + 5;
    long octets = -1, total = -1, seen = 0;

    char command[] = "RETR 0\r\n";
    command[5] = (char)('0' + message);
    begin();
    double started = now();
    say(c.fd, command);
    while (total < 0 || seen < total) {
        ssize_t got = recv(c.fd, fresh, BUFFER, 0);
        if (got <= 0)
            fail("RETR ended after %ld octets: %s", seen, got ? why() : "closed");
        if (total < 0) {
            /* The server sends its status line in one piece; no relay has reason to cut it. */
            char *end = memchr(fresh, '\n', (size_t)got);
            if (!end || sscanf(fresh, "+OK %ld octets", &octets) != 1)
                fail("RETR: no status line with the octets in the first read");
            total = end + 1 - fresh + octets + 3;
        }
        seen += got;
        memmove(buffer, fresh + got - 5, 5);
    }
    double took = now() - started;
    if (seen != total || memcmp(buffer, "\r\n.\r\n", 5))
        fail("RETR: %ld octets instead of %ld, or no terminator at their end", seen, total);
    printf("{\"retr_%s_mb_per_second\": %.1f, \"operations\": %.3f}\n", names[message - 1],
           (double)octets / 1e6 / took, (double)octets / 1e6);
    end();
    ask(&c, "QUIT\r\n"); /* refused if an octet too many was on its way */
}

/* Take one small message whole; return its octets, status line and terminator included. */
static long one_small(int fd) {
    char reply[8192];
    size_t got = 0;

    say(fd, "RETR 4\r\n");
    while (got < 5 || memcmp(reply + got - 5, "\r\n.\r\n", 5)) {
        ssize_t more = recv(fd, reply + got, sizeof reply - got, 0);
        if (more <= 0)
            fail("RETR 4 ended after %zu octets: %s", got, more ? why() : "closed");
        got += (size_t)more;
    }
    return (long)got;
}

/* Small messages, so many asked for at once, as clients that pipeline do. */
void small(const struct sockaddr_in *to, long count, long at_once) {
    struct client c = logged_in(to);
    static char buffer[BUFFER];
    long size = one_small(c.fd), seen = 0, asked = 0;
    char *commands = array(at_once * 8 + 1, 1);

    for (long i = 0; i < at_once; i++)
        memcpy(commands + i * 8, "RETR 4\r\n", 8);
    count = (count + at_once - 1) / at_once * at_once;
    begin();
    double started = now();
    while (seen < count * size) {
        if (seen == asked * size) {
            say(c.fd, commands);
            asked += at_once;
        }
        ssize_t got = recv(c.fd, buffer, BUFFER, 0);
        if (got <= 0)
            fail("RETR 4 ended after %ld octets: %s", seen, got ? why() : "closed");
        seen += got;
    }
    double took = now() - started;
    printf("{\"small_messages_per_second\": %.0f, \"operations\": %ld}\n", (double)count / took,
           count);
    end();
    ask(&c, "QUIT\r\n"); /* refused if an octet too many was on its way */
}

void idle(const struct sockaddr_in *to, long count) {
    for (long i = 0; i < count; i++)
        (void)logged_in(to);
    begin();
}
