#include "internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

int fluv_descriptors_fill_standard(void) {
  for (int number = 0; number < 3; number++) {
    if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    /* The lowest free number is this one, as the ones before are open. */
    int opened = open("/dev/null", O_RDWR);
    if (opened < 0) return -errno;
    if (opened != number) close(opened);
  }
  return 0;
}

int fluv_descriptor_duplicate(int descriptor) {
  int duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  return duplicate < 0 ? -errno : duplicate;
}

int fluv_folder_lock(const char *path) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return -errno;
  if (flock(folder, LOCK_EX | LOCK_NB) == 0) return folder;
  int status = errno == EWOULDBLOCK ? -EAGAIN : -errno;
  close(folder);
  return status;
}

int fluv_descriptor_is_write_only(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_WRONLY;
}

void fluv_descriptor_close(int descriptor) { close(descriptor); }

int fluv_pipe_pair(int descriptors[2]) {
  return pipe2(descriptors, O_CLOEXEC) < 0 ? -errno : 0;
}

int fluv_thread_block_sigpipe(void) {
  sigset_t pipe_only, before;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
  return sigismember(&before, SIGPIPE) == 1;
}

void fluv_thread_unblock_sigpipe(void) {
  sigset_t pipe_only;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  /* One that a write raised while blocked must not strike now. */
  struct timespec at_once = {0};
  while (sigtimedwait(&pipe_only, NULL, &at_once) == SIGPIPE) {
  }
  pthread_sigmask(SIG_UNBLOCK, &pipe_only, NULL);
}

/* Read at every turn: a look-up through the dynamic linker would cost more than
 * what it decides about. */
static _Thread_local void *current_loop
    __attribute__((tls_model("initial-exec")));

void *fluv_thread_current(void) { return current_loop; }

void fluv_thread_set_current(void *loop) { current_loop = loop; }

int fluv_thread_is_main(void) { return getpid() == gettid(); }

/* The two entry points that Foundation's run loop uses on Linux. */
int fluv_main_queue_descriptor(void) {
  static int was_opened; /* the main thread's */
  int (*handle)(void) = NULL;
  *(void **)&handle =
      dlsym(RTLD_DEFAULT, "_dispatch_get_main_queue_handle_4CF");
  if (!handle) return -ENOSYS;
  if (!was_opened) {
    /* libdispatch ends the process when it finds no descriptor for it. */
    int probe = eventfd(0, EFD_CLOEXEC);
    if (probe < 0) return -errno;
    close(probe);
    was_opened = 1;
  }
  return handle();
}

void fluv_main_queue_run(void) {
  /* The descriptor is an event counter; reading it takes the event back. */
  uint64_t events;
  if (read(fluv_main_queue_descriptor(), &events, sizeof events) < 0) return;
  void (*run)(void *) = NULL;
  *(void **)&run = dlsym(RTLD_DEFAULT, "_dispatch_main_queue_callback_4CF");
  if (run) run(NULL);
}

int fluv_thread_start(void (*body)(void *), void *argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  void *(*entry)(void *) = NULL;
  *(void (**)(void *))&entry = body; /* the result is never looked at */
  int status = pthread_create(&thread, &attributes, entry, argument);
  pthread_attr_destroy(&attributes);
  return -status;
}
