/* A bad network cable: joins two network namespaces by a tun device in each, and
 * loses, doubles, damages, reorders, delays and slows down what goes through.
 *
 *   impair A B [loss=P] [dup=P] [corrupt=P] [reorder=P] [delay=MS] [jitter=MS]
 *          [rate=BITS_PER_SECOND] [seed=N]
 *
 * The devices are called `cable`. Says "ready" once they are there. SIGUSR1 cuts
 * the cable and joins it again. On SIGTERM it says what it did, and ends. For
 * kernels without netem; good for some 80 Mbit/s. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct packet {
  struct packet *next;
  uint64_t due;
  int to;
  size_t size;
  unsigned char bytes[];
};

static double loss, doubling, damage, reordering;
static uint64_t delay, jitter, rate;
static uint64_t draws;
static uint64_t passed, lost, doubled, damaged, reordered;
static struct packet *waiting;
static uint64_t busy_until[2], last_due[2];
static volatile sig_atomic_t is_cut, is_over;

static void on_signal(int number) {
  if (number == SIGUSR1)
    is_cut = !is_cut;
  else
    is_over = 1;
}

static double draw(void) {
  uint64_t x = (draws += 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return (double)((x ^ (x >> 31)) >> 11) / 9007199254740992.0;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "impair: %s: %s\n", what, strerror(errno));
  exit(69);
}

static int open_end(const char *space) {
  char path[128];
  snprintf(path, sizeof path, "/run/netns/%s", space);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || setns(file, CLONE_NEWNET) < 0) die(path);
  close(file);
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) die("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "cable");
  if (ioctl(tun, TUNSETIFF, &request) < 0) die("making a tun device");
  return tun;
}

static void insert(struct packet *packet) {
  struct packet **place = &waiting;
  while (*place && (*place)->due <= packet->due) place = &(*place)->next;
  packet->next = *place;
  *place = packet;
}

static void enqueue(int to, const unsigned char *bytes, size_t size) {
  uint64_t time = now(), due = time;
  if (rate) {
    if (busy_until[to] < time) busy_until[to] = time;
    /* A second's worth waits, more does not fit. */
    if (busy_until[to] - time > 1000000000u) {
      lost++;
      return;
    }
    busy_until[to] += size * 8u * 1000000000u / rate;
    due = busy_until[to];
  }
  due += delay;
  if (jitter) due += (uint64_t)(draw() * 2 * (double)jitter) - jitter;
  if (draw() < reordering) {
    due += 20000000u;
    reordered++;
  } else {
    /* Jitter alone does not overtake. */
    if (due < last_due[to]) due = last_due[to];
    last_due[to] = due;
  }
  struct packet *packet = malloc(sizeof *packet + size);
  if (!packet) die("memory");
  packet->due = due;
  packet->to = to;
  packet->size = size;
  memcpy(packet->bytes, bytes, size);
  if (draw() < damage) {
    packet->bytes[(size_t)(draw() * (double)size)] ^=
        (unsigned char)(1 << (int)(draw() * 8));
    damaged++;
  }
  insert(packet);
}

static void take(int from, int to_index) {
  unsigned char bytes[65536];
  for (int i = 0; i < 64; i++) {
    ssize_t size = read(from, bytes, sizeof bytes);
    if (size <= 0) return;
    if (is_cut || draw() < loss) {
      lost++;
      continue;
    }
    enqueue(to_index, bytes, (size_t)size);
    if (draw() < doubling) {
      doubled++;
      enqueue(to_index, bytes, (size_t)size);
    }
  }
}

/* Sends what is due; how many nanoseconds until the next is, or -1. */
static int64_t deliver(const int *ends) {
  while (waiting) {
    uint64_t time = now();
    if (waiting->due > time) return (int64_t)(waiting->due - time);
    struct packet *packet = waiting;
    waiting = packet->next;
    /* A device whose queue is full drops, as a cable's far end would. */
    if (is_cut || write(ends[packet->to], packet->bytes, packet->size) < 0)
      lost++;
    else
      passed++;
    free(packet);
  }
  return -1;
}

static void set(const char *word) {
  const char *value = strchr(word, '=');
  double number = value ? strtod(value + 1, NULL) : 0;
  if (strncmp(word, "loss=", 5) == 0) loss = number;
  else if (strncmp(word, "dup=", 4) == 0) doubling = number;
  else if (strncmp(word, "corrupt=", 8) == 0) damage = number;
  else if (strncmp(word, "reorder=", 8) == 0) reordering = number;
  else if (strncmp(word, "delay=", 6) == 0) delay = (uint64_t)(number * 1e6);
  else if (strncmp(word, "jitter=", 7) == 0) jitter = (uint64_t)(number * 1e6);
  else if (strncmp(word, "rate=", 5) == 0) rate = (uint64_t)number;
  else if (strncmp(word, "seed=", 5) == 0) draws = (uint64_t)number << 32;
  else {
    fprintf(stderr, "impair: what is %s?\n", word);
    exit(64);
  }
}

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: impair A B [NAME=VALUE]...\n");
    return 64;
  }
  for (int i = 3; i < count; i++) set(words[i]);
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  int ends[2] = {open_end(words[1]), open_end(words[2])};
  puts("ready");
  fflush(stdout);
  while (!is_over) {
    int64_t rest = deliver(ends);
    struct timespec pause = {rest / 1000000000, rest % 1000000000};
    struct pollfd events[2] = {{.fd = ends[0], .events = POLLIN},
                               {.fd = ends[1], .events = POLLIN}};
    if (ppoll(events, 2, rest < 0 ? NULL : &pause, NULL) < 0) continue;
    if (events[0].revents) take(ends[0], 1);
    if (events[1].revents) take(ends[1], 0);
  }
  printf("passed %llu lost %llu dup %llu corrupt %llu reordered %llu\n",
         (unsigned long long)passed, (unsigned long long)lost,
         (unsigned long long)doubled, (unsigned long long)damaged,
         (unsigned long long)reordered);
  return 0;
}
