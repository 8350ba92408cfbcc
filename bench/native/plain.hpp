// Loops as one writes them, for the compiler to make the best of: the chain on dense and on sparse rows.
#pragma once
#include <cmath>
#include <vector>
#include "common.hpp"

/** Nanoseconds per row of `steps` steps of minibatch SGD on the logistic loss, f64 parameters. */
inline double plainChain(const Rows& rows, int batch, long steps) {
  static Xoshiro random;
  const int d = rows.columns;
  std::vector<double> theta(d), gradient(d);
  const double rate = 1e-3 / d;
  const double begin = now();
  for (long step = 0; step < steps; step++) {
    for (int j = 0; j < d; j++) gradient[j] = 0;
    for (int s = 0; s < batch; s++) {
      const float* row = rows.values + static_cast<size_t>(random.below(rows.count)) * rows.stride;
      double eta = 0;
      for (int j = 0; j < d; j++) eta += theta[j] * row[j];
      const double coefficient = 1 / (1 + std::exp(-eta)) - row[rows.stride - 1];
      for (int j = 0; j < d; j++) gradient[j] += coefficient * row[j];
    }
    for (int j = 0; j < d; j++) theta[j] -= rate / batch * gradient[j];
  }
  const double time = now() - begin;
  volatile double sink = theta[0];
  (void)sink;
  return time / (static_cast<double>(steps) * batch);
}

/** Sparse rows in three arrays (CSR): of `perRow` categoricals with `levels` levels each, one entry for each, columns standardised. */
struct SparseRows {
  std::vector<uint32_t> start, column;
  std::vector<float> value, target;
  int columns;
  double shift;
};

inline SparseRows makeSparse(size_t count, int perRow, int levels) {
  SparseRows rows;
  rows.columns = perRow * levels;
  const double mean = 1.0 / levels;
  const double scale = std::sqrt(mean * (1 - mean));
  rows.shift = mean / scale;
  uint32_t state = 1;
  rows.start.push_back(0);
  for (size_t n = 0; n < count; n++) {
    for (int e = 0; e < perRow; e++) {
      state = state * 1664525u + 1013904223u;
      rows.column.push_back(e * levels + (state >> 8) % levels);
      rows.value.push_back(1 / scale);
    }
    rows.target.push_back(state & 65536 ? 1 : 0);
    rows.start.push_back(rows.column.size());
  }
  return rows;
}

/** The chain on sparse rows: entries are x' and the columns x' − m', so that centring fills nothing in. Every step moves all parameters. */
inline double sparseChain(const SparseRows& rows, int batch, long steps) {
  static Xoshiro random;
  const int d = rows.columns;
  const uint32_t count = rows.target.size();
  std::vector<double> theta(d), gradient(d), keep(d, 1.0), constant(d, 0.0), shift(d, rows.shift);
  const double rate = 1e-3 / d;
  const double begin = now();
  for (long step = 0; step < steps; step++) {
    double closing = 0;
    for (int j = 0; j < d; j++) {
      closing -= shift[j] * theta[j];
      gradient[j] = 0;
    }
    double total = 0;
    for (int s = 0; s < batch; s++) {
      const uint32_t n = random.below(count);
      double eta = closing;
      for (uint32_t e = rows.start[n]; e < rows.start[n + 1]; e++) eta += theta[rows.column[e]] * rows.value[e];
      const double coefficient = 1 / (1 + std::exp(-eta)) - rows.target[n];
      total += coefficient;
      for (uint32_t e = rows.start[n]; e < rows.start[n + 1]; e++) gradient[rows.column[e]] += coefficient * rows.value[e];
    }
    for (int j = 0; j < d; j++)
      theta[j] = keep[j] * theta[j] + (constant[j] - rate / batch * (gradient[j] - shift[j] * total));
  }
  const double time = now() - begin;
  volatile double sink = theta[0];
  (void)sink;
  return time / (static_cast<double>(steps) * batch);
}
