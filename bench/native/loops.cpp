// Runs the loops that it is asked for on standard input, a line each, and answers with nanoseconds per row:
//   rows <count> <columns>        makes rows (and forgets those before)
//   sparse <count> <entries> <levels>
//   tuned|plain <batch> <steps>   a chain on those rows
//   csr <batch> <steps>           a chain on the sparse rows
//   none|curvature|squaredGradient   a pass
#include <cstddef>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include "passes.hpp"
#include "plain.hpp"
#include "tuned-chain.hpp"

int main() {
  Rows rows{nullptr, 0, 0, 0};
  SparseRows sparse;
  std::unique_ptr<Pass> pass;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string what;
    long first = 0, second = 0, third = 0;
    words >> what >> first >> second >> third;
    double answer = 0;
    if (what == "rows") {
      pass.reset();
      std::free(rows.values);
      rows = makeRows(first, second);
    } else if (what == "sparse") sparse = makeSparse(first, second, third);
    else if (what == "tuned") answer = tunedChain(rows, first, second);
    else if (what == "plain") answer = plainChain(rows, first, second);
    else if (what == "csr") answer = sparseChain(sparse, first, second);
    else {
      if (!pass) pass = std::make_unique<Pass>(rows);
      answer = pass->run(what == "none" ? Gram::none : what == "curvature" ? Gram::curvature : Gram::squaredGradient);
    }
    std::cout << answer << std::endl;
  }
}
