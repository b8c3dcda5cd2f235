#define _GNU_SOURCE
#include "rules.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../CFaultKit/FaultPage.h"

static struct fault_rule rules[FAULT_SLOTS];
static int rule_count;
static int counts[CALL_COUNT];
static fault_page own_page;
static fault_page *page = &own_page;
static _Atomic uint64_t draws;

static const char *const call_names[CALL_COUNT] = {
    "read",       "write",    "writev",     "accept4",   "connect",
    "bind",       "listen",   "socket",     "setsockopt", "shutdown",
    "epoll_wait", "epoll_ctl", "open",      "tcsetattr", "eventfd",
    "alloc",      "realtime"};

static const struct {
  const char *name;
  int number;
} errors[] = {
    {"EINTR", EINTR},         {"EAGAIN", EAGAIN},
    {"ENOBUFS", ENOBUFS},     {"ECONNRESET", ECONNRESET},
    {"ETIMEDOUT", ETIMEDOUT}, {"EHOSTUNREACH", EHOSTUNREACH},
    {"EPIPE", EPIPE},         {"EMFILE", EMFILE},
    {"ENFILE", ENFILE},       {"ENOMEM", ENOMEM},
    {"EPROTO", EPROTO},       {"ECONNABORTED", ECONNABORTED},
    {"EPERM", EPERM},         {"EACCES", EACCES},
    {"EIO", EIO},             {"ECONNREFUSED", ECONNREFUSED},
    {"EINVAL", EINVAL},       {"ENETUNREACH", ENETUNREACH},
    {"ENOENT", ENOENT},       {"EADDRNOTAVAIL", EADDRNOTAVAIL},
    {"ENOTCONN", ENOTCONN},   {"EADDRINUSE", EADDRINUSE},
    {"ENOSPC", ENOSPC},       {"ENOPROTOOPT", ENOPROTOOPT},
};

/* A misspelt rule must not look like a fault that was survived. */
static void refuse(const char *rule) {
  fprintf(stderr, "faults: not a rule: %s\n", rule);
  _exit(64);
}

static void read_what(struct fault_rule *rule, const char *word,
                      const char *whole) {
  static const char *const kinds[] = {"", "short", "zero", "delay", "spurious",
                                      "jump"};
  for (int i = WHAT_SHORT; i <= WHAT_JUMP; i++)
    if (strcmp(word, kinds[i]) == 0) {
      rule->what = (enum fault_what)i;
      return;
    }
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (strcmp(word, errors[i].name) == 0) {
      rule->error = errors[i].number;
      return;
    }
  refuse(whole);
}

static void read_option(struct fault_rule *rule, const char *word,
                        const char *whole, uint32_t *enabled) {
  static const char *const places[] = {"any", "inet", "unix", "event", "tty"};
  const char *equals = strchr(word, '=');
  if (strcmp(word, "off") == 0) {
    *enabled = 0;
    return;
  }
  if (!equals) refuse(whole);
  const char *value = equals + 1;
  if (strncmp(word, "p=", 2) == 0)
    rule->share = (uint32_t)(strtod(value, NULL) * 4294967295.0);
  else if (strncmp(word, "n=", 2) == 0)
    rule->most = strtoull(value, NULL, 10);
  else if (strncmp(word, "skip=", 5) == 0)
    rule->skip = strtoull(value, NULL, 10);
  else if (strncmp(word, "us=", 3) == 0)
    rule->microseconds = (unsigned)strtoul(value, NULL, 10);
  else if (strncmp(word, "bytes=", 6) == 0)
    rule->bytes = strtoull(value, NULL, 10);
  else if (strncmp(word, "path=", 5) == 0)
    snprintf(rule->path, sizeof rule->path, "%s", value);
  else if (strncmp(word, "on=", 3) == 0) {
    for (int i = 0; i <= ON_TTY; i++)
      if (strcmp(value, places[i]) == 0) {
        rule->on = (enum fault_on)i;
        return;
      }
    refuse(whole);
  } else
    refuse(whole);
}

