/* What the two C servers share: the command line, and finding lines. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>

enum mode {
  MODE_ECHO,
  MODE_LINE,
  MODE_SINK,
  MODE_SOURCE,
  MODE_BROADCAST
};

/* What `source` writes, and what the servers read at a time. */
enum { PIECE = 65536 };

/* SERVER PORT|/PATH MODE */
struct arguments {
  const char *path; /* NULL: a port */
  int port;
  enum mode mode;
};
struct arguments read_arguments(int argc, char **argv);

/* The end of a line that has not come yet. */
struct tail {
  char *bytes;
  size_t length, capacity;
};

/* Gathers the complete lines of the tail and of what came, calls `out` with
 * them, and keeps the rest as the tail. `out` says whether to go on. */
typedef bool gathered(void *connection, const char *bytes, size_t length);
void gather_lines(struct tail *tail, const char *bytes, size_t length,
                  gathered *out, void *connection);

/* malloc and realloc that do not fail. */
void *take(size_t size);
void *take_more(void *memory, size_t size);

#endif
