/* Which calls are to go wrong, and how: read once from the environment.
 *
 *   FAULTS="seed=7;report=/tmp/page;read:EINTR:p=0.3;accept4:EMFILE:off"
 *
 * A rule is CALL:WHAT with options: p= the share of calls (1 unless given), n= at
 * most so many strikes, skip= so many calls first, us= for a delay, bytes= for a
 * short transfer, on= inet, unix, event, tty or any, path= the start of a file's
 * name, off = until the driver switches it on. WHAT is an errno's name, short,
 * zero, delay, spurious or jump. Everything may be called from any thread. */
#ifndef FAULT_RULES_H
#define FAULT_RULES_H

#include <stddef.h>
#include <stdint.h>

enum fault_call {
  CALL_READ, CALL_WRITE, CALL_WRITEV, CALL_ACCEPT, CALL_CONNECT, CALL_BIND,
  CALL_LISTEN, CALL_SOCKET, CALL_SETSOCKOPT, CALL_SHUTDOWN, CALL_EPOLL_WAIT,
  CALL_EPOLL_CTL, CALL_OPEN, CALL_TCSETATTR, CALL_EVENTFD, CALL_ALLOC,
  CALL_REALTIME, CALL_COUNT
};

enum fault_what {
  WHAT_ERROR, WHAT_SHORT, WHAT_ZERO, WHAT_DELAY, WHAT_SPURIOUS, WHAT_JUMP
};

enum fault_on { ON_ANY, ON_INET, ON_UNIX, ON_EVENT, ON_TTY };

struct fault_rule {
  enum fault_call call;
  enum fault_what what;
  enum fault_on on;
  int error;
  uint32_t share; /* of 2^32 - 1 */
  uint64_t most;
  uint64_t skip;
  unsigned microseconds;
  size_t bytes;
  char path[64];
  int slot;
};

/* The rule that strikes this call, counted, or NULL. family: of the socket that
 * the call would make or address, or -1 to ask the descriptor. */
const struct fault_rule *fault_strikes(enum fault_call call, int descriptor,
                                       int family, const char *path);
/* Whether there is any rule for the call. */
int fault_has(enum fault_call call);
void fault_note(const struct fault_rule *rule, uint32_t detail);
uint64_t fault_random(void);
/* The next definition of a function, past this library. */
void *fault_next(const char *name);
/* Waits as the rule says. */
void fault_delay(const struct fault_rule *rule);

void fault_install_allocator(void);

#define NEXT(name)                                                \
  static __typeof__(&name) next;                                  \
  if (!next) *(void **)&next = fault_next(#name)

#endif
