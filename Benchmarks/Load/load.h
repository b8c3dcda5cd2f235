/* A load generator for echo-like stream servers: libc and epoll, nothing else.
 * It compares every byte that comes back with what was sent. */
#ifndef LOAD_H
#define LOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum mode { ECHO, LINE, CHURN, IDLE, SINK, SOURCE, BROADCAST, MODES };
extern const char *const mode_names[MODES];

struct options {
  const char *unix_path;
  int port, connections, pipeline, threads, sources, server_pid;
  int shortest_line, longest_line;
  size_t size;
  double seconds, warm_up;
  enum mode mode;
};
extern struct options options;

/* Reads the command line; ends the program when it makes no sense. */
void read_options(int argc, char **argv);

/* --- corpus.c: the stream that every connection sends, from a start of its
 * own. Its period is prime, so that bytes lost or swapped are noticed. */
enum { LARGEST_PIECE = 1 << 20 };
struct corpus {
  char *bytes; /* period + LARGEST_PIECE of them */
  size_t period;
  uint32_t *line_lengths; /* NULL when all messages have options.size */
  uint64_t *line_starts;
  uint32_t lines;
};
extern struct corpus corpus;
void make_corpus(void);
uint32_t message_length(uint32_t index);

/* --- histogram.c: of nanoseconds, 128 steps a power of two. */
enum { STEPS = 128, BUCKETS = 58 * STEPS };
struct histogram {
  uint64_t counts[BUCKETS], total, sum, largest;
};
void histogram_add(struct histogram *histogram, uint64_t nanoseconds);
void histogram_merge(struct histogram *into, const struct histogram *from);
double histogram_quantile(const struct histogram *histogram, double quantile);

/* --- connection.c */
struct connection {
  int descriptor; /* -1: not open */
  bool wants_room;
  size_t send_at, receive_at; /* positions in the corpus */
  uint32_t send_index, receive_index;
  size_t receive_left; /* of the message that is coming */
  size_t send_left;    /* accepted for sending and not yet written */
  uint64_t *sent_at;   /* ring of options.pipeline times */
  int oldest, in_flight;
  uint64_t opened_at;
};

/* What one thread counts; read by the main thread while it runs. */
struct counters {
  _Atomic uint64_t messages, bytes, errors, mismatches, ends, refusals;
};

struct worker {
  pthread_t thread;
  int number, poll, count;
  struct connection *connections;
  char *buffer;
  struct counters counters;
  struct histogram latency;
};

enum { BUFFER = 256 << 10 };
enum { GONE = -1, DIFFERENT = -2 };

int open_connection(int source);
void start_stream(struct connection *connection, uint32_t seed);
/* Sends that many messages more; GONE when the connection is. */
int send_messages(struct worker *worker, struct connection *connection,
                  int count);
int send_rest(struct worker *worker, struct connection *connection);
/* How many messages were completed, or GONE, or DIFFERENT. */
int receive_messages(struct worker *worker, struct connection *connection);
/* Counts the failure and closes. */
void give_up(struct worker *worker, struct connection *connection, int why);
void count(_Atomic uint64_t *counter, uint64_t more);

/* --- drive.c */
extern _Atomic bool measuring, stopping;
extern pthread_barrier_t everybody_connected;
void *drive(void *worker);

/* --- idle.c: connections that say nothing, and what the server holds. */
int run_idle(void);

/* --- process.c: what the system says of the server's process. */
double process_cpu_seconds(int pid);
void process_times(int pid, double *user, double *system);
long process_status(int pid, const char *key);  /* /proc/PID/status */
long process_switches(int pid);                 /* of all its threads */
int process_descriptors(int pid);

uint64_t now_ns(void);
void pause_for(double seconds);

#endif
