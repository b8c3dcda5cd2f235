/* What the driver of the faults needs and Swift cannot reach: the shim's page,
 * another process's limits and costs, network namespaces. Statuses are 0, a
 * count, or a negative errno. Any thread. */
#ifndef CFAULTKIT_H
#define CFAULTKIT_H

#include <stdint.h>

/* Maps the page that a shim has made at `path`; NULL while there is none. */
void *fkit_page_open(const char *path);
void fkit_page_close(void *page);
int fkit_page_count(const void *page);
uint64_t fkit_page_fired(const void *page, int rule);
uint64_t fkit_page_seen(const void *page, int rule);
uint32_t fkit_page_detail(const void *page, int rule);
void fkit_page_enable(void *page, int rule, int on);

/* How many descriptors a process may have from now on; its hard limit stays. */
int fkit_limit_descriptors(int process, unsigned long most);
int fkit_descriptor_count(int process);
/* CPU time that the living threads of a process have used, in nanoseconds. */
int64_t fkit_cpu_time(int process);
int fkit_signal(int process, int number);

/* Moves the calling thread into a named network namespace; NULL: back to that
 * of the process's first call. */
int fkit_enter_network(const char *name);

#endif
