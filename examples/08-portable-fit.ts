// A fit that travels: typed rows in, bytes out, predictions in a worker that has nothing but the bytes.
import { Worker } from "node:worker_threads";
import { exportFit, fit, InputError, importFit } from "ornstein";

interface Trip {
  readonly distance: number;
  readonly weekday: string;
  readonly minutes: number;
}

const weekdays = ["Monday", "Tuesday", "Wednesday"];
const trips: Trip[] = Array.from({ length: 600 }, (_, n) => {
  const distance = 1 + ((n * 37) % 100) / 10;
  const weekday = weekdays[n % 3];
  return { distance, weekday, minutes: 5 + 2 * distance + (n % 3) + 2 * Math.sin(12.9898 * n * n) };
});

const posterior = await fit({ data: trips, formula: "minutes ~ distance + weekday" }, { seed: 1 });
const bytes = exportFit(posterior);
console.log(`${Math.round(bytes.length / 1000)} kB for ${posterior.coefficients.length} coefficients`);

// What a page would do with `importFit(await (await fetch("trips.ornstein")).arrayBuffer())`.
const worker = new Worker(
  `import { parentPort, workerData } from "node:worker_threads";
   const { importFit } = await import("ornstein");
   const { columns } = await importFit(workerData).predict({ distance: [5, 10], weekday: ["Monday", "Tuesday"] });
   parentPort.postMessage(columns.mean);`,
  { eval: true, workerData: bytes },
);
const means = await new Promise<Float64Array>((resolve, reject) => {
  worker.once("message", resolve);
  worker.once("error", reject);
});
const here = await posterior.predict({ distance: [5, 10], weekday: ["Monday", "Tuesday"] });
const isSame = means.every((mean, row) => mean === here.columns.mean[row]);
console.log(`${means[0].toFixed(2)} and ${means[1].toFixed(2)} minutes, ${isSame ? "to the bit" : "not"} as here`);

// Bytes that are damaged, as all input that cannot be used, are an InputError of one sentence.
try {
  importFit(bytes.subarray(0, 1000));
} catch (error) {
  if (error instanceof InputError) console.log(error.message);
}
