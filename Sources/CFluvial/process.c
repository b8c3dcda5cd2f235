#include "internal.h"

#include <stdlib.h>

struct fluv_process {
  uv_process_t uv;
  void *owner;
};

static void on_ended(uv_process_t *handle, int64_t status, int number) {
  fluv_process *process = handle->data;
  fluv_loop_of(fluv_handle(handle))
      ->callbacks->process_exited(process->owner, status, number);
}

/* The spawn failed, so the caller never had the object. */
static void on_abandoned(uv_handle_t *handle) {
  free(handle->data);
  fluv_count(-1);
}

static void on_closed(uv_handle_t *handle) {
  fluv_process *process = handle->data;
  fluv_loop *loop = fluv_loop_of(handle);
  void *owner = process->owner;
  free(process);
  fluv_count(-1);
  loop->callbacks->process_closed(owner);
}

int fluv_process_spawn(fluv_loop *loop, const fluv_process_options *options,
                       void *owner, fluv_process **out) {
  fluv_process *process = calloc(1, sizeof *process);
  if (!process) return UV_ENOMEM;
  uv_stdio_container_t stdio[3];
  for (int i = 0; i < 3; i++) {
    int descriptor = options->descriptors[i];
    stdio[i].flags = descriptor < 0 ? UV_IGNORE : UV_INHERIT_FD;
    stdio[i].data.fd = descriptor;
  }
  uv_process_options_t spawn = {0};
  spawn.exit_cb = on_ended;
  spawn.file = options->file;
  /* libuv declares what it only reads as writable. */
  spawn.args = (char **)options->arguments;
  spawn.env = (char **)options->environment;
  spawn.cwd = options->directory;
  spawn.stdio = stdio;
  spawn.stdio_count = 3;
  fluv_count(1);
  process->owner = owner;
  int status = uv_spawn(&loop->uv, &process->uv, &spawn);
  process->uv.data = process;
  if (status < 0) {
    /* Even a failed spawn has registered the handle. */
    uv_close(fluv_handle(&process->uv), on_abandoned);
    return status;
  }
  *out = process;
  return 0;
}

int fluv_process_id(const fluv_process *process) {
  return uv_process_get_pid(&process->uv);
}

int fluv_process_kill(fluv_process *process, int number) {
  return uv_process_kill(&process->uv, number);
}

void fluv_process_close(fluv_process *process) {
  uv_close(fluv_handle(&process->uv), on_closed);
}
