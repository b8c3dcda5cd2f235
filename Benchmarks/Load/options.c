#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const mode_names[MODES] = {"echo", "line",   "churn",    "idle",
                                       "sink", "source", "broadcast"};

struct options options = {.connections = 1,
                          .pipeline = 1,
                          .threads = 1,
                          .sources = 1,
                          .shortest_line = 8,
                          .longest_line = 200,
                          .size = 1024,
                          .seconds = 3,
                          .warm_up = 0.5,
                          .mode = ECHO};

static const char usage[] =
    "load-generator --port P | --unix PATH  [--mode MODE] [--conns N]\n"
    "  [--size BYTES] [--pipeline DEPTH] [--seconds S] [--warmup S]\n"
    "  [--threads T] [--srcs ADDRESSES] [--linemin N] [--linemax N]\n"
    "  [--pid SERVER]\n"
    "MODE: echo line churn idle sink source broadcast\n";

static void refuse(const char *why) {
  fprintf(stderr, "load-generator: %s\n%s", why, usage);
  exit(64);
}

static enum mode mode_named(const char *name) {
  for (int i = 0; i < MODES; i++)
    if (!strcmp(name, mode_names[i])) return (enum mode)i;
  refuse("no such mode");
  return ECHO;
}

void read_options(int argc, char **argv) {
  static const struct option known[] = {
      {"port", 1, 0, 'p'},    {"unix", 1, 0, 'u'},    {"conns", 1, 0, 'c'},
      {"size", 1, 0, 'b'},    {"seconds", 1, 0, 's'}, {"warmup", 1, 0, 'w'},
      {"pipeline", 1, 0, 'd'}, {"threads", 1, 0, 't'}, {"mode", 1, 0, 'm'},
      {"pid", 1, 0, 'P'},     {"linemin", 1, 0, 'l'}, {"linemax", 1, 0, 'L'},
      {"srcs", 1, 0, 'S'},    {0, 0, 0, 0}};
  int option;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    switch (option) {
      case 'p': options.port = atoi(optarg); break;
      case 'u': options.unix_path = optarg; break;
      case 'c': options.connections = atoi(optarg); break;
      case 'b': options.size = (size_t)atol(optarg); break;
      case 's': options.seconds = atof(optarg); break;
      case 'w': options.warm_up = atof(optarg); break;
      case 'd': options.pipeline = atoi(optarg); break;
      case 't': options.threads = atoi(optarg); break;
      case 'P': options.server_pid = atoi(optarg); break;
      case 'l': options.shortest_line = atoi(optarg); break;
      case 'L': options.longest_line = atoi(optarg); break;
      case 'S': options.sources = atoi(optarg); break;
      case 'm': options.mode = mode_named(optarg); break;
      default: refuse("unknown option");
    }
  }
  if (!options.unix_path && (options.port < 1 || options.port > 65535))
    refuse("a port or a path is needed");
  if (options.size < 1 || options.size > LARGEST_PIECE) refuse("bad size");
  if (options.connections < 1 || options.threads < 1 || options.pipeline < 1 ||
      options.sources < 1)
    refuse("counts are positive");
  if (options.shortest_line < 1 ||
      options.longest_line < options.shortest_line)
    refuse("bad line lengths");
  /* In these a message waits for the one before it. */
  if (options.mode == CHURN || options.mode == BROADCAST) options.pipeline = 1;
  if (options.mode == BROADCAST) options.threads = 1;
  if (options.threads > options.connections)
    options.threads = options.connections;
}
