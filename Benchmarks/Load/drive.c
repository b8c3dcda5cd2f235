#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

_Atomic bool measuring, stopping;
pthread_barrier_t everybody_connected;

/* A broadcast's round: one says, everybody must hear. One thread. */
static struct {
  int left;
  uint64_t began_at;
} round_of_broadcast;

static void watch(struct worker *worker, struct connection *connection,
                  uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(worker->poll, EPOLL_CTL_ADD, connection->descriptor, &event);
}

static void connect_all(struct worker *worker) {
  for (int i = 0; i < worker->count; i++) {
    struct connection *connection = &worker->connections[i];
    connection->descriptor = -1;
    connection->sent_at =
        calloc((size_t)options.pipeline, sizeof *connection->sent_at);
    if (!connection->sent_at) abort();
    if (options.mode == CHURN) continue;
    connection->descriptor = open_connection(worker->number + i);
    if (connection->descriptor < 0) {
      count(&worker->counters.refusals, 1);
      continue;
    }
    start_stream(connection, (uint32_t)(worker->number * 100003 + i));
    watch(worker, connection, options.mode == SINK ? EPOLLOUT : EPOLLIN);
    /* Gently, so that no backlog overflows. */
    if (i % 16 == 15) pause_for(300e-6);
  }
  /* Those who are connected must also be known to the server. */
  if (options.mode == BROADCAST) pause_for(0.3);
}

static void churn_open(struct worker *worker, struct connection *connection,
                       uint32_t seed) {
  connection->opened_at = now_ns();
  connection->descriptor = open_connection((int)(seed & 0x7fffffff));
  if (connection->descriptor < 0) {
    count(&worker->counters.refusals, 1);
    return;
  }
  start_stream(connection, seed);
  watch(worker, connection, EPOLLIN);
  if (send_messages(worker, connection, 1) < 0)
    give_up(worker, connection, GONE);
}

static void say(struct worker *worker) {
  struct connection *speaker = &worker->connections[0];
  round_of_broadcast.began_at = now_ns();
  round_of_broadcast.left = 0;
  for (int i = 0; i < worker->count; i++)
    round_of_broadcast.left += worker->connections[i].descriptor >= 0;
  speaker->in_flight = 0;
  if (speaker->descriptor >= 0 && send_messages(worker, speaker, 1) < 0)
    give_up(worker, speaker, GONE);
}

static void begin(struct worker *worker, uint32_t *seed) {
  for (int i = 0; i < worker->count; i++) {
    struct connection *connection = &worker->connections[i];
    if (options.mode == CHURN) {
      churn_open(worker, connection, (*seed)++);
    } else if (connection->descriptor >= 0 &&
               (options.mode == ECHO || options.mode == LINE) &&
               send_messages(worker, connection, options.pipeline) < 0) {
      give_up(worker, connection, GONE);
    }
  }
  if (options.mode == BROADCAST) say(worker);
}

static void on_echo(struct worker *worker, struct connection *connection,
                    uint32_t events) {
  if ((events & EPOLLOUT) && send_rest(worker, connection) < 0) {
    give_up(worker, connection, GONE);
    return;
  }
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  int completed = receive_messages(worker, connection);
  if (completed < 0)
    give_up(worker, connection, completed);
  else if (completed && send_messages(worker, connection, completed) < 0)
    give_up(worker, connection, GONE);
}

static void on_churn(struct worker *worker, struct connection *connection,
                     uint32_t *seed) {
  int completed = receive_messages(worker, connection);
  if (completed == 0) return;
  if (completed < 0) {
    give_up(worker, connection, completed);
  } else {
    close(connection->descriptor);
    connection->descriptor = -1;
    if (measuring)
      histogram_add(&worker->latency, now_ns() - connection->opened_at);
  }
  churn_open(worker, connection, (*seed)++);
}

static void on_sink(struct worker *worker, struct connection *connection) {
  ssize_t sent =
      send(connection->descriptor, corpus.bytes, options.size, MSG_NOSIGNAL);
  if (sent > 0) {
    count(&worker->counters.bytes, (uint64_t)sent);
    count(&worker->counters.messages, 1);
  } else if (sent == 0 || (errno != EAGAIN && errno != EINTR)) {
    give_up(worker, connection, GONE);
  }
}

static void on_source(struct worker *worker, struct connection *connection) {
  ssize_t got = recv(connection->descriptor, worker->buffer, BUFFER, 0);
  if (got > 0) {
    count(&worker->counters.bytes, (uint64_t)got);
    count(&worker->counters.messages, 1);
    return;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0) count(&worker->counters.ends, 1);
  give_up(worker, connection, GONE);
}

static void lose_hearer(struct worker *worker, struct connection *connection,
                        int why) {
  give_up(worker, connection, why);
  if (--round_of_broadcast.left == 0) say(worker);
}

static void on_broadcast(struct worker *worker, struct connection *connection,
                         uint32_t events) {
  if ((events & EPOLLOUT) && send_rest(worker, connection) < 0) {
    lose_hearer(worker, connection, GONE);
    return;
  }
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  ssize_t got = recv(connection->descriptor, worker->buffer, BUFFER, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    lose_hearer(worker, connection, GONE);
    return;
  }
  size_t length = (size_t)got;
  count(&worker->counters.bytes, length);
  if (length > connection->receive_left ||
      memcmp(worker->buffer, corpus.bytes + connection->receive_at, length)) {
    lose_hearer(worker, connection, DIFFERENT);
    return;
  }
  connection->receive_at = (connection->receive_at + length) % corpus.period;
  connection->receive_left -= length;
  if (connection->receive_left) return;
  connection->receive_left = options.size;
  count(&worker->counters.messages, 1);
  if (--round_of_broadcast.left > 0) return;
  if (measuring)
    histogram_add(&worker->latency, now_ns() - round_of_broadcast.began_at);
  say(worker);
}

static void dispatch(struct worker *worker, struct connection *connection,
                     uint32_t events, uint32_t *seed) {
  switch (options.mode) {
    case ECHO:
    case LINE: on_echo(worker, connection, events); break;
    case CHURN: on_churn(worker, connection, seed); break;
    case SINK: on_sink(worker, connection); break;
    case SOURCE: on_source(worker, connection); break;
    case BROADCAST: on_broadcast(worker, connection, events); break;
    case IDLE:
    case MODES: break;
  }
}

void *drive(void *argument) {
  struct worker *worker = argument;
  struct epoll_event events[256];
  uint32_t seed = (uint32_t)worker->number * 100003;
  connect_all(worker);
  pthread_barrier_wait(&everybody_connected);
  begin(worker, &seed);
  while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
    int ready = epoll_wait(worker->poll, events, 256, 50);
    for (int i = 0; i < worker->count && ready == 0; i++)
      if (options.mode == CHURN && worker->connections[i].descriptor < 0)
        churn_open(worker, &worker->connections[i], seed++);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection->descriptor >= 0)
        dispatch(worker, connection, events[i].events, &seed);
    }
  }
  return NULL;
}
