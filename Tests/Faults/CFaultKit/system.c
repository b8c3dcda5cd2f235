#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "include/CFaultKit.h"

int fkit_limit_descriptors(int process, unsigned long most) {
  struct rlimit limit;
  if (prlimit(process, RLIMIT_NOFILE, NULL, &limit) < 0) return -errno;
  limit.rlim_cur = most;
  return prlimit(process, RLIMIT_NOFILE, &limit, NULL) < 0 ? -errno : 0;
}

int fkit_descriptor_count(int process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", process);
  DIR *folder = opendir(path);
  if (!folder) return -errno;
  int count = 0;
  for (struct dirent *entry; (entry = readdir(folder));)
    if (entry->d_name[0] != '.') count++;
  closedir(folder);
  return count;
}

int64_t fkit_cpu_time(int process) {
  char path[128];
  snprintf(path, sizeof path, "/proc/%d/task", process);
  DIR *folder = opendir(path);
  if (!folder) return -errno;
  int64_t total = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", process,
             entry->d_name);
    FILE *file = fopen(path, "r");
    long long ran = 0;
    if (file && fscanf(file, "%lld", &ran) == 1) total += ran;
    if (file) fclose(file);
  }
  closedir(folder);
  return total;
}

int fkit_signal(int process, int number) {
  return kill(process, number) < 0 ? -errno : 0;
}

int fkit_enter_network(const char *name) {
  static int home = -1;
  if (home < 0) {
    home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0) return -errno;
  }
  int other = home;
  if (name) {
    char path[128];
    snprintf(path, sizeof path, "/run/netns/%s", name);
    other = open(path, O_RDONLY | O_CLOEXEC);
    if (other < 0) return -errno;
  }
  int status = setns(other, CLONE_NEWNET) < 0 ? -errno : 0;
  if (name) close(other);
  return status;
}
