#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/CFaultKit.h"
#include "FaultPage.h"

void *fkit_page_open(const char *path) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return NULL;
  struct stat found;
  void *page = MAP_FAILED;
  if (fstat(file, &found) == 0 && found.st_size >= (off_t)sizeof(fault_page))
    page = mmap(NULL, sizeof(fault_page), PROT_READ | PROT_WRITE, MAP_SHARED,
                file, 0);
  close(file);
  return page == MAP_FAILED ? NULL : page;
}

void fkit_page_close(void *page) { munmap(page, sizeof(fault_page)); }

int fkit_page_count(const void *page) {
  return (int)((const fault_page *)page)->count;
}

static const fault_slot *slot(const void *page, int rule) {
  return &((const fault_page *)page)->slots[rule];
}

uint64_t fkit_page_fired(const void *page, int rule) {
  return slot(page, rule)->fired;
}

uint64_t fkit_page_seen(const void *page, int rule) {
  return slot(page, rule)->seen;
}

uint32_t fkit_page_detail(const void *page, int rule) {
  return slot(page, rule)->detail;
}

void fkit_page_enable(void *page, int rule, int on) {
  ((fault_page *)page)->slots[rule].enabled = on != 0;
}
