/** What `ornstein` and `ornstein/node` both export. */
export type { Design } from "./data/design.ts";
export { InputError } from "./data/errors.ts";
export type { ColumnData, Columns, TableData, TableSource } from "./data/table.ts";
export type { AssumptionCheck } from "./diagnostics/assumptions.ts";
export {
  brierScore,
  expectedCalibrationError,
  logScore,
  type ReliabilityBin,
  reliabilityTable,
} from "./diagnostics/calibration.ts";
export type { Certificate, RunCheck, Verdict } from "./diagnostics/certificate.ts";
export { type SummaryStatistics, summaryStatistics } from "./diagnostics/summary-statistics.ts";
export type { ProgressEvent, ProgressListener, ProgressUnit } from "./engine/progress.ts";
export type { FamilyName } from "./families/family.ts";
export type { CustomModel, CustomModelOptions } from "./models/custom-model.ts";
export type { NormalPrior, Prior, PriorLike } from "./models/prior.ts";
export type { ScalePrior } from "./models/scale-prior.ts";
export type { Coefficient } from "./posterior/coefficients.ts";
export type { CompareOptions } from "./posterior/compare.ts";
export type { Comparison, SamplerComparison } from "./posterior/comparison.ts";
export { comparisonToJson, predictionToJson, toContractJson } from "./posterior/contract-json.ts";
export type { RunOptions } from "./posterior/fit.ts";
export type { LearnedPrior } from "./posterior/learn-prior.ts";
export type { ArrayInput, FitInput, TableInput } from "./posterior/load.ts";
export type { FitOptions } from "./posterior/options.ts";
export type { Posterior, Timing } from "./posterior/posterior.ts";
export type { NewRows, Prediction } from "./posterior/predict.ts";
export type { PriorOption, PriorsByName } from "./posterior/prior-options.ts";
export type { Origin, SavedFit } from "./posterior/restored-fit.ts";
export type { CustomPosterior, SampleModelOptions } from "./posterior/sample-model.ts";
export type { PredictionStream, PredictionSummary, PredictOptions } from "./prediction/predict.ts";
export type { PredictiveCheck } from "./prediction/predictive-checks.ts";
export type { ModelRecipe, NamedDraws, PredictiveFit } from "./prediction/predictive-fit.ts";
export type { PredictionColumns, PredictionScores } from "./prediction/row-predictor.ts";
export { samplers } from "./samplers/registry.ts";
export type { PreconditionerName, Sampler, SamplerSettings } from "./samplers/sampler.ts";
