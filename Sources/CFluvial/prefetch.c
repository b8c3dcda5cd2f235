/* What a read's delivery touches, fetched into the cache while the kernel
 * reads: with a thousand connections none has its objects there. */
#include "stream.h"

enum { LINE = 64 };

void fluv_stream_prefetch(fluv_stream *stream, int slot, const void *start,
                          size_t size) {
  if (slot < 0 || slot >= FLUV_PREFETCH_SLOTS) return;
  uintptr_t first = (uintptr_t)start & ~(uintptr_t)(LINE - 1);
  uintptr_t lines = ((uintptr_t)start + size - first + LINE - 1) / LINE;
  if (size == 0) lines = 0;
  if (lines >= LINE) lines = LINE - 1;
  stream->prefetched[slot] = first | lines;
}

void fluv_stream_fetch(const fluv_stream *stream) {
  for (int slot = 0; slot < FLUV_PREFETCH_SLOTS; slot++) {
    uintptr_t lines = stream->prefetched[slot] % LINE;
    uintptr_t line = stream->prefetched[slot] - lines;
    for (; lines > 0; lines--, line += LINE)
      __builtin_prefetch((const void *)line, 1);
  }
}
