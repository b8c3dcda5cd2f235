/// The guarded terminal: its descriptor, its modes, and the restore.
///
/// IDLE -> ACTIVE -> RESTORING -> IDLE. Only ACTIVE and RESTORING have anything
/// to restore. `terminal` is written while IDLE and published by the store of
/// ACTIVE, so a signal handler on any thread reads it whole.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { IDLE, ACTIVE, RESTORING };

static atomic_int state = IDLE;
static atomic_bool attached;

static struct {
  /// Private: ours alone to close, and valid in a handler and at exit.
  int fd;
  /// A duplicate of the caller's descriptor, for its file status flags. The
  /// same as `fd` where the terminal could not be opened by name.
  int shared;
  int found_flags;
  /// What `give_flags_back` found, which several threads may do at once.
  atomic_int used_flags;
  pid_t owner;
  enum ftg_mode mode;
  unsigned options;
  struct termios found;
  struct termios ours;
} terminal = {.fd = -1, .shared = -1};

typedef struct {
  size_t length;
  char bytes[FTG_STRING_CAPACITY];
} text;

static const char default_off[] = "\033[?2004l\033[0m\033[?25h\r\033[J";

static text on_text;
/// Two, so that a handler never sees one half written.
static text off_texts[2];
static atomic_int off_index;

// Terminal calls

static sigset_t block_ttou(void) {
  sigset_t block, before;
  sigemptyset(&block);
  sigaddset(&block, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &block, &before);
  return before;
}

static void unblock(const sigset_t *before) {
  pthread_sigmask(SIG_SETMASK, before, NULL);
}

/// TCSANOW, because TCSADRAIN never returns while another thread is blocked
/// writing to a terminal that takes no output.
static int set_now(const struct termios *attributes) {
  int status;
  do {
    status = tcsetattr(terminal.fd, TCSANOW, attributes);
  } while (status < 0 && errno == EINTR);
  return status < 0 ? -errno : 0;
}

static int read_now(struct termios *attributes) {
  return tcgetattr(terminal.fd, attributes) < 0 ? -errno : 0;
}

/// Writes what the terminal takes within half a second.
///
/// A descriptor that shares its flags with others is non-blocking only here.
static void write_bounded(const text *text) {
  int flags = fcntl(terminal.fd, F_GETFL);
  bool borrowed = flags >= 0 && !(flags & O_NONBLOCK);
  if (borrowed) fcntl(terminal.fd, F_SETFL, flags | O_NONBLOCK);
  size_t done = 0;
  for (int waits = 0; done < text->length && waits < 50;) {
    ssize_t count =
        write(terminal.fd, text->bytes + done, text->length - done);
    if (count > 0) {
      done += (size_t)count;
      continue;
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR) break;
    struct pollfd writable = {.fd = terminal.fd, .events = POLLOUT};
    poll(&writable, 1, 10);
    waits++;
  }
  if (borrowed) fcntl(terminal.fd, F_SETFL, flags);
}

/// Puts the file status flags back for whoever shares them, and keeps ours.
static void give_flags_back(void) {
  int now = fcntl(terminal.shared, F_GETFL);
  if (now < 0 || now == terminal.found_flags) return;
  atomic_store(&terminal.used_flags, now);
  fcntl(terminal.shared, F_SETFL, terminal.found_flags);
}

/// Sets again what the last `give_flags_back` took away: a non-blocking reader
/// would otherwise block its loop.
static void take_flags_again(void) {
  int flags = atomic_exchange(&terminal.used_flags, -1);
  if (flags >= 0) fcntl(terminal.shared, F_SETFL, flags);
}

/// A terminal that is not the controlling one knows no background, and one
/// that has hung up lets the next call say so.
static bool in_foreground(void) {
  pid_t group = tcgetpgrp(terminal.fd);
  return group < 0 || group == getpgrp();
}

// Attachment

/// Keeps 0, 1 and 2 free for those who closed them.
static int above_standard(int fd) {
  if (fd < 0 || fd > 2) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  int error = errno;
  close(fd);
  errno = error;
  return moved;
}

