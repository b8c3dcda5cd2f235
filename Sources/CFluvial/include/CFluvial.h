/* CFluvial: libuv's handles as opaque objects.
 *
 * Every function belongs to the thread that runs the loop, except
 * fluv_loop_wake, which any thread may call as long as the caller makes sure
 * that the loop is still open, and the fluv_socket_ functions, which touch no
 * loop. A function that returns a status returns 0, or a count, or a negative
 * libuv error code; statuses may not be ignored.
 *
 * An object is created with an owner, an opaque pointer that comes back in
 * every callback. The owner must stay valid until the object's closed
 * callback, in which the object's memory has already been given back. */
#ifndef CFLUVIAL_H
#define CFLUVIAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define FLUV_CHECKED __attribute__((warn_unused_result))

typedef struct fluv_loop fluv_loop;
typedef struct fluv_stream fluv_stream;
typedef struct fluv_poll fluv_poll;
typedef struct fluv_signal fluv_signal;
typedef struct fluv_process fluv_process;
typedef struct fluv_lookup fluv_lookup;

/* A socket address of any family. */
typedef struct fluv_address {
  struct sockaddr_storage storage;
  socklen_t length;
} fluv_address;

/* What libuv calls back. One table a loop, constant for its life. */
typedef struct fluv_callbacks {
  void (*loop_woken)(void *owner);
  void (*loop_timer)(void *owner);
  /* count > 0: bytes, valid during the call. count < 0: an error, or
   * FLUV_EOF once. */
  void (*stream_read)(void *owner, const uint8_t *bytes, ptrdiff_t count);
  /* Where the next read of a stream with its own memory goes. */
  void (*stream_memory)(void *owner, uint8_t **base, size_t *length);
  void (*stream_written)(void *owner, int status);
  void (*stream_shut)(void *owner, int status);
  void (*stream_closed)(void *owner);
  void (*poll_ready)(void *owner, int status, int events);
  void (*poll_closed)(void *owner);
  void (*signal_raised)(void *owner, int number);
  void (*signal_closed)(void *owner);
  void (*process_exited)(void *owner, int64_t status, int signal);
  void (*process_closed)(void *owner);
  /* Once a lookup, with the addresses valid during the call. */
  void (*lookup_done)(void *owner, int status, const fluv_address *found,
                      size_t count);
} fluv_callbacks;

/* Errors and facts */

enum { FLUV_EOF = -4095 };

/* Writes the code's name ("ECONNRESET") into buffer. Binds uv_err_name_r. */
void fluv_error_name(int code, char *buffer, size_t length);
/* Writes the code's sentence into buffer. Binds uv_strerror_r. */
void fluv_error_text(int code, char *buffer, size_t length);
/* The libuv found at run time, as in "1.44.2". Binds uv_version_string. */
const char *fluv_libuv_version(void);
/* Objects created and not yet given back, of all loops. Any thread. */
long fluv_live_objects(void);
/* Monotonic time in nanoseconds. Any thread. Binds uv_hrtime. */
uint64_t fluv_monotonic_ns(void);

/* Loop */

/* Makes a loop with its wake-up, its one timer and its read buffer, after
 * opening whichever standard streams are closed. Binds uv_loop_init. */
FLUV_CHECKED int fluv_loop_open(fluv_loop **out,
                                const fluv_callbacks *callbacks, void *owner);
/* The owner may be set after opening, before the first turn. */
void fluv_loop_set_owner(fluv_loop *loop, void *owner);
/* One turn of timers, polling and closing; waits for an event when told to.
 * Binds uv_run. */
void fluv_loop_turn(fluv_loop *loop, int wait);
/* How many turns have begun. */
uint64_t fluv_loop_turns(const fluv_loop *loop);
/* Makes a waiting turn return. Any thread, while open. Binds uv_async_send. */
void fluv_loop_wake(fluv_loop *loop);
/* Calls loop_timer once after that many milliseconds, at least 1. */
void fluv_loop_arm(fluv_loop *loop, uint64_t milliseconds);
void fluv_loop_disarm(fluv_loop *loop);
/* Closes the loop's own handles. Turns must follow until fluv_loop_close
 * succeeds. */
void fluv_loop_begin_close(fluv_loop *loop);
/* Frees the loop, or returns FLUV_EBUSY while a handle or request lives.
 * Binds uv_loop_close. */
FLUV_CHECKED int fluv_loop_close(fluv_loop *loop);

/* Streams: TCP, pipes (unix sockets, fifos, standard streams), terminals, and
 * files read and written on the thread pool. */

typedef enum fluv_kind {
  FLUV_KIND_UNKNOWN = 0,
  FLUV_KIND_TCP = 1,
  FLUV_KIND_PIPE = 2,
  FLUV_KIND_TTY = 3,
  FLUV_KIND_FILE = 4
} fluv_kind;

