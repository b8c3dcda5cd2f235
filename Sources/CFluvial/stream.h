/* What stream.c, file.c and prefetch.c share. */
#ifndef FLUVIAL_STREAM_H
#define FLUVIAL_STREAM_H

#include "internal.h"

/* A write that the kernel did not take at once, with its bytes. */
typedef struct fluv_write {
  uv_write_t uv;
  uint8_t bytes[];
} fluv_write;

/* A file: reads and writes go through the thread pool, one of each at a time.
 * The idle handle stands for the file in the loop's books: it carries what
 * must happen later but not inside the caller. */
typedef struct fluv_file {
  uv_idle_t idle;
  uv_fs_t read;
  uv_fs_t write;
  uint8_t *read_bytes;
  uint8_t *write_bytes;
  size_t write_count;
  size_t write_done;
  ptrdiff_t held; /* what a read found while reading was stopped */
  size_t given;   /* of what a read found, what the protocol's memory took */
  int descriptor;
  unsigned is_reading : 1;
  unsigned read_running : 1;
  unsigned write_running : 1;
  unsigned has_held : 1;
  unsigned wants_shut : 1;
  unsigned is_closing : 1;
} fluv_file;

struct fluv_stream {
  fluv_loop *loop;
  void *owner;
  fluv_write *write;
  int kind;
  int saved_flags; /* file status flags to put back at close, or -1 */
  int has_own_memory;
  int socket; /* for sends past libuv, or -1 */
  int is_reading; /* the owner wants bytes */
  int is_shared; /* in the list of shared.c */
  int is_held;   /* was refused memory, because of how much it has read */
  uint32_t read_turn;  /* the loop's turn in which it read last */
  uint32_t read_count; /* how much in that one */
  struct fluv_stream *next_shared;
  /* Addresses of cache lines, with how many of them in the low bits. */
  uintptr_t prefetched[FLUV_PREFETCH_SLOTS];
  union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
    uv_tty_t tty;
    fluv_file file;
  } as;
};

/* file.c */
int fluv_file_open(fluv_stream *stream, int descriptor);
int fluv_file_read_start(fluv_stream *stream);
void fluv_file_read_stop(fluv_stream *stream);
int fluv_file_write(fluv_stream *stream, const uint8_t *bytes, size_t count);
void fluv_file_shutdown(fluv_stream *stream);
void fluv_file_close(fluv_stream *stream);

/* shared.c: puts the file status flags back, or leaves that to a stream with
 * the same description. */
void fluv_stream_restore_flags(fluv_stream *stream);

/* prefetch.c: asks for what the stream's delivery touches. Worth it in a loop
 * with more streams than this; fewer have their objects in the cache. */
#define FLUV_CROWD 64
void fluv_stream_fetch(const fluv_stream *stream);

/* Frees the stream and tells its owner. */
void fluv_stream_finish(fluv_stream *stream);

#endif
