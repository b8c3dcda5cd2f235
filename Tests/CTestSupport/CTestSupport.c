#define _GNU_SOURCE

#include "CTestSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int fts_open_terminal(int *controller, char *name, size_t capacity) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int error = 0;
  if (grantpt(fd) < 0 || unlockpt(fd) < 0) error = errno;
  if (error == 0) error = ptsname_r(fd, name, capacity);
  if (error != 0) {
    close(fd);
    return -error;
  }
  *controller = fd;
  return 0;
}

int fts_pipe(int *reading, int *writing) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  *reading = ends[0];
  *writing = ends[1];
  return 0;
}

int fts_set_non_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  return fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int fts_resize(int fd, int columns, int rows) {
  struct winsize size = {
      .ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  return ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

static int place_stream(
    posix_spawn_file_actions_t *actions, int stream, int target) {
  if (stream == FTS_CLOSED)
    return posix_spawn_file_actions_addclose(actions, target);
  if (stream == FTS_TERMINAL) return 0;
  return posix_spawn_file_actions_adddup2(actions, stream, target);
}

/// The first terminal that a session's leader opens becomes its controlling
/// one, so it is opened as 0 before a stream takes that place.
static int place_streams(
    posix_spawn_file_actions_t *actions, const char *terminal, int input,
    int output, int error) {
  int status = 0;
  if (terminal != NULL) {
    status = posix_spawn_file_actions_addopen(
        actions, 0, terminal, O_RDWR, 0);
    for (int target = 1; status == 0 && target <= 2; target++)
      status = posix_spawn_file_actions_adddup2(actions, 0, target);
  }
  if (status == 0) status = place_stream(actions, input, 0);
  if (status == 0) status = place_stream(actions, output, 1);
  if (status == 0) status = place_stream(actions, error, 2);
  return status;
}

static int set_attributes(posix_spawnattr_t *attributes) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  int status = posix_spawnattr_setsigdefault(attributes, &all);
  if (status == 0) status = posix_spawnattr_setsigmask(attributes, &none);
  if (status != 0) return status;
  return posix_spawnattr_setflags(
      attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                      POSIX_SPAWN_SETSIGMASK);
}

int fts_spawn(
    const char *program, char *const *arguments, char *const *environment,
    const char *terminal, int input, int output, int error) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int status = posix_spawn_file_actions_init(&actions);
  if (status != 0) return -status;
  status = posix_spawnattr_init(&attributes);
  if (status != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return -status;
  }
  pid_t pid = 0;
  status = place_streams(&actions, terminal, input, output, error);
  if (status == 0) status = set_attributes(&attributes);
  if (status == 0)
    status = posix_spawn(
        &pid, program, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return status != 0 ? -status : pid;
}

int fts_spawn_in_group(const char *program, char *const *arguments) {
  posix_spawnattr_t attributes;
  int status = posix_spawnattr_init(&attributes);
  if (status != 0) return -status;
  pid_t pid = 0;
  status = posix_spawnattr_setpgroup(&attributes, 0);
  if (status == 0)
    status = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  if (status == 0)
    status =
        posix_spawn(&pid, program, NULL, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  return status != 0 ? -status : pid;
}

int fts_exit_in_copy(int code) {
  pid_t pid = fork();
  if (pid < 0) return -errno;
  if (pid == 0) exit(code);
  int value = 0;
  int kind = fts_reap(pid, &value);
  return kind == 1 ? value : -ECHILD;
}

int fts_open_process(pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  return fd < 0 ? -errno : fd;
}

int fts_reap(pid_t pid, int *value) {
  int status;
  pid_t reaped;
  do {
    reaped = waitpid(pid, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped < 0) return -errno;
  *value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  return WIFSIGNALED(status) ? 2 : 1;
}

void fts_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

void fts_return_free_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

int fts_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  return limit.rlim_max > 1000000 ? 1000000 : (int)limit.rlim_max;
}
