#define _GNU_SOURCE
#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void pause_for(double seconds) {
  struct timespec left = {
      .tv_sec = (time_t)seconds,
      .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&left, &left) < 0) {
  }
}

double process_cpu_seconds(int pid) {
  clockid_t clock;
  struct timespec used;
  if (pid <= 0 || clock_getcpuclockid(pid, &clock) ||
      clock_gettime(clock, &used))
    return 0;
  return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

void process_times(int pid, double *user, double *system) {
  char path[64], text[2048];
  *user = *system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = pid > 0 ? fopen(path, "r") : NULL;
  if (!file) return;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  unsigned long in_user = 0, in_system = 0;
  const char *after_name = strrchr(text, ')');
  if (after_name)
    sscanf(after_name + 2,
           "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &in_user,
           &in_system);
  *user = (double)in_user / (double)sysconf(_SC_CLK_TCK);
  *system = (double)in_system / (double)sysconf(_SC_CLK_TCK);
}

/* The number behind a key in a file of /proc; 0 when it is not there. */
static long number_in(const char *path, const char *key) {
  char line[256];
  long value = 0;
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, key, strlen(key)))
      value = atol(line + strlen(key) + 1);
  fclose(file);
  return value;
}

long process_status(int pid, const char *key) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  return pid > 0 ? number_in(path, key) : 0;
}

long process_switches(int pid) {
  char path[400];
  long sum = 0;
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = pid > 0 ? opendir(path) : NULL;
  if (!threads) return 0;
  struct dirent *entry;
  while ((entry = readdir(threads))) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%s/status", pid, entry->d_name);
    sum += number_in(path, "voluntary_ctxt_switches");
    sum += number_in(path, "nonvoluntary_ctxt_switches");
  }
  closedir(threads);
  return sum;
}

int process_descriptors(int pid) {
  char path[64];
  int entries = 0;
  snprintf(path, sizeof path, "/proc/%d/fd", pid);
  DIR *descriptors = pid > 0 ? opendir(path) : NULL;
  if (!descriptors) return -1;
  while (readdir(descriptors)) entries++;
  closedir(descriptors);
  return entries - 2;
}
