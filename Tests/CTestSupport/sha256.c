#include "CTestSupport.h"

#include <string.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotated(uint32_t value, int count) {
  return value >> count | value << (32 - count);
}

static void add_blocks_plainly(
    uint32_t state[8], const uint8_t *bytes, size_t count) {
  for (; count > 0; count--, bytes += 64) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++) {
      w[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
             (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
    }
    for (int i = 16; i < 64; i++) {
      uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + w[i - 7] +
             (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
    }
    uint32_t v[8];
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
      uint32_t e = v[4], a = v[0];
      uint32_t one = v[7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +
                     ((e & v[5]) ^ (~e & v[6])) + round_constants[i] + w[i];
      uint32_t two = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) +
                     ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
      memmove(v + 1, v, 7 * sizeof v[0]);
      v[4] += one;
      v[0] = one + two;
    }
    for (int i = 0; i < 8; i++) state[i] += v[i];
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

// The processor's own rounds: a checksum must not cost more than the traffic.
__attribute__((target("sha,sse4.1"))) static void add_blocks_by_processor(
    uint32_t state[8], const uint8_t *bytes, size_t count) {
  const __m128i swap =
      _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i low = _mm_loadu_si128((const __m128i *)&state[0]);
  __m128i high = _mm_loadu_si128((const __m128i *)&state[4]);
  low = _mm_shuffle_epi32(low, 0xB1);
  high = _mm_shuffle_epi32(high, 0x1B);
  __m128i abef = _mm_alignr_epi8(low, high, 8);
  __m128i cdgh = _mm_blend_epi16(high, low, 0xF0);
  for (; count > 0; count--, bytes += 64) {
    __m128i abef_before = abef, cdgh_before = cdgh, w[4];
    for (int i = 0; i < 4; i++) {
      w[i] = _mm_shuffle_epi8(
          _mm_loadu_si128((const __m128i *)(bytes + 16 * i)), swap);
    }
    for (int i = 0; i < 16; i++) {
      __m128i words = w[i & 3];
      __m128i sum = _mm_add_epi32(
          words, _mm_loadu_si128((const __m128i *)&round_constants[4 * i]));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
      if (i >= 12) continue;
      __m128i next = _mm_add_epi32(
          _mm_sha256msg1_epu32(words, w[(i + 1) & 3]),
          _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
      w[i & 3] = _mm_sha256msg2_epu32(next, w[(i + 3) & 3]);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(
      (__m128i *)&state[0], _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)&state[4], _mm_alignr_epi8(dchg, feba, 8));
}

static int processor_has_rounds(void) {
  static int known;
  if (known == 0) {
    __builtin_cpu_init();
    unsigned a = 7, b = 0, c = 0, d = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    known = (b >> 29 & 1) && __builtin_cpu_supports("sse4.1") ? 1 : -1;
  }
  return known == 1;
}

static void add_blocks(uint32_t state[8], const uint8_t *bytes, size_t count) {
  if (processor_has_rounds()) add_blocks_by_processor(state, bytes, count);
  else add_blocks_plainly(state, bytes, count);
}
#else
static void add_blocks(uint32_t state[8], const uint8_t *bytes, size_t count) {
  add_blocks_plainly(state, bytes, count);
}
#endif

void fts_sha256_begin(fts_sha256 *sum) {
  static const uint32_t start[8] = {
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(sum->state, start, sizeof start);
  sum->count = 0;
}

void fts_sha256_add(fts_sha256 *sum, const uint8_t *bytes, size_t count) {
  if (count == 0) return;
  size_t held = sum->count % 64;
  sum->count += count;
  if (held > 0) {
    size_t part = 64 - held < count ? 64 - held : count;
    memcpy(sum->rest + held, bytes, part);
    bytes += part;
    count -= part;
    if (held + part < 64) return;
    add_blocks(sum->state, sum->rest, 1);
  }
  add_blocks(sum->state, bytes, count / 64);
  memcpy(sum->rest, bytes + count / 64 * 64, count % 64);
}

void fts_sha256_end(fts_sha256 *sum, uint8_t digest[32]) {
  uint64_t bits = sum->count * 8;
  uint8_t tail[72] = {0x80};
  size_t padding = 64 - (sum->count + 8) % 64;
  for (int i = 0; i < 8; i++) {
    tail[padding + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
  }
  fts_sha256_add(sum, tail, padding + 8);
  for (int i = 0; i < 32; i++) {
    digest[i] = (uint8_t)(sum->state[i / 4] >> (24 - 8 * (i % 4)));
  }
}
