/* Readiness: too little of it, too much, too late. */
#define _GNU_SOURCE
#include "rules.h"

#include <errno.h>
#include <sys/epoll.h>

enum { WATCHED = 4096 };

/* The epoll descriptor, plus one, at which each descriptor is watched. */
static _Atomic int watched[WATCHED];

int epoll_ctl(int epoll, int operation, int descriptor,
              struct epoll_event *event) {
  NEXT(epoll_ctl);
  const struct fault_rule *rule =
      fault_strikes(CALL_EPOLL_CTL, descriptor, -1, NULL);
  if (rule) {
    errno = rule->error;
    return -1;
  }
  if (descriptor >= 0 && descriptor < WATCHED)
    watched[descriptor] = operation == EPOLL_CTL_DEL ? 0 : epoll + 1;
  return next(epoll, operation, descriptor, event);
}

/* Says of one more descriptor that it is ready, which it may not be. */
static int add_spurious(int epoll, struct epoll_event *events, int count) {
  unsigned start = (unsigned)fault_random();
  for (unsigned i = 0; i < WATCHED; i++) {
    int descriptor = (int)((start + i) % WATCHED);
    if (watched[descriptor] != epoll + 1) continue;
    for (int k = 0; k < count; k++)
      if (events[k].data.fd == descriptor) return count;
    events[count] = (struct epoll_event){.events = EPOLLIN | EPOLLOUT,
                                         .data.fd = descriptor};
    return count + 1;
  }
  return count;
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
  NEXT(epoll_wait);
  const struct fault_rule *rule =
      fault_strikes(CALL_EPOLL_WAIT, epoll, -1, NULL);
  if (!rule) return next(epoll, events, most, timeout);
  switch (rule->what) {
    case WHAT_ERROR: errno = rule->error; return -1;
    case WHAT_DELAY: fault_delay(rule); break;
    case WHAT_SHORT: most = 1; break;
    default: break;
  }
  int count = next(epoll, events, most, timeout);
  if (rule->what == WHAT_SPURIOUS && count >= 0 && count < most)
    count = add_spurious(epoll, events, count);
  return count;
}