/* What a descriptor is. Closed or unusable: FLUV_KIND_UNKNOWN. Binds
 * uv_guess_handle. */
fluv_kind fluv_descriptor_kind(int descriptor);

/* Wraps a descriptor, which belongs to the stream if and only if this
 * succeeds. A terminal is opened anew by name, so that the given descriptor
 * stays as it is; the stream then owns only its own. */
FLUV_CHECKED int fluv_stream_open(fluv_loop *loop, fluv_kind kind,
                                  int descriptor, void *owner,
                                  fluv_stream **out);
/* Its description may be shared with other streams of this process: the last
 * of them puts O_NONBLOCK back. */
void fluv_stream_mark_shared(fluv_stream *stream);
FLUV_CHECKED int fluv_stream_read_start(fluv_stream *stream);
void fluv_stream_read_stop(fluv_stream *stream);
/* From now on reads go where stream_memory says. */
void fluv_stream_own_memory(fluv_stream *stream, int on);
/* Memory that what follows a read touches: it is fetched into the cache while
 * the kernel reads. At most 4,032 bytes a slot; size 0 forgets. Only a hint:
 * the memory may be gone. */
enum { FLUV_PREFETCH_SLOTS = 8 };
void fluv_stream_prefetch(fluv_stream *stream, int slot, const void *start,
                          size_t size);
/* Writes what the kernel takes at once: a count, or an error (FLUV_EAGAIN:
 * nothing now). Binds uv_try_write. */
FLUV_CHECKED ptrdiff_t fluv_stream_try_write(fluv_stream *stream,
                                             const uint8_t *bytes,
                                             size_t count);
/* Two pieces in one system call. */
FLUV_CHECKED ptrdiff_t fluv_stream_try_write2(fluv_stream *stream,
                                              const uint8_t *first,
                                              size_t first_count,
                                              const uint8_t *second,
                                              size_t second_count);
/* Copies the bytes and writes them when the kernel has room; one at a time,
 * ends in stream_written. Binds uv_write. */
FLUV_CHECKED int fluv_stream_write(fluv_stream *stream, const uint8_t *bytes,
                                   size_t count);
/* Bytes of the current fluv_stream_write that the kernel has not taken. */
size_t fluv_stream_unwritten(const fluv_stream *stream);
/* Ends our direction, after what was written; ends in stream_shut. Binds
 * uv_shutdown. */
FLUV_CHECKED int fluv_stream_shutdown(fluv_stream *stream);
/* Gives everything back; ends in stream_closed. Once. */
void fluv_stream_close(fluv_stream *stream);
/* The descriptor, or a negative error. Binds uv_fileno. */
FLUV_CHECKED int fluv_stream_descriptor(const fluv_stream *stream);
/* Binds uv_tty_get_winsize. */
FLUV_CHECKED int fluv_stream_window(fluv_stream *stream, int *columns,
                                    int *rows);

/* Readiness of a descriptor that stays the caller's */

/* Disconnect: the other end is gone; a pipe tells that as an error. */
enum { FLUV_READABLE = 1, FLUV_WRITABLE = 2, FLUV_DISCONNECT = 4 };

FLUV_CHECKED int fluv_poll_open(fluv_loop *loop, int descriptor, void *owner,
                                fluv_poll **out);
FLUV_CHECKED int fluv_poll_start(fluv_poll *poll, int events);
void fluv_poll_stop(fluv_poll *poll);
/* The descriptor may be closed, or wrapped, as soon as this returns. */
void fluv_poll_close(fluv_poll *poll);

/* Signals */

FLUV_CHECKED int fluv_signal_open(fluv_loop *loop, int number, void *owner,
                                  fluv_signal **out);
void fluv_signal_close(fluv_signal *signal);

/* Processes */

typedef struct fluv_process_options {
  const char *file;
  char *const *arguments;   /* with the program's name, NULL at the end */
  char *const *environment; /* NULL: as ours */
  const char *directory;    /* NULL: as ours */
  int descriptors[3];       /* what becomes 0, 1 and 2; -1: /dev/null */
} fluv_process_options;

FLUV_CHECKED int fluv_process_spawn(fluv_loop *loop,
                                    const fluv_process_options *options,
                                    void *owner, fluv_process **out);
int fluv_process_id(const fluv_process *process);
/* Binds uv_process_kill; UV_ESRCH after the exit was reported. */
FLUV_CHECKED int fluv_process_kill(fluv_process *process, int number);
void fluv_process_close(fluv_process *process);

/* Names */

/* Looks a host or service up on the thread pool; either may be NULL. Ends in
 * lookup_done. Binds uv_getaddrinfo. */
