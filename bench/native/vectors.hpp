// Vectors as the compiler has them: of 64 bytes they are one AVX-512 register or two of AVX2. A product and a sum become one instruction.
// Whatever is loaded stands at a multiple of its own length.
#pragma once
#include <cstdint>

typedef float Float8 __attribute__((vector_size(32), may_alias));
typedef float Float16 __attribute__((vector_size(64), may_alias));
typedef double Double8 __attribute__((vector_size(64), may_alias));
typedef uint32_t Word16 __attribute__((vector_size(64), may_alias));
typedef int32_t Int16 __attribute__((vector_size(64), may_alias));

template <class V, class T>
inline V load(const T* from) {
  return *reinterpret_cast<const V*>(from);
}

template <class V, class T>
inline void store(T* to, V value) {
  *reinterpret_cast<V*>(to) = value;
}

inline Double8 widen(Float8 x) { return __builtin_convertvector(x, Double8); }
inline Float8 narrow(Double8 x) { return __builtin_convertvector(x, Float8); }

inline float sum(Float8 x) {
  float total = 0;
  for (int k = 4; k; k >>= 1)
    for (int i = 0; i < k; i++) x[i] += x[i + k];
  total = x[0];
  return total;
}

inline Float8 low(Float16 x) { return __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7); }
inline Float8 high(Float16 x) { return __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15); }
inline float sum(Float16 x) { return sum(low(x) + high(x)); }

inline double sum(Double8 x) { return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7])); }

/** 1/(1 + e^(−x)) by Cephes' expf. */
inline Float16 logistic(Float16 eta) {
  const Float16 limit = Float16{} + 87.0f;
  Float16 x = -eta;
  x = x < limit ? x : limit;
  x = x > -limit ? x : -limit;
  const Float16 magic = Float16{} + 12582912.0f;
  const Float16 shifted = x * 1.44269504f + magic;
  const Float16 n = shifted - magic;
  const Float16 r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Float16 p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const Int16 bits = (Int16)p + ((Int16)shifted << 23);
  return 1.0f / (1.0f + (Float16)bits);
}

/** xoshiro128++ in sixteen lanes. */
struct WideXoshiro {
  Word16 s[4];
  WideXoshiro() {
    uint32_t state = 7;
    for (Word16& word : s)
      for (int k = 0; k < 16; k++) {
        state = state * 1664525u + 1013904223u;
        word[k] = state ^ (state >> 15);
      }
  }
  static Word16 rotate(Word16 x, int by) { return (x << by) | (x >> (32 - by)); }
  Word16 next() {
    const Word16 result = rotate(s[0] + s[3], 7) + s[0];
    const Word16 t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11);
    return result;
  }
  /** Sixteen numbers below n, by Lemire's multiplication; all again where one falls into what does not divide evenly. */
  void below(uint32_t n, uint32_t* out) {
    typedef uint64_t Long8 __attribute__((vector_size(64)));
    const uint32_t rejected = (0u - n) % n;
    for (;;) {
      const Word16 words = next();
      const Long8 even = ((Long8)words & 0xffffffffull) * (uint64_t)n;
      const Long8 odd = ((Long8)words >> 32) * (uint64_t)n;
      const Word16 fraction = (Word16)((even & 0xffffffffull) | (odd << 32));
      store(out, (Word16)((even >> 32) | (odd & ~0xffffffffull)));
      uint32_t isBad = 0;
      const Int16 bad = (Int16)(fraction < rejected);
      for (int k = 0; k < 16; k++) isBad |= bad[k];
      if (!isBad) return;
    }
  }
};
