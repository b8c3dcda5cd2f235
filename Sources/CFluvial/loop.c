#include "internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_long live_objects;

void fluv_count(int by) { atomic_fetch_add(&live_objects, by); }

long fluv_live_objects(void) { return atomic_load(&live_objects); }

void fluv_error_name(int code, char *buffer, size_t length) {
  uv_err_name_r(code, buffer, length);
}

void fluv_error_text(int code, char *buffer, size_t length) {
  uv_strerror_r(code, buffer, length);
}

const char *fluv_libuv_version(void) { return uv_version_string(); }

uint64_t fluv_monotonic_ns(void) { return uv_hrtime(); }

static void on_wake(uv_async_t *wake) {
  fluv_loop *loop = fluv_loop_of(fluv_handle(wake));
  loop->callbacks->loop_woken(loop->owner);
}

static void on_timer(uv_timer_t *timer) {
  fluv_loop *loop = fluv_loop_of(fluv_handle(timer));
  /* When the timer is due as a turn begins, uv_run calls here before it polls.
   * What this made ready must not wait for an event then. */
  uv_stop(&loop->uv);
  loop->callbacks->loop_timer(loop->owner);
}

/* What a loop, libuv's lock for signals and libdispatch's main queue take. */
enum { LOOP_DESCRIPTORS = 8 };

/* libuv ends the process when the first loop finds no descriptors for that
 * lock, and libdispatch when the main queue finds none: so they are asked for
 * before. */
static int check_descriptors(void) {
  int held[LOOP_DESCRIPTORS];
  int count = 0;
  int status = 0;
  while (count < LOOP_DESCRIPTORS && status == 0) {
    int duplicate = fluv_descriptor_duplicate(0);
    if (duplicate < 0)
      status = duplicate;
    else
      held[count++] = duplicate;
  }
  while (count > 0) close(held[--count]);
  return status;
}

int fluv_loop_open(fluv_loop **out, const fluv_callbacks *callbacks,
                   void *owner) {
  /* Else the loop's own descriptors become the standard streams, and libuv
   * refuses to close those. */
  int status = fluv_descriptors_fill_standard();
  if (status == 0) status = check_descriptors();
  if (status < 0) return status;
  fluv_loop *loop = calloc(1, sizeof *loop);
  if (!loop) return UV_ENOMEM;
  void *buffer = mmap(NULL, FLUV_READ_BUFFER, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED) {
    free(loop);
    return UV_ENOMEM;
  }
  loop->read_buffer = buffer;
  loop->callbacks = callbacks;
  loop->owner = owner;
  status = uv_loop_init(&loop->uv);
  /* libuv forgets its epoll descriptor when a later step fails. 0 is what it
   * has before that; it can be no other standard one. */
  if (status < 0 && loop->uv.backend_fd > 2) close(loop->uv.backend_fd);
  if (status == 0) {
    loop->uv.data = loop;
    status = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (status == 0) {
      /* A timer's init cannot fail. */
      (void)uv_timer_init(&loop->uv, &loop->timer);
      fluv_count(1);
      *out = loop;
      return 0;
    }
    (void)uv_loop_close(&loop->uv);
  }
  munmap(buffer, FLUV_READ_BUFFER);
  free(loop);
  return status;
}

void fluv_loop_set_owner(fluv_loop *loop, void *owner) { loop->owner = owner; }

uint64_t fluv_loop_turns(const fluv_loop *loop) { return loop->turns; }

void fluv_loop_turn(fluv_loop *loop, int wait) {
  loop->turns++;
  loop->read_count = 0;
  uv_run(&loop->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

void fluv_loop_wake(fluv_loop *loop) { uv_async_send(&loop->wake); }

void fluv_loop_arm(fluv_loop *loop, uint64_t milliseconds) {
  /* The loop's idea of now may be old by as long as the last jobs ran. */
  uv_update_time(&loop->uv);
  /* 0 would fire again in the same pass over the timers. */
  uv_timer_start(&loop->timer, on_timer, milliseconds ? milliseconds : 1, 0);
}

void fluv_loop_disarm(fluv_loop *loop) { uv_timer_stop(&loop->timer); }

void fluv_loop_begin_close(fluv_loop *loop) {
  uv_close(fluv_handle(&loop->wake), NULL);
  uv_close(fluv_handle(&loop->timer), NULL);
}

int fluv_loop_close(fluv_loop *loop) {
  int status = uv_loop_close(&loop->uv);
  if (status < 0) return status;
  munmap(loop->read_buffer, FLUV_READ_BUFFER);
  free(loop);
  fluv_count(-1);
  return 0;
}
