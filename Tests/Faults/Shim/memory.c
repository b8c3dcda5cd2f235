/* libuv's allocations, through the allocator that it lets others set. */
#define _GNU_SOURCE
#include "rules.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

static int fails(uint32_t grows) {
  const struct fault_rule *rule = fault_strikes(CALL_ALLOC, -1, -1, NULL);
  if (!rule) return 0;
  fault_note(rule, grows);
  errno = ENOMEM;
  return 1;
}

static void *get(size_t size) { return fails(0) ? NULL : malloc(size); }

static void *get_zeroed(size_t count, size_t size) {
  return fails(0) ? NULL : calloc(count, size);
}

static void *get_again(void *block, size_t size) {
  return fails(1) ? NULL : realloc(block, size);
}

void fault_install_allocator(void) {
  int (*replace)(void *(*)(size_t), void *(*)(void *, size_t),
                 void *(*)(size_t, size_t), void (*)(void *)) = NULL;
  *(void **)&replace = dlsym(RTLD_DEFAULT, "uv_replace_allocator");
  /* A child of the program may well be without libuv. */
  if (replace) (void)replace(get, get_again, get_zeroed, free);
}
