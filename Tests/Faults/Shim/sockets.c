/* Making, addressing and ending sockets. */
#define _GNU_SOURCE
#include "rules.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define FAIL_IF_STRUCK(call, descriptor, family)                            \
  do {                                                                      \
    const struct fault_rule *rule =                                         \
        fault_strikes(call, descriptor, family, NULL);                      \
    if (rule && rule->what == WHAT_ERROR) {                                 \
      errno = rule->error;                                                  \
      return -1;                                                            \
    }                                                                       \
    if (rule) fault_delay(rule);                                            \
  } while (0)

int accept4(int descriptor, struct sockaddr *restrict peer,
            socklen_t *restrict size, int flags) {
  NEXT(accept4);
  FAIL_IF_STRUCK(CALL_ACCEPT, descriptor, -1);
  return next(descriptor, peer, size, flags);
}

int connect(int descriptor, const struct sockaddr *to, socklen_t size) {
  NEXT(connect);
  const struct fault_rule *rule =
      fault_strikes(CALL_CONNECT, descriptor, to->sa_family, NULL);
  if (!rule) return next(descriptor, to, size);
  if (rule->what == WHAT_DELAY) fault_delay(rule);
  /* An interrupted connect goes on by itself. */
  int status = rule->what == WHAT_DELAY || rule->error == EINTR
                   ? next(descriptor, to, size) : -1;
  if (rule->what == WHAT_DELAY) return status;
  errno = rule->error;
  return -1;
}

int bind(int descriptor, const struct sockaddr *at, socklen_t size) {
  NEXT(bind);
  FAIL_IF_STRUCK(CALL_BIND, descriptor, at->sa_family);
  return next(descriptor, at, size);
}

int listen(int descriptor, int backlog) {
  NEXT(listen);
  FAIL_IF_STRUCK(CALL_LISTEN, descriptor, -1);
  return next(descriptor, backlog);
}

int socket(int family, int kind, int protocol) {
  NEXT(socket);
  FAIL_IF_STRUCK(CALL_SOCKET, -1, family);
  return next(family, kind, protocol);
}

/* No-delay and keep-alive: what a connection can do without. */
int setsockopt(int descriptor, int level, int name, const void *value,
               socklen_t size) {
  NEXT(setsockopt);
  if (level == IPPROTO_TCP || (level == SOL_SOCKET && name == SO_KEEPALIVE))
    FAIL_IF_STRUCK(CALL_SETSOCKOPT, descriptor, -1);
  return next(descriptor, level, name, value, size);
}

int shutdown(int descriptor, int how) {
  NEXT(shutdown);
  FAIL_IF_STRUCK(CALL_SHUTDOWN, descriptor, -1);
  return next(descriptor, how);
}

int eventfd(unsigned int count, int flags) {
  NEXT(eventfd);
  FAIL_IF_STRUCK(CALL_EVENTFD, -1, -1);
  return next(count, flags);
}
