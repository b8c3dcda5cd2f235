#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void find_memory(fluv_stream *stream, uv_buf_t *out) {
  if (!stream->has_own_memory) {
    *out = uv_buf_init((char *)stream->loop->read_buffer, FLUV_READ_BUFFER);
    return;
  }
  uint8_t *base = NULL;
  size_t length = 0;
  stream->loop->callbacks->stream_memory(stream->owner, &base, &length);
  /* An empty buffer makes libuv report UV_ENOBUFS. */
  *out = uv_buf_init((char *)base, (unsigned)length);
}

static void on_memory(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  fluv_stream *stream = handle->data;
  fluv_loop *loop = stream->loop;
  (void)suggested;
  if (stream->read_turn != (uint32_t)loop->turns) {
    stream->read_turn = (uint32_t)loop->turns;
    stream->read_count = 0;
  }
  size_t most = SIZE_MAX;
  if (loop->read_count >= FLUV_READ_TURN) {
    if (stream->read_count >= FLUV_READ_LEAST) {
      /* libuv leaves it alone then; the next turn finds it ready again. */
      stream->is_held = 1;
      *out = uv_buf_init(NULL, 0);
      return;
    }
    most = FLUV_READ_LEAST;
  }
  if (loop->streams > FLUV_CROWD) fluv_stream_fetch(stream);
  find_memory(stream, out);
  if (out->len > most) out->len = most;
}

static int is_on_terminal(const fluv_stream *stream) {
  int descriptor = fluv_stream_descriptor(stream);
  return descriptor >= 0 && isatty(descriptor);
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *into);

/* libuv takes a short read before a hang-up for the last one and tells the end
 * without another look. A terminal's reads are all short, and behind a
 * socket's bytes may stand a reset: so what is left is read here. Returns the
 * true end, or 0 when the owner wants no more at the moment. */
static ptrdiff_t read_rest(fluv_stream *stream) {
  while (stream->is_reading) {
    int descriptor = fluv_stream_descriptor(stream);
    if (descriptor < 0) return 0; /* closed by the owner */
    uv_buf_t into = uv_buf_init(NULL, 0);
    find_memory(stream, &into);
    if (into.len == 0) return UV_ENOBUFS;
    ssize_t count = read(descriptor, into.base, into.len);
    if (count == 0) return UV_EOF;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN)
      return uv_read_start(fluv_uv_stream(&stream->as), on_memory, on_read);
    if (count < 0) return -errno;
    stream->loop->callbacks->stream_read(stream->owner, (uint8_t *)into.base,
                                         count);
  }
  return 0;
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *into) {
  fluv_stream *stream = handle->data;
  if (stream->is_held) {
    stream->is_held = 0;
    return;
  }
  if (count > 0) {
    stream->read_count += (uint32_t)count;
    stream->loop->read_count += (size_t)count;
  }
  /* Without memory: libuv has not read an end, but was told of a hang-up. */
  if (count == UV_EOF && !into->base) count = read_rest(stream);
  if (count == 0) return; /* EAGAIN, not the end */
  /* The kernel's word for "the other side of this pseudo-terminal is gone". */
  if (count == UV_EIO && stream->kind == FLUV_KIND_PIPE &&
      is_on_terminal(stream))
    count = UV_EOF;
  stream->loop->callbacks->stream_read(stream->owner, (uint8_t *)into->base,
                                       count);
}

static void on_written(uv_write_t *request, int status) {
  fluv_stream *stream = request->data;
  free(stream->write);
  stream->write = NULL;
  stream->loop->callbacks->stream_written(stream->owner, status);
}

static void on_shut(uv_shutdown_t *request, int status) {
  fluv_stream *stream = request->data;
  free(request);
  stream->loop->callbacks->stream_shut(stream->owner, status);
}

void fluv_stream_finish(fluv_stream *stream) {
  fluv_loop *loop = stream->loop;
  void *owner = stream->owner;
  free(stream);
  loop->streams--;
  fluv_count(-1);
  loop->callbacks->stream_closed(owner);
}

static void on_closed(uv_handle_t *handle) { fluv_stream_finish(handle->data); }

/* The handle could not take the descriptor, so the caller never had it. */
static void on_abandoned(uv_handle_t *handle) {
  free(handle->data);
  fluv_count(-1);
}

fluv_kind fluv_descriptor_kind(int descriptor) {
  switch (uv_guess_handle(descriptor)) {
    case UV_TCP: return FLUV_KIND_TCP;
    case UV_NAMED_PIPE: return FLUV_KIND_PIPE;
    case UV_TTY: return FLUV_KIND_TTY;
    case UV_FILE: return FLUV_KIND_FILE;
    default: return FLUV_KIND_UNKNOWN;
  }
}

