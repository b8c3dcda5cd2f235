#include "load.h"

#include <stdlib.h>

struct corpus corpus;

/* The same stream in every run. */
static uint64_t next_random(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static void *must(void *memory) {
  if (!memory) abort();
  return memory;
}

static void draw_lines(void) {
  uint64_t choices =
      (uint64_t)(options.longest_line - options.shortest_line + 1);
  corpus.lines = 4093;
  corpus.line_lengths =
      must(malloc(corpus.lines * sizeof *corpus.line_lengths));
  corpus.line_starts = must(malloc(corpus.lines * sizeof *corpus.line_starts));
  for (uint32_t i = 0; i < corpus.lines; i++) {
    corpus.line_lengths[i] =
        (uint32_t)options.shortest_line + (uint32_t)(next_random() % choices);
    corpus.line_starts[i] = corpus.period;
    corpus.period += corpus.line_lengths[i];
  }
}

void make_corpus(void) {
  bool is_text = options.mode == LINE || options.mode == BROADCAST;
  if (options.mode == LINE)
    draw_lines();
  else
    /* A broadcast says one line again and again. */
    corpus.period = options.mode == BROADCAST ? options.size : 65521;
  corpus.bytes = must(calloc(1, corpus.period + LARGEST_PIECE));
  for (size_t i = 0; i < corpus.period; i++)
    corpus.bytes[i] =
        (char)(is_text ? '!' + next_random() % 94 : next_random());
  for (uint32_t i = 0; i < corpus.lines; i++)
    corpus.bytes[corpus.line_starts[i] + corpus.line_lengths[i] - 1] = '\n';
  if (options.mode == BROADCAST) corpus.bytes[corpus.period - 1] = '\n';
  for (size_t i = corpus.period; i < corpus.period + LARGEST_PIECE; i++)
    corpus.bytes[i] = corpus.bytes[i - corpus.period];
}

uint32_t message_length(uint32_t index) {
  if (!corpus.line_lengths) return (uint32_t)options.size;
  return corpus.line_lengths[index % corpus.lines];
}
