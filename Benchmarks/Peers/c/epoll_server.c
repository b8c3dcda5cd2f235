/* epoll-server PORT|/PATH echo|line|sink|source|broadcast: plain C on
 * level-triggered epoll. One shared buffer of 64 KiB, sends at once, asks for
 * room only when the socket is full. */
#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char read_buffer[PIECE], source_piece[PIECE];
static enum mode mode;
static int poll_descriptor;

struct connection {
  int descriptor;
  uint32_t events;
  struct tail tail;
  char *waiting; /* what the socket had no room for */
  size_t sent, length;
  struct connection *previous, *next;
};
static struct connection *everybody;

static void want(struct connection *connection, uint32_t events) {
  if (connection->events == events) return;
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(poll_descriptor, EPOLL_CTL_MOD, connection->descriptor, &event);
  connection->events = events;
}

static void end(struct connection *connection) {
  if (connection->previous)
    connection->previous->next = connection->next;
  else
    everybody = connection->next;
  if (connection->next) connection->next->previous = connection->previous;
  close(connection->descriptor);
  free(connection->tail.bytes);
  free(connection->waiting);
  free(connection);
}

static bool send_out(void *to, const char *bytes, size_t length) {
  struct connection *connection = to;
  size_t sent = 0;
  if (!connection->waiting) {
    ssize_t now = send(connection->descriptor, bytes, length, MSG_NOSIGNAL);
    if (now == (ssize_t)length) return true;
    /* A broken connection is read to its end and closed then. */
    if (now < 0 && errno != EAGAIN) return false;
    sent = now < 0 ? 0 : (size_t)now;
    connection->sent = connection->length = 0;
  }
  size_t left = length - sent;
  connection->waiting =
      take_more(connection->waiting, connection->length + left);
  memcpy(connection->waiting + connection->length, bytes + sent, left);
  connection->length += left;
  want(connection, mode == MODE_BROADCAST ? EPOLLIN | EPOLLOUT : EPOLLOUT);
  return true;
}

static bool on_room(struct connection *connection) {
  if (mode == MODE_SOURCE)
    return send(connection->descriptor, source_piece, PIECE, MSG_NOSIGNAL) >=
               0 ||
           errno == EAGAIN;
  if (!connection->waiting) return true;
  ssize_t sent =
      send(connection->descriptor, connection->waiting + connection->sent,
           connection->length - connection->sent, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  connection->sent += (size_t)sent;
  if (connection->sent < connection->length) return true;
  free(connection->waiting);
  connection->waiting = NULL;
  want(connection, EPOLLIN);
  return true;
}

static bool on_bytes(struct connection *connection) {
  ssize_t count = recv(connection->descriptor, read_buffer, PIECE, 0);
  if (count < 0) return errno == EAGAIN;
  if (count == 0) return false;
  size_t length = (size_t)count;
  switch (mode) {
    case MODE_ECHO: return send_out(connection, read_buffer, length);
    case MODE_LINE:
      gather_lines(&connection->tail, read_buffer, length, send_out,
                   connection);
      return true;
    case MODE_BROADCAST:
      for (struct connection *to = everybody; to; to = to->next)
        send_out(to, read_buffer, length);
      return true;
    case MODE_SINK:
    case MODE_SOURCE: return true;
  }
  return true;
}

static void on_connection(int listener, bool is_unix) {
  int one = 1;
  int descriptor = accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return;
  if (!is_unix)
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection) abort();
  connection->descriptor = descriptor;
  connection->events = mode == MODE_SOURCE ? EPOLLIN | EPOLLOUT : EPOLLIN;
  connection->next = everybody;
  if (everybody) everybody->previous = connection;
  everybody = connection;
  struct epoll_event event = {.events = connection->events,
                              .data.ptr = connection};
  epoll_ctl(poll_descriptor, EPOLL_CTL_ADD, descriptor, &event);
}

static int bind_unix(const char *path) {
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  if (listener < 0) return -1;
  strncpy(at.sun_path, path, sizeof at.sun_path - 1);
  unlink(path);
  return bind(listener, (void *)&at, sizeof at) ? -1 : listener;
}

static int bind_tcp(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  if (listener < 0) return -1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)port),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return bind(listener, (void *)&at, sizeof at) ? -1 : listener;
}

int main(int argc, char **argv) {
  struct arguments arguments = read_arguments(argc, argv);
  mode = arguments.mode;
  bool is_unix = arguments.path != NULL;
  int listener =
      is_unix ? bind_unix(arguments.path) : bind_tcp(arguments.port);
  if (listener < 0 || listen(listener, 4096)) return 1;
  poll_descriptor = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN}, events[1024];
  epoll_ctl(poll_descriptor, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll_descriptor, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      uint32_t what = events[i].events;
      if (!connection) {
        on_connection(listener, is_unix);
        continue;
      }
      bool goes_on = !(what & EPOLLOUT) || on_room(connection);
      if (goes_on && (what & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        goes_on = on_bytes(connection);
      if (!goes_on) end(connection);
    }
  }
}
