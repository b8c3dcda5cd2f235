/* Opening files, terminal modes, and a wall clock that jumps. */
#define _GNU_SOURCE
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>

/* The mode comes with O_CREAT and O_TMPFILE only; reading what is not there is
 * harmless on every ABI that this is built for. */
#define OPEN(name)                                                      \
  int name(const char *path, int flags, ...) {                          \
    NEXT(name);                                                         \
    va_list rest;                                                       \
    va_start(rest, flags);                                              \
    mode_t mode =                                                       \
        (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;     \
    va_end(rest);                                                       \
    const struct fault_rule *rule =                                     \
        fault_strikes(CALL_OPEN, -1, -1, path);                         \
    if (rule) {                                                         \
      errno = rule->error;                                              \
      return -1;                                                        \
    }                                                                   \
    return next(path, flags, mode);                                     \
  }

OPEN(open)
OPEN(open64)

int tcsetattr(int descriptor, int when, const struct termios *attributes) {
  NEXT(tcsetattr);
  const struct fault_rule *rule =
      fault_strikes(CALL_TCSETATTR, descriptor, -1, NULL);
  if (rule) {
    errno = rule->error;
    return -1;
  }
  return next(descriptor, when, attributes);
}

/* Now a day ahead, now a day behind. */
static time_t jump(void) {
  const struct fault_rule *rule = fault_strikes(CALL_REALTIME, -1, -1, NULL);
  if (!rule) return 0;
  return fault_random() & 1 ? 86400 : -86400;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  NEXT(clock_gettime);
  int status = next(clock, now);
  if (status == 0 &&
      (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += jump();
  return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  NEXT(gettimeofday);
  int status = next(now, zone);
  if (status == 0) now->tv_sec += jump();
  return status;
}

time_t time(time_t *out) {
  NEXT(time);
  time_t now = next(NULL) + jump();
  if (out) *out = now;
  return now;
}
