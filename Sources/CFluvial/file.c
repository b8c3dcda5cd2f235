#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files and devices cannot be polled: libuv aborts the process when asked to.
 * So each read and each write is a request on the thread pool. */

enum { FILE_READ = 64 * 1024 };

static void start_read(fluv_stream *stream);
static void on_idle(uv_idle_t *handle);
static void close_when_quiet(fluv_stream *stream);

/* Copies into the protocol's memory, which may be smaller than what was read
 * and is asked for anew for each piece. */
static void deliver_copies(fluv_stream *stream, ptrdiff_t count) {
  fluv_file *file = &stream->as.file;
  const fluv_callbacks *callbacks = stream->loop->callbacks;
  while (count > 0 && file->is_reading && stream->has_own_memory) {
    uint8_t *base = NULL;
    size_t length = 0;
    callbacks->stream_memory(stream->owner, &base, &length);
    if (!base || length == 0) {
      callbacks->stream_read(stream->owner, NULL, UV_ENOBUFS);
      return;
    }
    if (length > (size_t)count) length = (size_t)count;
    memcpy(base, file->read_bytes + file->given, length);
    file->given += length;
    count -= (ptrdiff_t)length;
    callbacks->stream_read(stream->owner, base, (ptrdiff_t)length);
  }
  if (count > 0 && !file->is_closing) {
    file->held = count;
    file->has_held = 1;
    /* Reading went on, but with a protocol of the other kind. */
    if (file->is_reading) (void)uv_idle_start(&file->idle, on_idle);
  }
}

static void deliver(fluv_stream *stream, ptrdiff_t count) {
  fluv_file *file = &stream->as.file;
  if (count > 0 && stream->has_own_memory) {
    deliver_copies(stream, count);
    return;
  }
  const uint8_t *bytes = file->read_bytes + file->given;
  stream->loop->callbacks->stream_read(stream->owner, bytes, count);
}

static void on_read(uv_fs_t *request) {
  fluv_stream *stream = request->data;
  fluv_file *file = &stream->as.file;
  ptrdiff_t count = request->result;
  uv_fs_req_cleanup(request);
  file->read_running = 0;
  if (file->is_closing) {
    close_when_quiet(stream);
    return;
  }
  if (count == 0) count = UV_EOF;
  if (!file->is_reading) {
    file->held = count;
    file->has_held = 1;
    return;
  }
  deliver(stream, count);
  if (file->is_reading && !file->is_closing && !file->has_held && count > 0)
    start_read(stream);
}

static void start_read(fluv_stream *stream) {
  fluv_file *file = &stream->as.file;
  if (file->read_running) return;
  file->given = 0;
  uv_buf_t buffer = uv_buf_init((char *)file->read_bytes, FILE_READ);
  file->read.data = stream;
  int status = uv_fs_read(&stream->loop->uv, &file->read, file->descriptor,
                          &buffer, 1, -1, on_read);
  if (status == 0) {
    file->read_running = 1;
  } else {
    file->held = status;
    file->has_held = 1;
  }
}

static void on_written(uv_fs_t *request);

static int start_write(fluv_stream *stream) {
  fluv_file *file = &stream->as.file;
  uv_buf_t buffer =
      uv_buf_init((char *)file->write_bytes + file->write_done,
                  (unsigned)(file->write_count - file->write_done));
  file->write.data = stream;
  int status = uv_fs_write(&stream->loop->uv, &file->write, file->descriptor,
                           &buffer, 1, -1, on_written);
  if (status == 0) file->write_running = 1;
  return status;
}

static void finish_write(fluv_stream *stream, int status) {
  fluv_file *file = &stream->as.file;
  free(file->write_bytes);
  file->write_bytes = NULL;
  file->write_count = file->write_done = 0;
  stream->loop->callbacks->stream_written(stream->owner, status);
}