/* A terminal that cannot be opened by name, because descriptors or memory are
 * short, libuv would write to with calls that block the loop. */
static int check_tty_name(int descriptor) {
  char name[256];
  if (ttyname_r(descriptor, name, sizeof name) != 0) return 0;
  int opened = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (opened >= 0) {
    close(opened);
    return 0;
  }
  int is_short = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
  return is_short ? -errno : 0;
}

/* libuv reopens the terminal by name and puts the new file over the number it
 * was given, with close-on-exec: so it gets a duplicate, and the duplicate
 * goes when libuv did find the terminal by name. */
static int open_tty(fluv_stream *stream, int descriptor) {
  int duplicate = fluv_descriptor_duplicate(descriptor);
  if (duplicate < 0) return duplicate;
  int refusal = check_tty_name(duplicate);
  if (refusal < 0) {
    close(duplicate);
    return refusal;
  }
  stream->saved_flags = fcntl(duplicate, F_GETFL);
  int status = uv_tty_init(&stream->loop->uv, &stream->as.tty, duplicate, 0);
  if (status < 0) {
    close(duplicate);
    return status;
  }
  uv_os_fd_t used = -1;
  if (uv_fileno(fluv_handle(&stream->as.tty), &used) == 0 &&
      used != duplicate) {
    close(duplicate);
    stream->saved_flags = -1; /* a description of its own */
  }
  return 0;
}

int fluv_stream_open(fluv_loop *loop, fluv_kind kind, int descriptor,
                     void *owner, fluv_stream **out) {
  size_t head = offsetof(fluv_stream, as);
  size_t size = 0;
  switch (kind) {
    case FLUV_KIND_TCP: size = sizeof(uv_tcp_t); break;
    case FLUV_KIND_PIPE: size = sizeof(uv_pipe_t); break;
    case FLUV_KIND_TTY: size = sizeof(uv_tty_t); break;
    case FLUV_KIND_FILE: size = sizeof(fluv_file); break;
    default: return UV_EINVAL;
  }
  fluv_stream *stream = calloc(1, head + size);
  if (!stream) return UV_ENOMEM;
  stream->loop = loop;
  stream->owner = owner;
  stream->kind = kind;
  stream->saved_flags = -1;
  stream->socket = -1;
  fluv_count(1);

  int status = 0;
  int has_handle = 0;
  if (kind == FLUV_KIND_TTY) {
    status = open_tty(stream, descriptor);
  } else if (kind == FLUV_KIND_FILE) {
    status = fluv_file_open(stream, descriptor);
  } else {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) {
      status = -errno;
    } else if (kind == FLUV_KIND_TCP) {
      (void)uv_tcp_init(&loop->uv, &stream->as.tcp);
      has_handle = 1;
      status = uv_tcp_open(&stream->as.tcp, descriptor);
    } else {
      (void)uv_pipe_init(&loop->uv, &stream->as.pipe, 0);
      has_handle = 1;
      status = uv_pipe_open(&stream->as.pipe, descriptor);
    }
    /* The description may be shared with programs that expect it to block. */
    if (flags >= 0 && !(flags & O_NONBLOCK)) stream->saved_flags = flags;
  }
  if (status < 0) {
    if (has_handle) {
      stream->as.stream.data = stream;
      uv_close(fluv_handle(&stream->as), on_abandoned);
    } else {
      free(stream);
      fluv_count(-1);
    }
    return status;
  }
  stream->as.stream.data = stream;
  loop->streams++;
  if (kind == FLUV_KIND_TCP || kind == FLUV_KIND_PIPE)
    stream->socket = descriptor;
  *out = stream;
  return 0;
}

int fluv_stream_read_start(fluv_stream *stream) {
  if (stream->kind == FLUV_KIND_FILE) return fluv_file_read_start(stream);
  stream->is_reading = 1;
  int status = uv_read_start(fluv_uv_stream(&stream->as), on_memory, on_read);
  /* Reading already is what was asked for. */
  return status == UV_EALREADY ? 0 : status;
}

void fluv_stream_read_stop(fluv_stream *stream) {
  stream->is_reading = 0;
  if (stream->kind == FLUV_KIND_FILE)
    fluv_file_read_stop(stream);
  else
    uv_read_stop(fluv_uv_stream(&stream->as));
}