FLUV_CHECKED int fluv_lookup_start(fluv_loop *loop, const char *host,
                                   const char *service, int passive,
                                   void *owner, fluv_lookup **out);
/* Asks for an early end; lookup_done still comes. Binds uv_cancel. */
void fluv_lookup_cancel(fluv_lookup *lookup);

/* Sockets: plain system calls. Descriptors are non-blocking and closed on
 * exec. */

/* Starts a connection. 0: connected; 1: under way, ready when writable. */
FLUV_CHECKED int fluv_socket_connect(const fluv_address *to,
                                     const fluv_address *from,
                                     int *descriptor);
/* How a connection that was under way ended. */
FLUV_CHECKED int fluv_socket_outcome(int descriptor);
enum {
  FLUV_LISTEN_REUSE_PORT = 1,
  FLUV_LISTEN_V6_ONLY = 2,
  /* Binds alone, and then lets sockets with FLUV_LISTEN_REUSE_PORT come. */
  FLUV_LISTEN_SHARE_PORT = 4
};
/* mode: permissions of a unix socket's file. */
FLUV_CHECKED int fluv_socket_bind(const fluv_address *at, int flags, int mode,
                                  int *descriptor);
FLUV_CHECKED int fluv_socket_listen(int descriptor, int backlog);
/* A connected descriptor, or a negative error. */
FLUV_CHECKED int fluv_socket_accept(int listener, fluv_address *peer);
FLUV_CHECKED int fluv_socket_local(int descriptor, fluv_address *out);
FLUV_CHECKED int fluv_socket_remote(int descriptor, fluv_address *out);
/* Bytes that the peer's kernel has not confirmed. */
FLUV_CHECKED int fluv_socket_unconfirmed(int descriptor);
/* Reads and drops what has arrived, 1 MiB at most. */
void fluv_socket_discard(int descriptor);
/* Makes close() send a reset. */
FLUV_CHECKED int fluv_socket_reset_on_close(int descriptor);
FLUV_CHECKED int fluv_socket_no_delay(int descriptor, int on);
/* Keep-alive probes after idle seconds, count of them, interval apart;
 * unsent data is given up after timeout milliseconds. 0 leaves a part as it
 * is. */
FLUV_CHECKED int fluv_socket_keep_alive(int descriptor, int idle, int interval,
                                        int count, int timeout);
/* Who is at the other end of a unix socket. */
FLUV_CHECKED int fluv_socket_credentials(int descriptor, int *process,
                                         unsigned *user, unsigned *group);
FLUV_CHECKED int fluv_socket_pair(int descriptors[2]);
FLUV_CHECKED int fluv_pipe_pair(int descriptors[2]);
/* The address of a number and port; 0 or UV_EINVAL. */
FLUV_CHECKED int fluv_address_parse(const char *text, int port,
                                    fluv_address *out);
/* The number of an internet address, with its scope, as text. */
FLUV_CHECKED int fluv_address_text(const fluv_address *address, char *buffer,
                                   size_t length);
/* length bytes of path; a leading NUL makes an abstract name. */
FLUV_CHECKED int fluv_address_unix(const char *path, size_t length,
                                   fluv_address *out);

/* Descriptors */

/* Opens /dev/null on each of 0, 1 and 2 that is closed. */
FLUV_CHECKED int fluv_descriptors_fill_standard(void);
FLUV_CHECKED int fluv_descriptor_duplicate(int descriptor);
/* A descriptor of the folder that keeps others from locking it, until closed;
 * UV_EAGAIN while another one does. */
FLUV_CHECKED int fluv_folder_lock(const char *path);
/* Whether it can only be written to. */
int fluv_descriptor_is_write_only(int descriptor);
void fluv_descriptor_close(int descriptor);
/* Blocks SIGPIPE on this thread. Returns 1 if it was already blocked. */
int fluv_thread_block_sigpipe(void);
/* Takes back a block that fluv_thread_block_sigpipe put, with any SIGPIPE that
 * is pending. */
void fluv_thread_unblock_sigpipe(void);

/* The loop of this thread, or NULL. */
void *fluv_thread_current(void);
void fluv_thread_set_current(void *loop);

/* libdispatch's main queue, looked up at run time: a descriptor that is
 * readable when it has work, UV_ENOSYS where there is none, or the error that
 * keeps it from being made. The main thread's only. */
FLUV_CHECKED int fluv_main_queue_descriptor(void);
/* Runs what the main queue has. The main thread's only. */
void fluv_main_queue_run(void);
/* Runs body on a new, detached thread. */
FLUV_CHECKED int fluv_thread_start(void (*body)(void *), void *argument);
/* Whether this is the process's first thread. */
int fluv_thread_is_main(void);

#endif