static void add_rule(const char *text) {
  if (rule_count == FAULT_SLOTS) refuse(text);
  char copy[256], *rest = copy;
  snprintf(copy, sizeof copy, "%s", text);
  struct fault_rule *rule = &rules[rule_count];
  *rule = (struct fault_rule){.share = UINT32_MAX, .slot = rule_count};
  char *name = strsep(&rest, ":");
  int call = 0;
  while (call < CALL_COUNT && strcmp(name, call_names[call]) != 0) call++;
  if (call == CALL_COUNT || !rest) refuse(text);
  rule->call = (enum fault_call)call;
  /* Controls and the program's own plumbing are spared unless asked for. */
  rule->on = call <= CALL_SHUTDOWN ? ON_INET : ON_ANY;
  read_what(rule, strsep(&rest, ":"), text);
  uint32_t enabled = 1;
  for (char *word; (word = strsep(&rest, ":"));)
    read_option(rule, word, text, &enabled);
  fault_slot *slot = &page->slots[rule_count];
  snprintf(slot->text, sizeof slot->text, "%s", text);
  slot->enabled = enabled;
  counts[call]++;
  page->count = (uint32_t)++rule_count;
}

/* Whether the rules are for this process. */
static int map_page(const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof *page) < 0) refuse(path);
  void *mapped =
      mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) refuse(path);
  close(file);
  page = mapped;
  int owner = page->owner;
  /* A child of the one that the rules are for. That one itself may have become
   * another program. */
  if (owner && owner != getpid()) return 0;
  memset(mapped, 0, sizeof *page);
  page->owner = getpid();
  return 1;
}

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("FAULTS");
  if (!text) return;
  char *copy = strdup(text), *rest = copy;
  int is_meant = 1;
  for (char *word; (word = strsep(&rest, ";"));) {
    if (strncmp(word, "seed=", 5) == 0)
      draws = strtoull(word + 5, NULL, 10) << 32;
    else if (strncmp(word, "report=", 7) == 0)
      is_meant = map_page(word + 7);
    else if (*word && is_meant)
      add_rule(word);
  }
  free(copy);
  if (counts[CALL_ALLOC]) fault_install_allocator();
}

/* Without a page the counts go to the standard error. */
__attribute__((destructor)) static void end(void) {
  if (page != &own_page) return;
  for (int i = 0; i < rule_count; i++)
    fprintf(stderr, "faults: %s fired %llu of %llu\n", page->slots[i].text,
            (unsigned long long)page->slots[i].fired,
            (unsigned long long)page->slots[i].seen);
}

uint64_t fault_random(void) {
  uint64_t x = (draws += 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void *fault_next(const char *name) { return dlsym(RTLD_NEXT, name); }

void fault_delay(const struct fault_rule *rule) {
  struct timespec pause = {rule->microseconds / 1000000,
                           rule->microseconds % 1000000 * 1000L};
  nanosleep(&pause, NULL);
}

static int is_event(int descriptor) {
  char path[64], target[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0) return 0;
  target[length] = 0;
  return strcmp(target, "anon_inode:[eventfd]") == 0;
}

static int is_at(enum fault_on on, int descriptor, int family) {
  if (on == ON_ANY) return 1;
  if (on == ON_EVENT) return is_event(descriptor);
  if (on == ON_TTY) return isatty(descriptor);
  if (family < 0) {
    socklen_t size = sizeof family;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0)
      return 0;
  }
  return on == ON_UNIX ? family == AF_UNIX
                       : family == AF_INET || family == AF_INET6;
}

int fault_has(enum fault_call call) { return counts[call] > 0; }

void fault_note(const struct fault_rule *rule, uint32_t detail) {
  page->slots[rule->slot].detail = detail;
}

const struct fault_rule *fault_strikes(enum fault_call call, int descriptor,
                                       int family, const char *path) {
  if (!counts[call]) return NULL;
  int kept = errno;
  const struct fault_rule *found = NULL;
  for (int i = 0; i < rule_count && !found; i++) {
    const struct fault_rule *rule = &rules[i];
    fault_slot *slot = &page->slots[i];
    if (rule->call != call || !slot->enabled) continue;
    if (!is_at(rule->on, descriptor, family)) continue;
    if (rule->path[0] &&
        (!path || strncmp(path, rule->path, strlen(rule->path)) != 0))
      continue;
    uint64_t seen = ++slot->seen;
    if (seen <= rule->skip) continue;
    if (rule->share != UINT32_MAX && (uint32_t)fault_random() > rule->share)
      continue;
    uint64_t fired = ++slot->fired;
    if (rule->most && fired > rule->most)
      slot->fired--;
    else
      found = rule;
  }
  errno = kept;
  return found;
}
