import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { runExample } from "./run-example.ts";

const expected: Record<string, RegExp> = {
  "01-arrays.ts": /x +[12]\.\d{3} ± 0\.0\d+[\s\S]*certificate: ok/,
  "02-file.ts": /log-odds per 1000 miles: 0\.\d{3} ± 0\.0\d+\ncertificate: ok/,
  "04-predict.ts":
    /y = .*predicted .* to [\s\S]*90 % intervals hold (8[5-9]|9[0-5])\.\d % of 1000 targets\nlog score [\s\S]*somewhere else: 3\./,
  "03-constant-sgd.ts": /scalar .*\nfull .*\nfull-exact .*KL 0\.000\d predicted, 0\.00\d\d measured/,
  "05-custom-model.ts": /log_ed50 +0\.[34]\d\d ± 0\.0\d+\nslope +1\.\d{3} ± 0\.1\d+\n.*\ncertificate: ok/,
  "08-portable-fit.ts":
    /kB for 5 coefficients\n1\d\.\d\d and 2\d\.\d\d minutes, to the bit as here\nThe fit is damaged .*checksum/,
};

// The networks train for a minute: test/slow/mnist.test.ts runs them.
const isShort = (name: string) => /^\d\d-.*\.ts$/.test(name) && !name.includes("mnist");

for (const file of readdirSync(new URL("./", import.meta.url)).filter(isShort)) {
  it(`${file} runs and prints what it says`, async () => {
    expect(Object.keys(expected)).toContain(file);
    expect(await runExample(file)).toMatch(expected[file]);
  });
}
