/// What the parts of the terminal guard share. Nothing here is exported.

#ifndef CTERMINALGUARD_INTERNAL_H
#define CTERMINALGUARD_INTERNAL_H

#include "CTerminalGuard.h"

#define FTG_HIDDEN __attribute__((visibility("hidden")))

/// Installs the handlers of the fatal signals and, where asked for, of the
/// terminating ones. What is installed already stays. Owner.
FTG_HIDDEN void ftg_install_handlers(void);

/// Gives every signal its previous action back, unless somebody else has
/// replaced our handler since. Any thread, async-signal-safe.
FTG_HIDDEN void ftg_remove_handlers(void);

/// Whether a mode is set and the handlers ought to be installed.
FTG_HIDDEN bool ftg_is_active(void);

#endif
