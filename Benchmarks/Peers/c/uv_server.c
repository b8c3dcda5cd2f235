/* uv-server PORT|/PATH echo|line|sink|source|broadcast: plain C on libuv.
 * One shared read buffer: 64 KiB where the linker puts it, or, built with
 * READ_ALIGNED, 256 KiB at the start of a page. Writes at once; what does not
 * fit is queued, and reading stops until it has gone. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#ifdef READ_ALIGNED
static _Alignas(4096) char read_buffer[4 * PIECE];
#else
static char read_buffer[PIECE];
#endif
static char source_piece[PIECE];
static enum mode mode;
static bool is_unix;

struct connection {
  union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle;
  struct tail tail;
  struct connection *previous, *next;
  uv_write_t pour;
};
static struct connection *everybody;

struct rest {
  uv_write_t request;
  struct connection *connection;
  char bytes[];
};

static void on_read(uv_stream_t *, ssize_t, const uv_buf_t *);

static void on_allocate(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
  (void)handle;
  (void)size;
  *buffer = uv_buf_init(read_buffer, sizeof read_buffer);
}

static void on_close(uv_handle_t *handle) {
  struct connection *connection = handle->data;
  if (connection->previous)
    connection->previous->next = connection->next;
  else
    everybody = connection->next;
  if (connection->next) connection->next->previous = connection->previous;
  free(connection->tail.bytes);
  free(connection);
}

static void end(struct connection *connection) {
  uv_handle_t *handle = (uv_handle_t *)&connection->handle;
  if (!uv_is_closing(handle)) uv_close(handle, on_close);
}

static void on_written(uv_write_t *request, int status) {
  struct rest *rest = (struct rest *)request;
  struct connection *connection = rest->connection;
  free(rest);
  if (status < 0) {
    end(connection);
    return;
  }
  uv_handle_t *handle = (uv_handle_t *)&connection->handle;
  if (mode != MODE_BROADCAST && !uv_is_closing(handle))
    uv_read_start(&connection->handle.stream, on_allocate, on_read);
}

static bool send_out(void *to, const char *bytes, size_t length) {
  struct connection *connection = to;
  uv_stream_t *stream = &connection->handle.stream;
  if (uv_is_closing((uv_handle_t *)stream)) return false;
  uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)length);
  int written = uv_try_write(stream, &buffer, 1);
  if (written == UV_EAGAIN) written = 0;
  if (written < 0) {
    end(connection);
    return false;
  }
  size_t left = length - (size_t)written;
  if (!left) return true;
  struct rest *rest = take(sizeof *rest + left);
  rest->connection = connection;
  memcpy(rest->bytes, bytes + written, left);
  buffer = uv_buf_init(rest->bytes, (unsigned)left);
  if (uv_write(&rest->request, stream, &buffer, 1, on_written)) {
    free(rest);
    end(connection);
    return false;
  }
  if (mode != MODE_BROADCAST) uv_read_stop(stream);
  return true;
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
  struct connection *connection = stream->data;
  if (count < 0) {
    end(connection);
    return;
  }
  size_t length = (size_t)count;
  if (!length) return;
  switch (mode) {
    case MODE_ECHO: send_out(connection, buf->base, length); break;
    case MODE_LINE:
      gather_lines(&connection->tail, buf->base, length, send_out, connection);
      break;
    case MODE_BROADCAST:
      for (struct connection *to = everybody; to; to = to->next)
        send_out(to, buf->base, length);
      break;
    case MODE_SINK:
    case MODE_SOURCE: break;
  }
}

static void pour(uv_write_t *request, int status) {
  struct connection *connection = request->data;
  uv_buf_t buffer = uv_buf_init(source_piece, sizeof source_piece);
  if (status < 0 || uv_write(request, &connection->handle.stream, &buffer, 1,
                             pour))
    end(connection);
}

static void on_connection(uv_stream_t *listener, int status) {
  if (status < 0) return;
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection) abort();
  uv_stream_t *stream = &connection->handle.stream;
  if (is_unix)
    uv_pipe_init(listener->loop, &connection->handle.pipe, 0);
  else
    uv_tcp_init(listener->loop, &connection->handle.tcp);
  stream->data = connection;
  connection->next = everybody;
  if (everybody) everybody->previous = connection;
  everybody = connection;
  if (uv_accept(listener, stream)) {
    end(connection);
    return;
  }
  if (!is_unix) uv_tcp_nodelay(&connection->handle.tcp, 1);
  uv_read_start(stream, on_allocate, on_read);
  if (mode == MODE_SOURCE) {
    connection->pour.data = connection;
    pour(&connection->pour, 0);
  }
}

int main(int argc, char **argv) {
  struct arguments arguments = read_arguments(argc, argv);
  mode = arguments.mode;
  is_unix = arguments.path != NULL;
  uv_loop_t *loop = uv_default_loop();
  union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } listener;
  int status;
  if (is_unix) {
    unlink(arguments.path);
    uv_pipe_init(loop, &listener.pipe, 0);
    status = uv_pipe_bind(&listener.pipe, arguments.path);
  } else {
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", arguments.port, &address);
    uv_tcp_init(loop, &listener.tcp);
    status =
        uv_tcp_bind(&listener.tcp, (const struct sockaddr *)&address, 0);
  }
  if (status || uv_listen(&listener.stream, 4096, on_connection)) return 1;
  return uv_run(loop, UV_RUN_DEFAULT);
}
