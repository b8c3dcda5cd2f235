/* The one place that includes libuv, and the only casts between its handle
 * types. */
#ifndef FLUVIAL_INTERNAL_H
#define FLUVIAL_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#if defined(__has_include)
#if !__has_include(<uv.h>)
#error "Fluvial needs libuv: install the package libuv1-dev (apt-get install libuv1-dev)"
#endif
#endif
#include <uv.h>
#if UV_VERSION_HEX < ((1 << 16) | (44 << 8))
#error "Fluvial needs libuv 1.44 or later: install a newer libuv1-dev"
#endif

#include "CFluvial.h"

struct fluv_loop {
  uv_loop_t uv;
  uv_async_t wake;
  uv_timer_t timer;
  const fluv_callbacks *callbacks;
  void *owner;
  uint8_t *read_buffer;
  int streams;       /* how many are open */
  uint64_t turns;    /* how many have begun */
  size_t read_count; /* what all streams have read in this one, in bytes */
};

/* Page-aligned: the kernel copies into it 1.6 times as fast. */
#define FLUV_READ_BUFFER ((size_t)256 * 1024)
/* What all streams together read in a turn before each is held to its least.
 * libuv reads a stream 32 times in a row, and looks again when a thousand were
 * ready: with such a buffer, timers would wait for seconds. */
#define FLUV_READ_TURN (32 * FLUV_READ_BUFFER)
#define FLUV_READ_LEAST (FLUV_READ_BUFFER / 4)

/* Counts an object in and out, for fluv_live_objects. */
void fluv_count(int by);

static inline uv_handle_t *fluv_handle(void *any_handle) {
  return (uv_handle_t *)any_handle;
}
static inline uv_stream_t *fluv_uv_stream(void *any_stream) {
  return (uv_stream_t *)any_stream;
}
static inline uv_req_t *fluv_request(void *any_request) {
  return (uv_req_t *)any_request;
}
static inline fluv_loop *fluv_loop_of(const uv_handle_t *handle) {
  return (fluv_loop *)handle->loop->data;
}

#endif
