#include "load.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int failures;

/* Waits until the server holds that many descriptors, 5 s at most. */
static void wait_accepted(int wanted) {
  uint64_t limit = now_ns() + 5000000000u;
  while (options.server_pid > 0 &&
         process_descriptors(options.server_pid) < wanted && now_ns() < limit)
    pause_for(500e-6);
}

static int connect_crowd(int *descriptors, int before) {
  int connected = 0;
  for (int i = 0; i < options.connections && failures < 100; i++) {
    descriptors[i] = open_connection(i);
    if (descriptors[i] < 0) {
      failures++;
      continue;
    }
    connected++;
    if (i % 64 == 63 || i == options.connections - 1)
      wait_accepted(before + connected);
  }
  return connected;
}

static bool touch(int descriptor, char *buffer) {
  struct timeval patience = {.tv_sec = 5};
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  size_t size =
      options.size < LARGEST_PIECE ? options.size : LARGEST_PIECE;
  if (send(descriptor, corpus.bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
    return false;
  ssize_t got = recv(descriptor, buffer, size, MSG_WAITALL);
  return got == (ssize_t)size && !memcmp(buffer, corpus.bytes, size);
}

int run_idle(void) {
  int pid = options.server_pid, touched = 0;
  int *descriptors =
      calloc((size_t)options.connections, sizeof *descriptors);
  char *buffer = malloc(LARGEST_PIECE);
  if (!descriptors || !buffer) abort();
  for (int i = 0; i < options.connections; i++) descriptors[i] = -1;

  int before = process_descriptors(pid);
  long memory_before = process_status(pid, "VmRSS");
  uint64_t began_at = now_ns();
  int connected = connect_crowd(descriptors, before);
  int accepted = pid > 0 ? process_descriptors(pid) - before : -1;
  double connecting = (double)(now_ns() - began_at) / 1e9;

  pause_for(0.3);
  double cpu_before = process_cpu_seconds(pid);
  pause_for(options.seconds);
  double idle_cpu = process_cpu_seconds(pid) - cpu_before;
  long memory_idle = process_status(pid, "VmRSS");

  /* One round trip on each, so that what is made with the first bytes is. */
  for (int i = 0; i < options.connections && failures < 100; i++) {
    if (descriptors[i] < 0) continue;
    if (touch(descriptors[i], buffer))
      touched++;
    else
      failures++;
  }
  pause_for(0.3);
  long memory_touched = process_status(pid, "VmRSS");
  double crowd = connected ? connected : 1;
  printf(
      "{\"mode\":\"idle\",\"conns\":%d,\"connected\":%d,\"accepted\":%d,"
      "\"touched\":%d,\"errors\":%d,\"connect_s\":%.3f,\"rss0_kb\":%ld,"
      "\"bytes_per_conn_idle\":%.0f,\"bytes_per_conn_touched\":%.0f,"
      "\"idle_cpu_s\":%.4f,\"idle_hold_s\":%.2f,\"hwm_kb\":%ld}\n",
      options.connections, connected, accepted, touched, failures, connecting,
      memory_before, (double)(memory_idle - memory_before) * 1024.0 / crowd,
      (double)(memory_touched - memory_before) * 1024.0 / crowd, idle_cpu,
      options.seconds, process_status(pid, "VmHWM"));
  free(buffer);
  free(descriptors);
  return 0;
}
