// What the plain and the tuned loops share: rows, random numbers, the clock.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

/** f32 rows `stride` apart, with the target in the last place: uniform features, balanced targets, as bench/native/setup.mjs makes them. */
struct Rows {
  float* values;
  size_t count;
  int columns;
  int stride;
};

inline void* allocate(size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, bytes + 64) != 0) {
    std::fprintf(stderr, "no memory for %zu bytes\n", bytes);
    std::exit(1);
  }
  std::memset(memory, 0, bytes + 64);
  return memory;
}

inline Rows makeRows(size_t count, int columns) {
  const int unit = columns <= 8 ? 8 : 16;
  Rows rows{nullptr, count, columns, (columns + 1 + unit - 1) / unit * unit};
  rows.values = static_cast<float*>(allocate(count * rows.stride * sizeof(float)));
  uint32_t state = 1;
  for (size_t n = 0; n < count; n++) {
    float* row = rows.values + n * rows.stride;
    for (int j = 0; j < columns; j++) {
      state = state * 1664525u + 1013904223u;
      row[j] = static_cast<int32_t>(state) * 0x1p-31f;
    }
    row[rows.stride - 1] = state & 65536 ? 1 : 0;
  }
  return rows;
}

/** Nanoseconds that this process has had the core: those of other programs do not count. */
inline double now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

/** xoshiro128++, one number at a time. */
struct Xoshiro {
  uint32_t s[4] = {0x9e3779b9u, 0x3c6ef372u, 0xdaa66d2bu, 0x78dde6e4u};
  static uint32_t rotate(uint32_t x, int by) { return (x << by) | (x >> (32 - by)); }
  uint32_t next() {
    const uint32_t result = rotate(s[0] + s[3], 7) + s[0];
    const uint32_t t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11);
    return result;
  }
  /** Below n, by Lemire's multiplication with rejection. */
  uint32_t below(uint32_t n) {
    uint64_t product = static_cast<uint64_t>(next()) * n;
    while (static_cast<uint32_t>(product) < (0u - n) % n) product = static_cast<uint64_t>(next()) * n;
    return product >> 32;
  }
};
