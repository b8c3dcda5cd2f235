#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>

/* What is read at both ends of the measured time. */
struct reading {
  uint64_t at, messages, bytes;
  double server_cpu, server_user, server_system, own_cpu;
  long switches;
};

static double own_cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static struct reading read_all(struct worker *workers) {
  struct reading reading = {0};
  int pid = options.server_pid;
  reading.switches = process_switches(pid);
  process_times(pid, &reading.server_user, &reading.server_system);
  reading.own_cpu = own_cpu_seconds();
  for (int i = 0; i < options.threads; i++) {
    reading.messages += workers[i].counters.messages;
    reading.bytes += workers[i].counters.bytes;
  }
  reading.server_cpu = process_cpu_seconds(pid);
  reading.at = now_ns();
  return reading;
}

static struct worker *start_workers(void) {
  struct worker *workers = calloc((size_t)options.threads, sizeof *workers);
  if (!workers) abort();
  pthread_barrier_init(&everybody_connected, NULL,
                       (unsigned)options.threads + 1);
  for (int i = 0; i < options.threads; i++) {
    struct worker *worker = &workers[i];
    worker->number = i;
    worker->count = options.connections / options.threads +
                    (i < options.connections % options.threads);
    worker->poll = epoll_create1(EPOLL_CLOEXEC);
    worker->buffer = malloc(BUFFER);
    worker->connections =
        calloc((size_t)worker->count, sizeof *worker->connections);
    if (worker->poll < 0 || !worker->buffer || !worker->connections ||
        pthread_create(&worker->thread, NULL, drive, worker))
      abort();
  }
  pthread_barrier_wait(&everybody_connected);
  return workers;
}

static void print(const struct reading *first, const struct reading *last,
                  const struct histogram *latency,
                  const struct worker *workers) {
  uint64_t errors = 0, mismatches = 0, ends = 0, refusals = 0;
  for (int i = 0; i < options.threads; i++) {
    errors += workers[i].counters.errors;
    mismatches += workers[i].counters.mismatches;
    ends += workers[i].counters.ends;
    refusals += workers[i].counters.refusals;
  }
  double seconds = (double)(last->at - first->at) / 1e9;
  double messages = (double)(last->messages - first->messages);
  double bytes = (double)(last->bytes - first->bytes);
  double cpu = last->server_cpu - first->server_cpu;
  printf("{\"mode\":\"%s\",\"conns\":%d,\"size\":%zu,\"pipeline\":%d,"
         "\"threads\":%d,\"secs\":%.3f,\"msgs\":%.0f,\"msgs_s\":%.1f,"
         "\"mb_s\":%.2f,",
         mode_names[options.mode], options.connections, options.size,
         options.pipeline, options.threads, seconds, messages,
         messages / seconds, bytes / seconds / 1e6);
  printf("\"p50_us\":%.2f,\"p90_us\":%.2f,\"p99_us\":%.2f,\"p999_us\":%.2f,"
         "\"max_us\":%.2f,",
         histogram_quantile(latency, 0.5) / 1e3,
         histogram_quantile(latency, 0.9) / 1e3,
         histogram_quantile(latency, 0.99) / 1e3,
         histogram_quantile(latency, 0.999) / 1e3,
         (double)latency->largest / 1e3);
  printf("\"errors\":%lu,\"mismatch\":%lu,\"eofs\":%lu,"
         "\"connect_errors\":%lu,",
         errors, mismatches, ends, refusals);
  printf("\"srv_cpu_s\":%.4f,\"srv_user_s\":%.3f,\"srv_sys_s\":%.3f,"
         "\"srv_cpu_us_msg\":%.4f,\"srv_cpu_ns_kb\":%.2f,\"srv_busy\":%.3f,"
         "\"switches\":%ld,\"srv_rss_kb\":%ld,\"srv_hwm_kb\":%ld,"
         "\"client_busy\":%.3f}\n",
         cpu, last->server_user - first->server_user,
         last->server_system - first->server_system,
         messages > 0 ? cpu * 1e6 / messages : 0,
         bytes > 0 ? cpu * 1e9 / (bytes / 1024) : 0, cpu / seconds,
         last->switches - first->switches,
         process_status(options.server_pid, "VmRSS"),
         process_status(options.server_pid, "VmHWM"),
         (last->own_cpu - first->own_cpu) / seconds);
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit descriptors;
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
  make_corpus();
  if (options.mode == IDLE) return run_idle();

  struct worker *workers = start_workers();
  pause_for(options.warm_up);
  struct reading first = read_all(workers);
  measuring = true;
  pause_for(options.seconds);
  measuring = false;
  struct reading last = read_all(workers);
  stopping = true;
  struct histogram *latency = calloc(1, sizeof *latency);
  if (!latency) abort();
  for (int i = 0; i < options.threads; i++) {
    pthread_join(workers[i].thread, NULL);
    histogram_merge(latency, &workers[i].latency);
  }
  print(&first, &last, latency, workers);
  free(latency);
  free(workers);
  return 0;
}