void fluv_stream_own_memory(fluv_stream *stream, int on) {
  stream->has_own_memory = on;
}

/* Sockets are written to past libuv, which for them would do the same by way
 * of write, some 3 % dearer in the kernel, and 150 instructions. Only while
 * libuv has nothing queued, so nothing is overtaken. */
static ptrdiff_t send_now(fluv_stream *stream, uv_buf_t *buffers, int count) {
  if (stream->write) return UV_EAGAIN;
  ssize_t sent;
  do {
    if (count == 1) {
      sent = send(stream->socket, buffers[0].base, buffers[0].len,
                  MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      struct msghdr message = {.msg_iov = (struct iovec *)buffers,
                               .msg_iovlen = (size_t)count};
      sent = sendmsg(stream->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return sent;
  if (errno == ENOTSOCK) { /* a pipe, or another file under that name */
    stream->socket = -1;
    return uv_try_write(fluv_uv_stream(&stream->as), buffers, (unsigned)count);
  }
  return errno == EAGAIN || errno == ENOBUFS ? UV_EAGAIN : -errno;
}

ptrdiff_t fluv_stream_try_write(fluv_stream *stream, const uint8_t *bytes,
                                size_t count) {
  if (stream->kind == FLUV_KIND_FILE) return UV_EAGAIN;
  uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)count);
  if (stream->socket >= 0) return send_now(stream, &buffer, 1);
  return uv_try_write(fluv_uv_stream(&stream->as), &buffer, 1);
}

ptrdiff_t fluv_stream_try_write2(fluv_stream *stream, const uint8_t *first,
                                 size_t first_count, const uint8_t *second,
                                 size_t second_count) {
  if (stream->kind == FLUV_KIND_FILE) return UV_EAGAIN;
  uv_buf_t buffers[2] = {uv_buf_init((char *)first, (unsigned)first_count),
                         uv_buf_init((char *)second, (unsigned)second_count)};
  if (stream->socket >= 0) return send_now(stream, buffers, 2);
  return uv_try_write(fluv_uv_stream(&stream->as), buffers, 2);
}

int fluv_stream_write(fluv_stream *stream, const uint8_t *bytes,
                      size_t count) {
  if (stream->kind == FLUV_KIND_FILE)
    return fluv_file_write(stream, bytes, count);
  fluv_write *write = malloc(sizeof *write + count);
  if (!write) return UV_ENOMEM;
  memcpy(write->bytes, bytes, count);
  write->uv.data = stream;
  /* One buffer: with more than four libuv allocates, and a failure there
   * leaves the loop alive for ever. */
  uv_buf_t buffer = uv_buf_init((char *)write->bytes, (unsigned)count);
  int status = uv_write(&write->uv, fluv_uv_stream(&stream->as), &buffer, 1,
                        on_written);
  if (status < 0) {
    free(write);
    return status;
  }
  stream->write = write;
  return 0;
}

size_t fluv_stream_unwritten(const fluv_stream *stream) {
  if (stream->kind == FLUV_KIND_FILE)
    return stream->as.file.write_count - stream->as.file.write_done;
  return uv_stream_get_write_queue_size(&stream->as.stream);
}

int fluv_stream_shutdown(fluv_stream *stream) {
  if (stream->kind == FLUV_KIND_FILE) {
    fluv_file_shutdown(stream);
    return 0;
  }
  uv_shutdown_t *request = malloc(sizeof *request);
  if (!request) return UV_ENOMEM;
  request->data = stream;
  int status = uv_shutdown(request, fluv_uv_stream(&stream->as), on_shut);
  if (status < 0) free(request);
  return status;
}

void fluv_stream_close(fluv_stream *stream) {
  if (stream->kind == FLUV_KIND_FILE) {
    fluv_file_close(stream);
    return;
  }
  if (stream->saved_flags >= 0 || stream->is_shared)
    fluv_stream_restore_flags(stream);
  uv_close(fluv_handle(&stream->as), on_closed);
}

int fluv_stream_descriptor(const fluv_stream *stream) {
  if (stream->kind == FLUV_KIND_FILE) return stream->as.file.descriptor;
  uv_os_fd_t descriptor = -1;
  int status = uv_fileno((const uv_handle_t *)&stream->as, &descriptor);
  return status < 0 ? status : descriptor;
}

int fluv_stream_window(fluv_stream *stream, int *columns, int *rows) {
  if (stream->kind != FLUV_KIND_TTY) return UV_ENOTTY;
  return uv_tty_get_winsize(&stream->as.tty, columns, rows);
}
