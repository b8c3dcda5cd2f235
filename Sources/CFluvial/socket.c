#include "internal.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Plain system calls, each answering like libuv: a negative errno. */

static int check(int result) { return result < 0 ? -errno : result; }

static int set_option(int descriptor, int level, int name, int value) {
  return check(setsockopt(descriptor, level, name, &value, sizeof value));
}

static const struct sockaddr *as_sockaddr(const fluv_address *address) {
  return (const struct sockaddr *)&address->storage;
}

static int open_socket(int family) {
  return check(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/* Closes after a failure, without losing the reason. */
static int fail(int descriptor, int status) {
  close(descriptor);
  return status;
}

int fluv_socket_connect(const fluv_address *to, const fluv_address *from,
                        int *out) {
  int descriptor = open_socket(to->storage.ss_family);
  if (descriptor < 0) return descriptor;
  int status = 0;
  if (from) status = check(bind(descriptor, as_sockaddr(from), from->length));
  if (status < 0) return fail(descriptor, status);
  do status = check(connect(descriptor, as_sockaddr(to), to->length));
  while (status == -EINTR && to->storage.ss_family == AF_UNIX);
  /* An interrupted TCP connect goes on by itself. */
  if (status == -EINPROGRESS || status == -EINTR) status = 1;
  if (status < 0) return fail(descriptor, status);
  *out = descriptor;
  return status;
}

int fluv_socket_outcome(int descriptor) {
  int error = 0;
  socklen_t length = sizeof error;
  int status =
      check(getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length));
  return status < 0 ? status : -error;
}

/* umask took bits away that were asked for; it is the whole process's, so it
 * stays as it is and the bits are added afterwards. */
static int widen(const char *path, mode_t mode) {
  struct stat found;
  int status = check(lstat(path, &found));
  if (status < 0 || (found.st_mode & 0777) == mode) return status;
  return check(chmod(path, mode));
}

int fluv_socket_bind(const fluv_address *at, int flags, int mode, int *out) {
  int family = at->storage.ss_family;
  int descriptor = open_socket(family);
  if (descriptor < 0) return descriptor;
  int status = 0;
  if (family == AF_UNIX) {
    /* The file takes the socket's mode, so nobody gets in before a chmod. */
    status = check(fchmod(descriptor, (mode_t)mode));
  } else {
    status = set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    if (status >= 0 && (flags & FLUV_LISTEN_REUSE_PORT))
      status = set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    if (status >= 0 && family == AF_INET6 && (flags & FLUV_LISTEN_V6_ONLY))
      status = set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  if (status >= 0) status = check(bind(descriptor, as_sockaddr(at), at->length));
  /* Set before, it would let us in beside another program's socket. */
  if (status >= 0 && family != AF_UNIX && (flags & FLUV_LISTEN_SHARE_PORT))
    status = set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
  const char *path = ((const struct sockaddr_un *)&at->storage)->sun_path;
  if (status >= 0 && family == AF_UNIX && path[0] != 0)
    status = widen(path, (mode_t)mode);
  if (status < 0) return fail(descriptor, status);
  *out = descriptor;
  return 0;
}

int fluv_socket_listen(int descriptor, int backlog) {
  return check(listen(descriptor, backlog));
}

int fluv_socket_accept(int listener, fluv_address *peer) {
  peer->length = sizeof peer->storage;
  return check(accept4(listener, (struct sockaddr *)&peer->storage,
                       &peer->length, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int fluv_socket_local(int descriptor, fluv_address *out) {
  out->length = sizeof out->storage;
  return check(getsockname(descriptor, (struct sockaddr *)&out->storage,
                           &out->length));
}

int fluv_socket_remote(int descriptor, fluv_address *out) {
  out->length = sizeof out->storage;
  return check(getpeername(descriptor, (struct sockaddr *)&out->storage,
                           &out->length));
}

int fluv_socket_unconfirmed(int descriptor) {
  int count = 0;
  int status = check(ioctl(descriptor, SIOCOUTQ, &count));
  return status < 0 ? status : count;
}

void fluv_socket_discard(int descriptor) {
  char dropped[16 * 1024];
  for (int i = 0; i < 64; i++)
    if (recv(descriptor, dropped, sizeof dropped, MSG_DONTWAIT) <= 0) return;
}

int fluv_socket_reset_on_close(int descriptor) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  return check(
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now));
}

int fluv_socket_no_delay(int descriptor, int on) {
  return set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, on);
}

int fluv_socket_keep_alive(int descriptor, int idle, int interval, int count,
                           int timeout) {
  int status = set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (status >= 0 && idle)
    status = set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  if (status >= 0 && interval)
    status = set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, interval);
  if (status >= 0 && count)
    status = set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, count);
  if (status >= 0 && timeout)
    status = set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, timeout);
  return status;
}

int fluv_socket_credentials(int descriptor, int *process, unsigned *user,
                            unsigned *group) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  int status =
      check(getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length));
  if (status < 0) return status;
  *process = peer.pid;
  *user = peer.uid;
  *group = peer.gid;
  return 0;
}

int fluv_socket_pair(int descriptors[2]) {
  return check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          0, descriptors));
}

int fluv_address_parse(const char *text, int port, fluv_address *out) {
  memset(out, 0, sizeof *out);
  int status =
      uv_ip4_addr(text, port, (struct sockaddr_in *)&out->storage);
  out->length = sizeof(struct sockaddr_in);
  if (status == 0) return 0;
  status = uv_ip6_addr(text, port, (struct sockaddr_in6 *)&out->storage);
  out->length = sizeof(struct sockaddr_in6);
  return status;
}

int fluv_address_text(const fluv_address *address, char *buffer,
                      size_t length) {
  if (address->storage.ss_family != AF_INET)
    return uv_ip_name(as_sockaddr(address), buffer, length);
  /* As libuv's, without the formatted printing that it goes through: a server
   * does this for every connection. */
  const uint8_t *byte =
      (const uint8_t *)&((const struct sockaddr_in *)&address->storage)
          ->sin_addr;
  char text[16];
  size_t used = 0;
  for (int i = 0; i < 4; i++) {
    unsigned value = byte[i];
    if (value >= 100) text[used++] = (char)('0' + value / 100);
    if (value >= 10) text[used++] = (char)('0' + value / 10 % 10);
    text[used++] = (char)('0' + value % 10);
    text[used++] = i < 3 ? '.' : 0;
  }
  if (used > length) return UV_ENOSPC;
  memcpy(buffer, text, used);
  return 0;
}

int fluv_address_unix(const char *path, size_t length, fluv_address *out) {
  memset(out, 0, sizeof *out);
  struct sockaddr_un *name = (struct sockaddr_un *)&out->storage;
  /* A path needs its terminator; an abstract name has none. */
  size_t room = sizeof name->sun_path - (length && path[0] == 0 ? 0 : 1);
  if (length == 0 || length > room) return UV_ENAMETOOLONG;
  name->sun_family = AF_UNIX;
  memcpy(name->sun_path, path, length);
  size_t used = offsetof(struct sockaddr_un, sun_path) + length;
  if (path[0] != 0) used += 1;
  out->length = (socklen_t)used;
  return 0;
}
