// The fused loop of logistic minibatch SGD, tuned by hand: rows drawn a block ahead and prefetched, four rows at a time, f32 products, f64
// parameters with an f32 copy, one sweep for update and next row where a batch is one row.
#pragma once
#include "common.hpp"
#include "vectors.hpp"

constexpr int chunk = 256;

/** The rows of the coming steps. */
struct Queue {
  const Rows& rows;
  WideXoshiro random;
  int block;
  int cursor = 0;
  const float* present[chunk];
  const float* coming[chunk];

  explicit Queue(const Rows& given) : rows(given) {
    const int wanted = 8192 / rows.stride;
    block = (wanted < 16 ? 16 : wanted > chunk ? chunk : wanted) & ~15;
    draw();
    turn();
  }
  void draw() {
    alignas(64) uint32_t numbers[16];
    for (int k = 0; k < block; k += 16) {
      random.below(rows.count, numbers);
      for (int i = 0; i < 16; i++) {
        const float* row = rows.values + static_cast<size_t>(numbers[i]) * rows.stride;
        coming[k + i] = row;
        for (int j = 0; j < rows.stride; j += 16) __builtin_prefetch(row + j);
      }
    }
  }
  void turn() {
    std::memcpy(present, coming, block * sizeof(const float*));
    cursor = 0;
    draw();
  }
  const float* next() {
    if (cursor == block) turn();
    return present[cursor++];
  }
};

template <int D>
struct TunedChain {
  typedef typename std::conditional<D == 8, Float8, Float16>::type V;
  static constexpr int lanes = D == 8 ? 8 : 16;
  alignas(64) double theta[D] = {}, keep[D], shift[D] = {}, rate[D], gradient[D];
  alignas(64) float copy[D] = {}, sums[D];
  alignas(64) float eta[chunk + 16], target[chunk + 16], coefficient[chunk + 16];
  Queue queue;

  TunedChain(const Rows& rows, int batch) : queue(rows) {
    for (int j = 0; j < D; j++) {
      keep[j] = 1;
      rate[j] = 1e-3 / D / batch;
    }
  }

  void dots(const float* const* rows, int count) {
    const int last = queue.rows.stride - 1;
    int n = 0;
    for (; n + 4 <= count; n += 4) {
      V a{}, b{}, c{}, d{};
      for (int j = 0; j < D; j += lanes) {
        const V own = load<V>(copy + j);
        a += own * load<V>(rows[n] + j);
        b += own * load<V>(rows[n + 1] + j);
        c += own * load<V>(rows[n + 2] + j);
        d += own * load<V>(rows[n + 3] + j);
      }
      eta[n] = sum(a);
      eta[n + 1] = sum(b);
      eta[n + 2] = sum(c);
      eta[n + 3] = sum(d);
    }
    for (; n < count; n++) {
      V a{};
      for (int j = 0; j < D; j += lanes) a += load<V>(copy + j) * load<V>(rows[n] + j);
      eta[n] = sum(a);
    }
    for (n = 0; n < count; n++) target[n] = rows[n][last];
  }

  void addRows(const float* const* rows, int count) {
    int n = 0;
    for (; n + 4 <= count; n += 4) {
      const float a = coefficient[n], b = coefficient[n + 1], c = coefficient[n + 2], d = coefficient[n + 3];
      for (int j = 0; j < D; j += lanes) {
        V own = load<V>(sums + j);
        own += a * load<V>(rows[n] + j);
        own += b * load<V>(rows[n + 1] + j);
        own += c * load<V>(rows[n + 2] + j);
        own += d * load<V>(rows[n + 3] + j);
        store(sums + j, own);
      }
    }
    for (; n < count; n++)
      for (int j = 0; j < D; j += lanes) store(sums + j, load<V>(sums + j) + coefficient[n] * load<V>(rows[n] + j));
  }

  void step(int batch) {
    for (int j = 0; j < D; j += 8) store(gradient + j, Double8{});
    for (int left = batch; left;) {
      if (queue.cursor == queue.block) queue.turn();
      const int count = std::min(left, queue.block - queue.cursor);
      const float* const* rows = queue.present + queue.cursor;
      dots(rows, count);
      for (int n = 0; n < count; n += 16) store(coefficient + n, logistic(load<Float16>(eta + n)) - load<Float16>(target + n));
      for (int j = 0; j < D; j += lanes) store(sums + j, V{});
      addRows(rows, count);
      for (int j = 0; j < D; j += 8) store(gradient + j, load<Double8>(gradient + j) + widen(load<Float8>(sums + j)));
      queue.cursor += count;
      left -= count;
    }
    for (int j = 0; j < D; j += 8) {
      const Double8 moved = load<Double8>(keep + j) * load<Double8>(theta + j) +
                            (load<Double8>(shift + j) - load<Double8>(rate + j) * load<Double8>(gradient + j));
      store(theta + j, moved);
      store(copy + j, narrow(moved));
    }
  }

  /** Steps of one row: the update and the next row's product in one sweep. */
  void singles(long steps) {
    const int last = queue.rows.stride - 1;
    const float* row = queue.next();
    float product = 0;
    for (int j = 0; j < D; j++) product += copy[j] * row[j];
    for (; steps; steps--) {
      const double factor = logistic(Float16{} + product)[0] - row[last];
      const float* next = queue.next();
      Float8 a{}, b{};
      for (int j = 0; j < D; j += 8) {
        const Double8 change = factor * load<Double8>(rate + j) * widen(load<Float8>(row + j));
        const Double8 moved = load<Double8>(keep + j) * load<Double8>(theta + j) + (load<Double8>(shift + j) - change);
        store(theta + j, moved);
        (j & 8 ? b : a) += narrow(moved) * load<Float8>(next + j);
      }
      product = sum(a + b);
      row = next;
    }
    for (int j = 0; j < D; j++) copy[j] = theta[j];
  }

  double run(int batch, long steps) {
    const double begin = now();
    if (batch == 1) singles(steps);
    else
      for (long k = 0; k < steps; k++) step(batch);
    const double time = now() - begin;
    volatile double sink = theta[0];
    (void)sink;
    return time / (static_cast<double>(steps) * batch);
  }
};

inline double tunedChain(const Rows& rows, int batch, long steps) {
  switch (rows.columns) {
    case 8: return TunedChain<8>(rows, batch).run(batch, steps);
    case 32: return TunedChain<32>(rows, batch).run(batch, steps);
    case 128: return TunedChain<128>(rows, batch).run(batch, steps);
    case 512: return TunedChain<512>(rows, batch).run(batch, steps);
  }
  std::fprintf(stderr, "no tuned loop for %d columns\n", rows.columns);
  std::exit(1);
}
