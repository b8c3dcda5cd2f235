/* The page that the shim and whoever drives it share: a file that both map.
 *
 * One slot a rule, in the order in which the rules were given. The shim counts,
 * the driver may switch a rule on and off at any time. */
#ifndef FAULT_PAGE_H
#define FAULT_PAGE_H

#include <stdint.h>

enum { FAULT_SLOTS = 16 };

typedef struct fault_slot {
  char text[64];
  /* Calls that the rule could have struck, and those that it struck. */
  _Atomic uint64_t seen;
  _Atomic uint64_t fired;
  _Atomic uint32_t enabled;
  /* Of the last strike: for an allocation, 1 if it was growing a block. */
  _Atomic uint32_t detail;
} fault_slot;

typedef struct fault_page {
  /* The process whose calls are struck; its children's are not. */
  _Atomic int owner;
  _Atomic uint32_t count;
  fault_slot slots[FAULT_SLOTS];
} fault_page;

#endif
