#include "internal.h"

#include <stdlib.h>

struct fluv_poll {
  uv_poll_t uv;
  void *owner;
};

static void on_ready(uv_poll_t *handle, int status, int events) {
  fluv_poll *poll = handle->data;
  int ready = 0;
  if (events & UV_READABLE) ready |= FLUV_READABLE;
  if (events & UV_WRITABLE) ready |= FLUV_WRITABLE;
  if (events & UV_DISCONNECT) ready |= FLUV_DISCONNECT;
  fluv_loop_of(fluv_handle(handle))
      ->callbacks->poll_ready(poll->owner, status, ready);
}

static void on_closed(uv_handle_t *handle) {
  fluv_poll *poll = handle->data;
  fluv_loop *loop = fluv_loop_of(handle);
  void *owner = poll->owner;
  free(poll);
  fluv_count(-1);
  loop->callbacks->poll_closed(owner);
}

int fluv_poll_open(fluv_loop *loop, int descriptor, void *owner,
                   fluv_poll **out) {
  fluv_poll *poll = calloc(1, sizeof *poll);
  if (!poll) return UV_ENOMEM;
  int status = uv_poll_init(&loop->uv, &poll->uv, descriptor);
  if (status < 0) {
    free(poll);
    return status;
  }
  poll->uv.data = poll;
  poll->owner = owner;
  fluv_count(1);
  *out = poll;
  return 0;
}

int fluv_poll_start(fluv_poll *poll, int events) {
  int wanted = 0;
  if (events & FLUV_READABLE) wanted |= UV_READABLE;
  if (events & FLUV_WRITABLE) wanted |= UV_WRITABLE;
  if (events & FLUV_DISCONNECT) wanted |= UV_DISCONNECT;
  return uv_poll_start(&poll->uv, wanted, on_ready);
}

void fluv_poll_stop(fluv_poll *poll) { uv_poll_stop(&poll->uv); }

void fluv_poll_close(fluv_poll *poll) {
  uv_close(fluv_handle(&poll->uv), on_closed);
}