static void on_written(uv_fs_t *request) {
  fluv_stream *stream = request->data;
  fluv_file *file = &stream->as.file;
  ptrdiff_t count = request->result;
  uv_fs_req_cleanup(request);
  file->write_running = 0;
  if (file->is_closing) {
    finish_write(stream, UV_ECANCELED);
    close_when_quiet(stream);
    return;
  }
  int status = count < 0 ? (int)count : 0;
  if (count > 0) {
    file->write_done += (size_t)count;
    if (file->write_done < file->write_count) {
      status = start_write(stream);
      if (status == 0) return;
    }
  }
  finish_write(stream, status);
}

/* Hands out what could not be said inside the call that caused it. */
static void on_idle(uv_idle_t *handle) {
  fluv_stream *stream = handle->data;
  fluv_file *file = &stream->as.file;
  uv_idle_stop(handle);
  /* Before the poll, as on_timer in loop.c. */
  uv_stop(&stream->loop->uv);
  if (file->has_held && file->is_reading) {
    ptrdiff_t count = file->held;
    file->has_held = 0;
    deliver(stream, count);
    if (!file->is_closing && file->is_reading && !file->has_held && count > 0)
      start_read(stream);
  }
  if (file->wants_shut && !file->is_closing) {
    file->wants_shut = 0;
    stream->loop->callbacks->stream_shut(stream->owner, 0);
  }
}

int fluv_file_open(fluv_stream *stream, int descriptor) {
  fluv_file *file = &stream->as.file;
  file->read_bytes = malloc(FILE_READ);
  if (!file->read_bytes) return UV_ENOMEM;
  file->descriptor = descriptor;
  /* An idle handle's init cannot fail. */
  (void)uv_idle_init(&stream->loop->uv, &file->idle);
  return 0;
}

int fluv_file_read_start(fluv_stream *stream) {
  fluv_file *file = &stream->as.file;
  /* As libuv answers for a pipe's writing end. */
  int flags = fcntl(file->descriptor, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_ACCMODE) == O_WRONLY) return UV_ENOTCONN;
  file->is_reading = 1;
  if (!file->has_held) start_read(stream);
  return file->has_held ? uv_idle_start(&file->idle, on_idle) : 0;
}

void fluv_file_read_stop(fluv_stream *stream) {
  stream->as.file.is_reading = 0;
}

int fluv_file_write(fluv_stream *stream, const uint8_t *bytes, size_t count) {
  fluv_file *file = &stream->as.file;
  file->write_bytes = malloc(count);
  if (!file->write_bytes) return UV_ENOMEM;
  memcpy(file->write_bytes, bytes, count);
  file->write_count = count;
  file->write_done = 0;
  int status = start_write(stream);
  if (status < 0) {
    free(file->write_bytes);
    file->write_bytes = NULL;
    file->write_count = 0;
  }
  return status;
}

void fluv_file_shutdown(fluv_stream *stream) {
  stream->as.file.wants_shut = 1;
  (void)uv_idle_start(&stream->as.file.idle, on_idle);
}

static void on_closed(uv_handle_t *handle) {
  fluv_stream *stream = handle->data;
  free(stream->as.file.read_bytes);
  fluv_stream_finish(stream);
}

/* The thread pool may still be using the descriptor and the memory. */
static void close_when_quiet(fluv_stream *stream) {
  fluv_file *file = &stream->as.file;
  if (file->read_running || file->write_running) return;
  close(file->descriptor);
  file->descriptor = -1;
  uv_close(fluv_handle(&file->idle), on_closed);
}

void fluv_file_close(fluv_stream *stream) {
  fluv_file *file = &stream->as.file;
  file->is_closing = 1;
  file->is_reading = 0;
  uv_idle_stop(&file->idle);
  if (file->read_running) (void)uv_cancel(fluv_request(&file->read));
  if (file->write_running) (void)uv_cancel(fluv_request(&file->write));
  close_when_quiet(stream);
}
