/// One terminal a process: its modes, and putting it back whatever happens.
///
/// The owner attaches a terminal, sets a mode and in the end restores. While a
/// mode is set, handlers for the fatal signals and an exit hook restore too.
///
/// Three kinds of call, named at each function:
/// - *owner*: from any one thread at a time, never from a signal handler;
/// - *any thread*: may overlap with every other call;
/// - *async-signal-safe*: may also be called from a signal handler.
///
/// Fatal are SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS and
/// SIGQUIT. Their handlers restore, then hand over to the action found when the
/// mode was set, and end the process if that returns. A program that watches
/// SIGQUIT itself therefore starts to watch after it has set the mode. SIGTSTP
/// is the owner's to watch: `ftg_suspend` before the stop, `ftg_resume` after.
///
/// A status is 0 or a negated errno value. What no process can cover: SIGKILL,
/// `_exit` and a power cut. `stty sane; printf '\e[?2004l\e[?25h\e[0m'` repairs
/// the terminal after those.

#ifndef CTERMINALGUARD_H
#define CTERMINALGUARD_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FTG_STATUS __attribute__((warn_unused_result))

/// What the terminal does with input. Each mode is derived from the attributes
/// found at entry; output processing always stays as found.
enum ftg_mode {
  /// As found: the kernel edits lines and echoes.
  FTG_COOKED = 0,
  /// Bytes arrive at once and without echo; ctrl-c, ctrl-\ and ctrl-z still
  /// are signals, and do not discard what was typed before them (NOFLSH).
  FTG_CBREAK = 1,
  /// Every byte arrives as sent: no signals, no translation, no flow control.
  FTG_RAW = 2,
};

/// Options of a mode, combined with `|`.
enum ftg_option {
  /// cbreak only: ctrl-s and ctrl-q are input and do not stop the output.
  FTG_NO_FLOW_CONTROL = 1,
};

/// The most bytes that an on or off string may have.
enum { FTG_STRING_CAPACITY = 256 };

/// Makes the terminal open as `fd` the one this process guards.
///
/// Opens a private descriptor that is kept until `ftg_detach` and notes the
/// file status flags of `fd`, which every restore puts back: so call it before
/// anything makes `fd` non-blocking. `fd` may be closed afterwards. Changes
/// nothing in the terminal.
///
/// Errors: -EBUSY when a terminal is attached already, -ENOTTY when `fd` is no
/// terminal, -EBADF, -EMFILE and -ENFILE. Any thread.
FTG_STATUS int ftg_attach(int fd);

/// A new descriptor of the terminal open as `fd`, for both directions.
///
/// Opened by name, so that it shares nothing with `fd`; a duplicate where that
/// cannot be done, but not for want of descriptors. The caller closes it.
/// Errors: -ENOTTY, -EBADF, -EMFILE, -ENFILE. Any thread.
FTG_STATUS int ftg_open(int fd);

/// Restores the terminal, if it still has to be, and gives it up.
///
/// In the background the terminal is left alone and forgotten. Owner.
void ftg_detach(void);

/// Sets what is written after a mode is entered and before it is left.
///
/// Both strings are copied. The off string is used from now on, the on string
/// from the next entry or resume. At attachment, on is empty and off is
/// ESC[?2004l ESC[0m ESC[?25h CR ESC[J: bracketed paste off, plain text, cursor
/// shown, nothing left below.
///
/// Errors: -E2BIG above FTG_STRING_CAPACITY, -ENOTCONN when nothing is
/// attached. Owner.
FTG_STATUS int ftg_set_strings(
    const void *on, size_t on_length, const void *off, size_t off_length);

/// Changes the mode of the terminal, at once: unlike libuv it waits for no
/// output, which a stopped terminal would never take.
///
/// Going from cooked to another mode reads the attributes anew, gives the
/// calling thread an alternate signal stack, installs the handlers and writes
/// the on string. Going to cooked undoes that and keeps unread input.
///
/// Errors: -EAGAIN in a background process group, where nothing is touched and
/// the caller tries again when it may be in the foreground; -EIO when the
/// terminal has hung up; -ENOTCONN when nothing is attached; -EINVAL. After an
/// error the mode is what it was. Owner.
FTG_STATUS int ftg_set_mode(enum ftg_mode mode, unsigned options);

/// The mode that was set last, even while suspended. Owner.
enum ftg_mode ftg_current_mode(void);

/// Whether the process may change the terminal now: true in the foreground
/// process group, and for a terminal that is not the controlling one.
///
/// Any thread, async-signal-safe.
bool ftg_is_foreground(void);

/// Whether the terminal still does what the mode asks for.
///
/// False after a shell or another program made it cooked behind our back, as
/// happens around SIGSTOP; `ftg_resume` mends it. True when no mode is set.
/// Owner.
bool ftg_is_intact(void);

/// Restores the terminal for a stop, and remembers the mode for `ftg_resume`.
///
/// Unread input is kept. In the background only the handlers go. Owner.
void ftg_suspend(void);

/// Enters the remembered mode again.
///
/// The attributes are read anew: the user may have changed them meanwhile, and
/// in the end gets those back. Attributes that still are ours are not mistaken
/// for the user's. Does nothing when the terminal is intact.
///
/// Errors: as `ftg_set_mode`; after -EAGAIN the mode stays remembered. Owner.
FTG_STATUS int ftg_resume(void);

/// Stops the whole process group, as ctrl-z in a shell does, until it is
/// continued.
///
/// SIGTSTP must have its default action. Returns at once where no shell could
/// continue the group, and the kernel ignores the stop. Owner.
void ftg_stop_group(void);

/// Whether the process was started with this signal ignored, or ignores it by
/// now: then nobody else should begin to handle it. Any thread.
bool ftg_is_ignored(int signo);

/// Puts the terminal back as it was found: off string, attributes, file status
/// flags, then signal handlers. Does nothing when no mode is set.
///
/// Leaves the terminal alone in the background, and in a forked child. Takes at
/// most half a second when the terminal accepts no output. `drop_input` throws
/// away what was typed and not read, so that a shell does not run it. Keeps
/// `errno`. A second call while one is under way does the work again, so that
/// neither caller ends the process too early.
///
/// Any thread, async-signal-safe.
void ftg_restore(bool drop_input);

/// Restores, drops unread input and dies of `signo` by its default action, so
/// that the parent sees the true status.
///
/// Where the default action does not end the process (process 1 of a
/// container), exits with 128 + `signo`. Any thread, async-signal-safe.
__attribute__((noreturn)) void ftg_restore_and_raise(int signo);

/// For programs whose loop does not watch SIGINT, SIGTERM and SIGHUP: while a
/// mode is set, those of the three that have the default action restore the
/// terminal before they end the process.
///
/// A signal that is ignored or handled already is left to whoever did that.
/// Errors: the errno of `sigaction`. Owner.
FTG_STATUS int ftg_handle_termination(bool enabled);

/// Gives the calling thread an alternate signal stack, unless it has one.
///
/// Without it a stack overflow on this thread kills the process before any
/// handler can run. The thread that sets a mode gets one by itself; the stack
/// is released when the thread ends.
///
/// Errors: -ENOMEM. Any thread.
FTG_STATUS int ftg_prepare_thread(void);

#ifdef __cplusplus
}
#endif

#endif
