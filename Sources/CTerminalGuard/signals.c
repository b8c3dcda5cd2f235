/// Handlers that restore the terminal and then let the signal do its work.

#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/// Large enough for the handlers of a language runtime that we hand over to.
enum { STACK_SIZE = 128 * 1024 };

static const int fatal_signals[] = {
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGQUIT};
static const int termination_signals[] = {SIGINT, SIGTERM, SIGHUP};

enum {
  FATAL_COUNT = sizeof fatal_signals / sizeof fatal_signals[0],
  TERMINATION_COUNT =
      sizeof termination_signals / sizeof termination_signals[0],
};

static atomic_bool handles_termination;

/// The action that each signal had before ours. All of ours are below 32.
static struct sigaction previous[32];

typedef void handler(int, siginfo_t *, void *);

// Installing and removing

static bool is_installed(int signo, handler *ours) {
  struct sigaction now;
  return sigaction(signo, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
         now.sa_sigaction == ours;
}

static int install(int signo, handler *ours) {
  if (is_installed(signo, ours)) return 0;
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
  action.sa_sigaction = ours;
  sigemptyset(&action.sa_mask);
  return sigaction(signo, &action, &previous[signo]) < 0 ? -errno : 0;
}

static void give_back(int signo, handler *ours) {
  if (is_installed(signo, ours)) sigaction(signo, &previous[signo], NULL);
}

static bool is_default(const struct sigaction *action) {
  return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

static bool is_ignored(const struct sigaction *action) {
  return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_IGN;
}

bool ftg_is_ignored(int signo) {
  struct sigaction now;
  return sigaction(signo, NULL, &now) == 0 && is_ignored(&now);
}

// Dying

/// Ends the process by the default action of `signo`.
__attribute__((noreturn)) static void die(int signo) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(signo, &action, NULL);
  sigset_t unblocked;
  sigemptyset(&unblocked);
  sigaddset(&unblocked, signo);
  pthread_sigmask(SIG_UNBLOCK, &unblocked, NULL);
  raise(signo);
  // The first process of a container has no default action.
  _exit(128 + signo);
}

/// Whether returning from the handler runs the faulting instruction again, so
/// that the previous handler sees the fault itself.
///
/// A signal that was sent does not come again, nor does SIGQUIT typed as
/// ctrl-\, whose code also is positive; after SIGTRAP and SIGSYS the program
/// would go on behind the instruction.
static bool comes_again(int signo, const siginfo_t *info) {
  if (info->si_code <= 0) return false;
#if defined(__aarch64__)
  if (signo == SIGTRAP) return info->si_code == TRAP_BRKPT;
#endif
  return signo == SIGSEGV || signo == SIGBUS || signo == SIGILL ||
         signo == SIGFPE;
}

/// Calls the previous handler with the context of the signal, which is where
/// its backtrace has to start.
static void call_previous(int signo, siginfo_t *info, void *context) {
  const struct sigaction *action = &previous[signo];
  if (is_default(action) || is_ignored(action)) return;
  if (action->sa_flags & SA_SIGINFO)
    action->sa_sigaction(signo, info, context);
  else
    action->sa_handler(signo);
}

static void on_fatal(int signo, siginfo_t *info, void *context) {
  int error = errno;
  bool again = comes_again(signo, info);
  if (!again && is_ignored(&previous[signo])) return;
  ftg_restore(false);
  give_back(signo, on_fatal);
  errno = error;
  if (again) return;
  // Swift's handler returns after a signal that was sent from outside: without
  // the second half the program would go on with a cooked terminal.
  call_previous(signo, info, context);
  die(signo);
}

static void on_termination(int signo, siginfo_t *info, void *context) {
  (void)info;
  (void)context;
  ftg_restore_and_raise(signo);
}

void ftg_restore_and_raise(int signo) {
  ftg_restore(true);
  die(signo);
}

// The sets of handlers

static int install_termination(void) {
  for (int i = 0; i < TERMINATION_COUNT; i++) {
    int signo = termination_signals[i];
    struct sigaction now;
    if (sigaction(signo, NULL, &now) < 0) return -errno;
    if (!is_default(&now)) continue;
    int status = install(signo, on_termination);
    if (status < 0) return status;
  }
  return 0;
}

static void remove_termination(void) {
  for (int i = 0; i < TERMINATION_COUNT; i++)
    give_back(termination_signals[i], on_termination);
}

void ftg_install_handlers(void) {
  for (int i = 0; i < FATAL_COUNT; i++)
    (void)!install(fatal_signals[i], on_fatal);
  if (atomic_load(&handles_termination)) (void)!install_termination();
}

void ftg_remove_handlers(void) {
  for (int i = 0; i < FATAL_COUNT; i++) give_back(fatal_signals[i], on_fatal);
  remove_termination();
}

int ftg_handle_termination(bool enabled) {
  atomic_store(&handles_termination, enabled);
  if (!ftg_is_active()) return 0;
  if (enabled) return install_termination();
  remove_termination();
  return 0;
}

// Alternate stacks

static pthread_key_t stack_key;
static int stack_key_status;

static void release_stack(void *memory) {
  stack_t none = {.ss_flags = SS_DISABLE};
  stack_t now;
  if (sigaltstack(NULL, &now) == 0 && now.ss_sp == memory)
    sigaltstack(&none, NULL);
  munmap(memory, STACK_SIZE);
}

static void create_stack_key(void) {
  stack_key_status = -pthread_key_create(&stack_key, release_stack);
}

int ftg_prepare_thread(void) {
  stack_t now;
  if (sigaltstack(NULL, &now) < 0) return -errno;
  if (!(now.ss_flags & SS_DISABLE)) return 0;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, create_stack_key);
  if (stack_key_status < 0) return stack_key_status;
  // Owned by the thread; released by the key's destructor when it ends.
  void *memory = mmap(
      NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
      -1, 0);
  if (memory == MAP_FAILED) return -errno;
  stack_t ours = {.ss_sp = memory, .ss_size = STACK_SIZE};
  if (sigaltstack(&ours, NULL) < 0) {
    int status = -errno;
    munmap(memory, STACK_SIZE);
    return status;
  }
  int status = -pthread_setspecific(stack_key, memory);
  if (status < 0) release_stack(memory);
  return status;
}
