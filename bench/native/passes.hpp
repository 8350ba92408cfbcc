// Sums over all rows, in blocks of 64 that stay in the cache: dots and gradient in f64, the Gram matrix of a block in f32 tiles that are
// held in registers, added to f64 sums.
#pragma once
#include <cmath>
#include "common.hpp"
#include "vectors.hpp"

enum class Gram { none, curvature, squaredGradient };

constexpr int blockRows = 64;

/** Columns in a multiple of 16; the target may stand in the last of them, and its sums are not read. */
struct Pass {
  const Rows& rows;
  const int width;
  double* theta;
  double* gradient;
  double* gram;
  double loss = 0;
  double* eta;
  float* weight;
  float* packed;

  explicit Pass(const Rows& given)
      : rows(given), width((given.columns + 15) / 16 * 16) {
    theta = static_cast<double*>(allocate(width * 8));
    gradient = static_cast<double*>(allocate(width * 8));
    gram = static_cast<double*>(allocate(width * width * 8));
    eta = static_cast<double*>(allocate(blockRows * 8));
    weight = static_cast<float*>(allocate(blockRows * 4));
    packed = static_cast<float*>(allocate(blockRows * 16));
  }

  void addBlock(const float* first, int count, Gram kind) {
    const int stride = rows.stride;
    for (int n = 0; n < count; n++) {
      Double8 a{}, b{};
      const float* row = first + static_cast<size_t>(n) * stride;
      for (int j = 0; j < width; j += 16) {
        a += load<Double8>(&theta[j]) * widen(load<Float8>(row + j));
        b += load<Double8>(&theta[j + 8]) * widen(load<Float8>(row + j + 8));
      }
      eta[n] = sum(a + b);
    }
    for (int n = 0; n < count; n++) {
      const double y = first[static_cast<size_t>(n) * stride + stride - 1];
      const double value = eta[n];
      loss += std::fmax(value, 0) + std::log(1 + std::exp(-std::fabs(value))) - y * value;
      const double mean = 1 / (1 + std::exp(-value));
      const double slope = mean - y;
      eta[n] = slope;
      weight[n] = kind == Gram::curvature ? mean * (1 - mean) : slope * slope;
    }
    for (int n = 0; n < count; n += 4)
      for (int j = 0; j < width; j += 8) {
        Double8 own = load<Double8>(&gradient[j]);
        for (int k = 0; k < 4 && n + k < count; k++)
          own += eta[n + k] * widen(load<Float8>(first + static_cast<size_t>(n + k) * stride + j));
        store(&gradient[j], own);
      }
    if (kind != Gram::none) addGram(first, count);
  }

  void addGram(const float* first, int count) {
    for (int i = 0; i < width; i += 4) {
      for (int n = 0; n < count; n++)
        for (int k = 0; k < 4; k++) packed[4 * n + k] = weight[n] * first[static_cast<size_t>(n) * rows.stride + i + k];
      for (int j = 0; j < i + 4; j += 16) {
        Float16 a{}, b{}, c{}, d{};
        const float* row = first + j;
        for (int n = 0; n < count; n++, row += rows.stride) {
          const Float16 x = load<Float16>(row);
          a += packed[4 * n] * x;
          b += packed[4 * n + 1] * x;
          c += packed[4 * n + 2] * x;
          d += packed[4 * n + 3] * x;
        }
        addSixteen(&gram[(i + 0) * width + j], a);
        addSixteen(&gram[(i + 1) * width + j], b);
        addSixteen(&gram[(i + 2) * width + j], c);
        addSixteen(&gram[(i + 3) * width + j], d);
      }
    }
  }

  static void addSixteen(double* out, Float16 values) {
    store(out, load<Double8>(out) + widen(low(values)));
    store(out + 8, load<Double8>(out + 8) + widen(high(values)));
  }

  /** Nanoseconds per row. */
  double run(Gram kind) {
    const double begin = now();
    for (size_t n = 0; n < rows.count; n += blockRows) {
      const int count = static_cast<int>(rows.count - n < blockRows ? rows.count - n : blockRows);
      addBlock(rows.values + n * rows.stride, count, kind);
    }
    return (now() - begin) / static_cast<double>(rows.count);
  }

  ~Pass() {
    std::free(theta);
    std::free(gradient);
    std::free(gram);
    std::free(eta);
    std::free(weight);
    std::free(packed);
  }
};
