#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct fluv_lookup {
  uv_getaddrinfo_t uv;
  void *owner;
};

static void on_found(uv_getaddrinfo_t *request, int status,
                     struct addrinfo *list) {
  fluv_lookup *lookup = request->data;
  fluv_loop *loop = request->loop->data;
  void *owner = lookup->owner;
  free(lookup);
  fluv_count(-1);
  size_t count = 0;
  for (struct addrinfo *at = list; at; at = at->ai_next) count++;
  fluv_address *found = NULL;
  if (status == 0 && count > 0) {
    found = calloc(count, sizeof *found);
    if (found) {
      size_t i = 0;
      for (struct addrinfo *at = list; at; at = at->ai_next, i++) {
        memcpy(&found[i].storage, at->ai_addr, at->ai_addrlen);
        found[i].length = at->ai_addrlen;
      }
    } else {
      status = UV_ENOMEM;
    }
  }
  if (list) uv_freeaddrinfo(list);
  loop->callbacks->lookup_done(owner, status, found, found ? count : 0);
  free(found);
}

int fluv_lookup_start(fluv_loop *loop, const char *host, const char *service,
                      int passive, void *owner, fluv_lookup **out) {
  fluv_lookup *lookup = calloc(1, sizeof *lookup);
  if (!lookup) return UV_ENOMEM;
  struct addrinfo hints = {0};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = passive ? AI_PASSIVE : 0;
  lookup->owner = owner;
  lookup->uv.data = lookup;
  int status =
      uv_getaddrinfo(&loop->uv, &lookup->uv, on_found, host, service, &hints);
  if (status < 0) {
    free(lookup);
    return status;
  }
  fluv_count(1);
  *out = lookup;
  return 0;
}

void fluv_lookup_cancel(fluv_lookup *lookup) {
  /* Fails when the thread pool is at it already; the callback comes anyway. */
  (void)uv_cancel(fluv_request(&lookup->uv));
}
