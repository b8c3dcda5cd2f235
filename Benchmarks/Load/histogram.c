#include "load.h"

static int bucket(uint64_t value) {
  if (value < STEPS) return (int)value;
  int exponent = 63 - __builtin_clzll(value);
  int index = (exponent - 6) * STEPS + (int)((value >> (exponent - 7)) - STEPS);
  return index < BUCKETS ? index : BUCKETS - 1;
}

/* The middle of a bucket. */
static double value_of(int index) {
  if (index < STEPS) return index;
  int exponent = index / STEPS + 6;
  uint64_t low = ((uint64_t)(index % STEPS) + STEPS) << (exponent - 7);
  return (double)low + (double)(1ull << (exponent - 7)) / 2;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds) {
  histogram->counts[bucket(nanoseconds)]++;
  histogram->total++;
  histogram->sum += nanoseconds;
  if (nanoseconds > histogram->largest) histogram->largest = nanoseconds;
}

void histogram_merge(struct histogram *into, const struct histogram *from) {
  for (int i = 0; i < BUCKETS; i++) into->counts[i] += from->counts[i];
  into->total += from->total;
  into->sum += from->sum;
  if (from->largest > into->largest) into->largest = from->largest;
}

double histogram_quantile(const struct histogram *histogram, double quantile) {
  uint64_t wanted = (uint64_t)(quantile * (double)histogram->total), seen = 0;
  for (int i = 0; i < BUCKETS && histogram->total; i++) {
    seen += histogram->counts[i];
    if (seen > wanted) return value_of(i);
  }
  return 0;
}