/// Opens the terminal by its name, for a description of our own. The name of a
/// pseudo-terminal's master would open another terminal.
///
/// A negated errno where that cannot be done: -EMFILE and -ENFILE will pass,
/// with the others a duplicate has to do.
static int open_by_name(int fd) {
#ifdef TIOCGPTN
  unsigned int number;
  if (ioctl(fd, TIOCGPTN, &number) == 0) return -ENOENT;
#endif
  char name[256];
  int status = ttyname_r(fd, name, sizeof name);
  if (status != 0) return -status;
  int named =
      above_standard(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  return named < 0 ? -errno : named;
}

static bool is_shortage(int status) {
  return status == -EMFILE || status == -ENFILE;
}

int ftg_open(int fd) {
  struct termios attributes;
  if (tcgetattr(fd, &attributes) < 0) return -errno;
  int named = open_by_name(fd);
  // A duplicate would share its flags with others, and libuv would write to it
  // without ever giving way.
  if (named >= 0 || is_shortage(named)) return named;
  int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return duplicate < 0 ? -errno : duplicate;
}

int ftg_attach(int fd) {
  struct termios attributes;
  if (tcgetattr(fd, &attributes) < 0) return -errno;
  if (atomic_exchange(&attached, true)) return -EBUSY;
  int shared = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (shared < 0) {
    int status = -errno;
    atomic_store(&attached, false);
    return status;
  }
  int private = open_by_name(fd);
  if (is_shortage(private)) {
    close(shared);
    atomic_store(&attached, false);
    return private;
  }
  terminal.shared = shared;
  terminal.fd = private < 0 ? shared : private;
  terminal.found_flags = fcntl(shared, F_GETFL);
  atomic_store(&terminal.used_flags, -1);
  terminal.owner = getpid();
  terminal.mode = FTG_COOKED;
  return ftg_set_strings(NULL, 0, default_off, sizeof default_off - 1);
}

void ftg_detach(void) {
  if (!atomic_load(&attached)) return;
  ftg_restore(true);
  atomic_store(&state, IDLE);
  ftg_remove_handlers();
  give_flags_back();
  if (terminal.fd != terminal.shared) close(terminal.fd);
  close(terminal.shared);
  terminal.fd = terminal.shared = -1;
  terminal.mode = FTG_COOKED;
  atomic_store(&attached, false);
}

static void copy_text(text *text, const void *bytes, size_t length) {
  if (length > 0) memcpy(text->bytes, bytes, length);
  text->length = length;
}

int ftg_set_strings(
    const void *on, size_t on_length, const void *off, size_t off_length) {
  if (on_length > FTG_STRING_CAPACITY || off_length > FTG_STRING_CAPACITY)
    return -E2BIG;
  if (!atomic_load(&attached)) return -ENOTCONN;
  copy_text(&on_text, on, on_length);
  int unused = 1 - atomic_load(&off_index);
  copy_text(&off_texts[unused], off, off_length);
  atomic_store(&off_index, unused);
  return 0;
}

// Modes

static struct termios derive(enum ftg_mode mode, unsigned options) {
  struct termios wanted = terminal.found;
  if (mode == FTG_COOKED) return wanted;
  wanted.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  wanted.c_cc[VMIN] = 1;
  wanted.c_cc[VTIME] = 0;
  if (mode == FTG_CBREAK) {
    wanted.c_lflag |= NOFLSH;
    if (options & FTG_NO_FLOW_CONTROL) wanted.c_iflag &= ~(tcflag_t)IXON;
    return wanted;
  }
  wanted.c_lflag &= ~(tcflag_t)(ISIG | IEXTEN);
  wanted.c_iflag &= ~(tcflag_t)(ICRNL | IXON | BRKINT | INPCK | ISTRIP);
  wanted.c_cflag = (wanted.c_cflag & ~(tcflag_t)CSIZE) | CS8;
  return wanted;
}

static bool is_same(const struct termios *a, const struct termios *b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
         a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
         memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

/// What a restore does to the terminal itself.
static int undo(void) {
  write_bounded(&off_texts[atomic_load(&off_index)]);
  return set_now(&terminal.found);
}

static void restore_at_exit(void) { ftg_restore(true); }

static void register_exit_hook(void) { atexit(restore_at_exit); }

/// Sets a mode, derived from the attributes found at entry.
static int apply(enum ftg_mode mode, unsigned options, const text *on) {
  struct termios wanted = derive(mode, options);
  sigset_t before = block_ttou();
  int status = set_now(&wanted);
  if (status == 0) {
    terminal.ours = wanted;
    terminal.mode = mode;
    terminal.options = options;
    if (on != NULL) write_bounded(on);
    // Another thread is dying and restored while this one was at work.
    if (atomic_load(&state) != ACTIVE) status = undo();
  }
  unblock(&before);
  return status;
}

/// IDLE -> ACTIVE. `found` is what a restore shall put back.
static int enter(
    enum ftg_mode mode, unsigned options, const struct termios *found) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_exit_hook);
  int status = ftg_prepare_thread();
  if (status < 0) return status;
  terminal.found = *found;
  take_flags_again();
  ftg_install_handlers();
  atomic_store(&state, ACTIVE);
  status = apply(mode, options, &on_text);
  if (status < 0) {
    atomic_store(&state, IDLE);
    ftg_remove_handlers();
  }
  return status;
}

