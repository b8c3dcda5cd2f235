#include "peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments read_arguments(int argc, char **argv) {
  static const char *const names[] = {"echo", "line", "sink", "source",
                                      "broadcast"};
  struct arguments arguments = {0};
  bool is_known = false;
  for (int i = 0; argc == 3 && i < 5; i++) {
    if (strcmp(argv[2], names[i])) continue;
    arguments.mode = (enum mode)i;
    is_known = true;
  }
  if (!is_known) {
    fprintf(stderr,
            "usage: %s PORT|/PATH echo|line|sink|source|broadcast\n", argv[0]);
    exit(64);
  }
  if (argv[1][0] == '/')
    arguments.path = argv[1];
  else
    arguments.port = atoi(argv[1]);
  signal(SIGPIPE, SIG_IGN);
  return arguments;
}

void *take(size_t size) { return take_more(NULL, size); }

void *take_more(void *memory, size_t size) {
  memory = realloc(memory, size);
  if (!memory) abort();
  return memory;
}

static char gathering[2 * PIECE];

static void keep(struct tail *tail, const char *bytes, size_t length) {
  if (tail->length + length > tail->capacity) {
    tail->capacity = (tail->length + length) * 2;
    tail->bytes = take_more(tail->bytes, tail->capacity);
  }
  memcpy(tail->bytes + tail->length, bytes, length);
  tail->length += length;
}

void gather_lines(struct tail *tail, const char *bytes, size_t length,
                  gathered *out, void *connection) {
  size_t used = 0;
  const char *end;
  while (length && (end = memchr(bytes, '\n', length))) {
    size_t line = (size_t)(end - bytes) + 1;
    if (used + tail->length + line > sizeof gathering) {
      if (!out(connection, gathering, used)) return;
      used = 0;
    }
    if (tail->length + line > sizeof gathering) {
      /* Longer than what is gathered here: as it is. */
      keep(tail, bytes, line);
      size_t whole = tail->length;
      tail->length = 0;
      if (!out(connection, tail->bytes, whole)) return;
    } else {
      if (tail->length) memcpy(gathering + used, tail->bytes, tail->length);
      memcpy(gathering + used + tail->length, bytes, line);
      used += tail->length + line;
      tail->length = 0;
    }
    bytes += line;
    length -= line;
  }
  if (used && !out(connection, gathering, used)) return;
  if (length) keep(tail, bytes, length);
}
