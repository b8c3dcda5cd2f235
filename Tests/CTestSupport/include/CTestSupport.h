/// System calls for tests that Swift cannot reach: pseudo-terminals, process
/// descriptors, and starting a program on a terminal of its own.
///
/// A status is 0 or positive on success, else a negated errno value. Every
/// descriptor handed out is closed on exec, from the first moment.

#ifndef CTESTSUPPORT_H
#define CTESTSUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

#define FTS_STATUS __attribute__((warn_unused_result))

/// Values of a stream in `fts_spawn` that are no descriptor.
enum { FTS_TERMINAL = -1, FTS_CLOSED = -2 };

/// Opens a new pseudo-terminal; writes its controlling side to `controller`
/// and the name of the program's side to `name`.
FTS_STATUS int fts_open_terminal(int *controller, char *name, size_t capacity);

/// Writes the reading and the writing end of a new pipe.
FTS_STATUS int fts_pipe(int *reading, int *writing);

FTS_STATUS int fts_set_non_blocking(int fd);

FTS_STATUS int fts_resize(int fd, int columns, int rows);

/// Starts `program` in a session of its own, with default signal actions and
/// nothing blocked. Returns its process id.
///
/// With `terminal` not null, that terminal becomes the controlling one, and a
/// stream of FTS_TERMINAL is open on it.
FTS_STATUS int fts_spawn(
    const char *program, char *const *arguments, char *const *environment,
    const char *terminal, int input, int output, int error);

/// Starts `program` in a process group of its own, in the caller's session and
/// with its environment, and so in the background. Returns its process id.
FTS_STATUS int fts_spawn_in_group(
    const char *program, char *const *arguments);

/// Forks, lets the copy call `exit(code)` and returns what it exited with.
FTS_STATUS int fts_exit_in_copy(int code);

/// A descriptor that becomes readable when the process ends.
FTS_STATUS int fts_open_process(pid_t pid);

/// Reaps a process that has ended: 1 and what it exited with, or 2 and the
/// signal it died of.
FTS_STATUS int fts_reap(pid_t pid, int *value);

/// Gives memory that was freed back to the system, as far as the allocator can.
void fts_return_free_memory(void);

/// The system's numbers of some calls.
enum {
  FTS_CALL_SOCKET = SYS_socket,
  FTS_CALL_SETSOCKOPT = SYS_setsockopt,
  FTS_CALL_FCNTL = SYS_fcntl,
  FTS_CALL_OPEN = SYS_openat,
  FTS_CALL_PIPE = SYS_pipe2,
  FTS_CALL_EVENT_COUNTER = SYS_eventfd2,
  FTS_CALL_EPOLL = SYS_epoll_create1
};

/// From now on, and for good, this thread's system call `number` fails with
/// `error` where the two arguments, counted from 0, have these values; an index
/// below 0 stands for any. For a process of its own.
FTS_STATUS int fts_refuse_call(
    long number, int index, unsigned value, int other_index,
    unsigned other_value, int error);

/// Makes a write to a pipe that nobody reads fail instead of ending the tests.
void fts_ignore_broken_pipes(void);

/// A SHA-256 sum that is being made.
typedef struct {
  uint32_t state[8];
  uint64_t count;
  uint8_t rest[64];
} fts_sha256;

void fts_sha256_begin(fts_sha256 *sum);
void fts_sha256_add(fts_sha256 *sum, const uint8_t *bytes, size_t count);
void fts_sha256_end(fts_sha256 *sum, uint8_t digest[32]);

/// Allows this process, and what it starts, as many descriptors as it may have.
/// Returns how many those are.
FTS_STATUS int fts_raise_descriptor_limit(void);

#endif
