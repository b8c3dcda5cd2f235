#include "internal.h"

#include <stdlib.h>

struct fluv_signal {
  uv_signal_t uv;
  void *owner;
};

static void on_raised(uv_signal_t *handle, int number) {
  fluv_signal *watcher = handle->data;
  fluv_loop_of(fluv_handle(handle))
      ->callbacks->signal_raised(watcher->owner, number);
}

/* When init succeeded and start failed, the caller never had the object. */
static void on_abandoned(uv_handle_t *handle) {
  free(handle->data);
  fluv_count(-1);
}

static void on_closed(uv_handle_t *handle) {
  fluv_signal *watcher = handle->data;
  fluv_loop *loop = fluv_loop_of(handle);
  void *owner = watcher->owner;
  free(watcher);
  fluv_count(-1);
  loop->callbacks->signal_closed(owner);
}

int fluv_signal_open(fluv_loop *loop, int number, void *owner,
                     fluv_signal **out) {
  fluv_signal *watcher = calloc(1, sizeof *watcher);
  if (!watcher) return UV_ENOMEM;
  int status = uv_signal_init(&loop->uv, &watcher->uv);
  if (status < 0) {
    free(watcher);
    return status;
  }
  watcher->uv.data = watcher;
  watcher->owner = owner;
  fluv_count(1);
  status = uv_signal_start(&watcher->uv, on_raised, number);
  if (status < 0) {
    uv_close(fluv_handle(&watcher->uv), on_abandoned);
    return status;
  }
  *out = watcher;
  return 0;
}

void fluv_signal_close(fluv_signal *watcher) {
  uv_close(fluv_handle(&watcher->uv), on_closed);
}