/// ACTIVE -> RESTORING -> IDLE.
static int restore(bool drop_input) {
  if (!in_foreground()) {
    give_flags_back();
    return -EAGAIN;
  }
  int expected = ACTIVE;
  atomic_compare_exchange_strong(&state, &expected, RESTORING);
  sigset_t before = block_ttou();
  int status = undo();
  if (drop_input) tcflush(terminal.fd, TCIFLUSH);
  give_flags_back();
  unblock(&before);
  expected = RESTORING;
  atomic_compare_exchange_strong(&state, &expected, IDLE);
  ftg_remove_handlers();
  return status;
}

int ftg_set_mode(enum ftg_mode mode, unsigned options) {
  if (mode != FTG_COOKED && mode != FTG_CBREAK && mode != FTG_RAW)
    return -EINVAL;
  if (!atomic_load(&attached)) return -ENOTCONN;
  bool active = ftg_is_active();
  if (mode == FTG_COOKED && !active) {
    terminal.mode = mode;
    return 0;
  }
  if (!in_foreground()) return -EAGAIN;
  if (mode == FTG_COOKED) {
    int status = restore(false);
    if (status == 0) terminal.mode = mode;
    return status;
  }
  if (active) return apply(mode, options, NULL);
  struct termios found;
  int status = read_now(&found);
  return status < 0 ? status : enter(mode, options, &found);
}

enum ftg_mode ftg_current_mode(void) { return terminal.mode; }

bool ftg_is_active(void) { return atomic_load(&state) != IDLE; }

bool ftg_is_foreground(void) {
  int error = errno;
  bool foreground = atomic_load(&attached) && in_foreground();
  errno = error;
  return foreground;
}

bool ftg_is_intact(void) {
  struct termios now;
  return !ftg_is_active() || read_now(&now) < 0 || !(now.c_lflag & ICANON);
}

// Stop and continue

void ftg_suspend(void) {
  if (!ftg_is_active()) return;
  ftg_restore(false);
  atomic_store(&state, IDLE);
  ftg_remove_handlers();
}

int ftg_resume(void) {
  if (!atomic_load(&attached)) return -ENOTCONN;
  if (terminal.mode == FTG_COOKED) return 0;
  if (!in_foreground()) return -EAGAIN;
  struct termios now;
  int status = read_now(&now);
  if (status < 0) return status;
  bool ours = is_same(&now, &terminal.ours);
  if (ftg_is_active()) {
    if (!(now.c_lflag & ICANON)) return 0;
    atomic_store(&state, IDLE);
  }
  struct termios found = ours ? terminal.found : now;
  return enter(terminal.mode, terminal.options, &found);
}

void ftg_stop_group(void) {
  kill(0, SIGTSTP);
  // The kernel prefers the first thread for a signal to the process. On any
  // other thread the stop may come a moment later, and must come before the
  // terminal is taken back.
  if (getpid() != gettid()) poll(NULL, 0, 20);
}

// Restore

void ftg_restore(bool drop_input) {
  if (!ftg_is_active() || getpid() != terminal.owner) return;
  int error = errno;
  (void)!restore(drop_input);
  errno = error;
}
