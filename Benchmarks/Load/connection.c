#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void count(_Atomic uint64_t *counter, uint64_t more) {
  /* One thread writes it, so that the sum needs no locked instruction. */
  atomic_store_explicit(
      counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
      memory_order_relaxed);
}

static int open_unix(void) {
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strncpy(to.sun_path, options.unix_path, sizeof to.sun_path - 1);
  if (descriptor >= 0 && connect(descriptor, (void *)&to, sizeof to) < 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

static int open_tcp(int source) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  if (descriptor < 0) return -1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  bool ok = true;
  if (options.sources > 1) {
    /* Several addresses to connect from, so that ports do not run out. */
    uint32_t host = INADDR_LOOPBACK + (uint32_t)(source % options.sources);
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(host)};
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
               sizeof one);
    ok = bind(descriptor, (void *)&from, sizeof from) == 0;
  }
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)options.port),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (!ok || connect(descriptor, (void *)&to, sizeof to) < 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

int open_connection(int source) {
  int descriptor = options.unix_path ? open_unix() : open_tcp(source);
  if (descriptor >= 0)
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  return descriptor;
}

void start_stream(struct connection *connection, uint32_t seed) {
  uint64_t place = (uint64_t)seed * 7919;
  if (options.mode == BROADCAST) place = 0;
  if (corpus.line_lengths) {
    connection->send_index = (uint32_t)(place % corpus.lines);
    place = corpus.line_starts[connection->send_index];
  } else {
    connection->send_index = 0;
  }
  connection->receive_index = connection->send_index;
  connection->send_at = connection->receive_at =
      (size_t)(place % corpus.period);
  connection->receive_left = message_length(connection->receive_index);
  connection->send_left = 0;
  connection->oldest = connection->in_flight = 0;
  connection->wants_room = false;
}

int send_rest(struct worker *worker, struct connection *connection) {
  while (connection->send_left) {
    size_t size = connection->send_left;
    if (size > LARGEST_PIECE) size = LARGEST_PIECE;
    ssize_t sent = send(connection->descriptor,
                        corpus.bytes + connection->send_at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return GONE;
    connection->send_at = (connection->send_at + (size_t)sent) % corpus.period;
    connection->send_left -= (size_t)sent;
  }
  bool wants_room = connection->send_left > 0;
  if (wants_room != connection->wants_room) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (wants_room) event.events |= EPOLLOUT;
    epoll_ctl(worker->poll, EPOLL_CTL_MOD, connection->descriptor, &event);
    connection->wants_room = wants_room;
  }
  return 0;
}

int send_messages(struct worker *worker, struct connection *connection,
                  int messages) {
  uint64_t now = now_ns();
  for (int i = 0; i < messages; i++) {
    connection->send_left += message_length(connection->send_index++);
    int slot = (connection->oldest + connection->in_flight) % options.pipeline;
    connection->sent_at[slot] = now;
    connection->in_flight++;
  }
  return send_rest(worker, connection);
}

int receive_messages(struct worker *worker, struct connection *connection) {
  ssize_t got = recv(connection->descriptor, worker->buffer, BUFFER, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : GONE;
  if (got == 0) {
    count(&worker->counters.ends, 1);
    return GONE;
  }
  size_t left = (size_t)got;
  count(&worker->counters.bytes, left);
  if (memcmp(worker->buffer, corpus.bytes + connection->receive_at, left))
    return DIFFERENT;
  connection->receive_at = (connection->receive_at + left) % corpus.period;
  int completed = 0;
  uint64_t now = 0;
  while (left >= connection->receive_left) {
    left -= connection->receive_left;
    if (!connection->in_flight) return DIFFERENT; /* more than was sent */
    if (!now) now = now_ns();
    uint64_t sent_at = connection->sent_at[connection->oldest];
    connection->oldest = (connection->oldest + 1) % options.pipeline;
    connection->in_flight--;
    /* A churning connection is timed from its opening to its end. */
    if (options.mode != CHURN &&
        atomic_load_explicit(&measuring, memory_order_relaxed))
      histogram_add(&worker->latency, now - sent_at);
    completed++;
    connection->receive_left = message_length(++connection->receive_index);
  }
  connection->receive_left -= left;
  /* Bytes of a message that was not sent yet. */
  if (!connection->in_flight && left) return DIFFERENT;
  if (completed) count(&worker->counters.messages, (uint64_t)completed);
  return completed;
}

void give_up(struct worker *worker, struct connection *connection, int why) {
  if (why == DIFFERENT) count(&worker->counters.mismatches, 1);
  count(&worker->counters.errors, 1);
  close(connection->descriptor);
  connection->descriptor = -1;
}
