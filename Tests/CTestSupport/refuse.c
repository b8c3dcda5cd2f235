#define _GNU_SOURCE

#include "CTestSupport.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define LOAD(field) \
  (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (field))

/// Goes on with the next instruction when the loaded value is `expected`, else
/// `others` further down.
static struct sock_filter expect(unsigned expected, unsigned char others) {
  return (struct sock_filter)BPF_JUMP(
      BPF_JMP | BPF_JEQ | BPF_K, expected, 0, others);
}

static size_t argument(int index) {
  return offsetof(struct seccomp_data, args) + (size_t)index * 8;
}

int fts_refuse_call(
    long number, int index, unsigned value, int other_index,
    unsigned other_value, int error) {
  // An argument that does not matter is compared like the number itself.
  size_t first = index < 0 ? 0 : argument(index);
  size_t second = other_index < 0 ? 0 : argument(other_index);
  struct sock_filter program[] = {
      LOAD(offsetof(struct seccomp_data, nr)),
      expect((unsigned)number, 5),
      LOAD(first),
      expect(index < 0 ? (unsigned)number : value, 3),
      LOAD(second),
      expect(other_index < 0 ? (unsigned)number : other_value, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {
      .len = sizeof program / sizeof *program, .filter = program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0 ? -errno : 0;
}
