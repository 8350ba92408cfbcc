import { describe, it } from "vitest";
import { expectPosteriorBy } from "../../src/fit/logistic-by-hand.ts";

describe("a custom logistic regression", () => {
  it.each(["nuts", "momentum-sgd", "sgfs", "iasg", "sgld", "laplace"])(
    "%s draws from its posterior",
    expectPosteriorBy,
  );
});
