/* Reading and writing. */
#define _GNU_SOURCE
#include "rules.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* How much of `size` a short transfer moves: at least a byte. */
static size_t shortened(const struct fault_rule *rule, size_t size) {
  if (size < 2) return size;
  size_t most = rule->bytes ? rule->bytes : 1 + fault_random() % (size - 1);
  return most < size ? most : size;
}

ssize_t read(int descriptor, void *into, size_t size) {
  NEXT(read);
  const struct fault_rule *rule =
      fault_strikes(CALL_READ, descriptor, -1, NULL);
  if (!rule) return next(descriptor, into, size);
  switch (rule->what) {
    case WHAT_ERROR: errno = rule->error; return -1;
    case WHAT_ZERO: return 0;
    case WHAT_DELAY: fault_delay(rule); break;
    default: size = shortened(rule, size);
  }
  return next(descriptor, into, size);
}

ssize_t write(int descriptor, const void *from, size_t size) {
  NEXT(write);
  const struct fault_rule *rule =
      fault_strikes(CALL_WRITE, descriptor, -1, NULL);
  if (!rule) return next(descriptor, from, size);
  switch (rule->what) {
    case WHAT_ERROR: errno = rule->error; return -1;
    case WHAT_DELAY: fault_delay(rule); break;
    default: size = shortened(rule, size);
  }
  return next(descriptor, from, size);
}

/* Part of the first piece that is not empty. */
static ssize_t write_part(int descriptor, const struct iovec *pieces,
                          int count, const struct fault_rule *rule) {
  static ssize_t (*plain)(int, const void *, size_t);
  if (!plain) *(void **)&plain = fault_next("write");
  int first = 0;
  while (first < count - 1 && pieces[first].iov_len == 0) first++;
  return plain(descriptor, pieces[first].iov_base,
               shortened(rule, pieces[first].iov_len));
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
  NEXT(writev);
  const struct fault_rule *rule =
      fault_strikes(CALL_WRITEV, descriptor, -1, NULL);
  if (!rule) return next(descriptor, pieces, count);
  switch (rule->what) {
    case WHAT_ERROR: errno = rule->error; return -1;
    case WHAT_DELAY: fault_delay(rule); break;
    default: return write_part(descriptor, pieces, count, rule);
  }
  return next(descriptor, pieces, count);
}

/* Sockets may be written to by these as well; a rule for writing strikes both. */

ssize_t send(int descriptor, const void *from, size_t size, int flags) {
  NEXT(send);
  const struct fault_rule *rule =
      fault_strikes(CALL_WRITE, descriptor, -1, NULL);
  if (!rule) return next(descriptor, from, size, flags);
  switch (rule->what) {
    case WHAT_ERROR: errno = rule->error; return -1;
    case WHAT_DELAY: fault_delay(rule); break;
    default: size = shortened(rule, size);
  }
  return next(descriptor, from, size, flags);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  NEXT(sendmsg);
  const struct fault_rule *rule =
      fault_strikes(CALL_WRITEV, descriptor, -1, NULL);
  if (!rule) return next(descriptor, message, flags);
  switch (rule->what) {
    case WHAT_ERROR: errno = rule->error; return -1;
    case WHAT_DELAY: fault_delay(rule); break;
    default:
      return write_part(descriptor, message->msg_iov, (int)message->msg_iovlen,
                        rule);
  }
  return next(descriptor, message, flags);
}

ssize_t recv(int descriptor, void *into, size_t size, int flags) {
  NEXT(recv);
  const struct fault_rule *rule =
      fault_strikes(CALL_READ, descriptor, -1, NULL);
  if (!rule) return next(descriptor, into, size, flags);
  switch (rule->what) {
    case WHAT_ERROR: errno = rule->error; return -1;
    case WHAT_ZERO: return 0;
    case WHAT_DELAY: fault_delay(rule); break;
    default: size = shortened(rule, size);
  }
  return next(descriptor, into, size, flags);
}
