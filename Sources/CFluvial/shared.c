#include "stream.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK belongs to the open file description, which standard input,
 * output and error often share with each other and with other programs. The
 * first stream of a description finds it blocking and keeps its flags; when
 * that one closes while another is still in use, the other inherits the duty
 * of putting them back. */

enum { KCMP_SAME_FILE = 0 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static fluv_stream *first;

void fluv_stream_mark_shared(fluv_stream *stream) {
  if (stream->is_shared || stream->kind == FLUV_KIND_FILE) return;
  stream->is_shared = 1;
  pthread_mutex_lock(&lock);
  stream->next_shared = first;
  first = stream;
  pthread_mutex_unlock(&lock);
}

static int is_same_description(int left, int right) {
  pid_t self = getpid();
  long order = syscall(SYS_kcmp, self, self, KCMP_SAME_FILE, left, right);
  if (order >= 0) return order == 0;
  /* Not allowed in some containers: the same file in the same way is taken
   * for the same description. */
  struct stat a, b;
  if (fstat(left, &a) < 0 || fstat(right, &b) < 0) return 0;
  int modes = fcntl(left, F_GETFL) ^ fcntl(right, F_GETFL);
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
         (modes & O_ACCMODE) == 0;
}

static fluv_stream *find_heir(int descriptor) {
  for (fluv_stream *at = first; at; at = at->next_shared) {
    if (at->saved_flags >= 0) continue;
    int other = fluv_stream_descriptor(at);
    if (other >= 0 && is_same_description(descriptor, other)) return at;
  }
  return NULL;
}

void fluv_stream_restore_flags(fluv_stream *stream) {
  fluv_stream *heir = NULL;
  int descriptor =
      stream->saved_flags < 0 ? -1 : fluv_stream_descriptor(stream);
  pthread_mutex_lock(&lock);
  if (stream->is_shared) {
    fluv_stream **link = &first;
    while (*link != stream) link = &(*link)->next_shared;
    *link = stream->next_shared;
    if (descriptor >= 0) heir = find_heir(descriptor);
    if (heir) heir->saved_flags = stream->saved_flags;
  }
  /* Nothing can be done about a failure while giving back. */
  if (descriptor >= 0 && !heir)
    (void)fcntl(descriptor, F_SETFL, stream->saved_flags);
  pthread_mutex_unlock(&lock);
}
