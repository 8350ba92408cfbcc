/** What `ornstein` and `ornstein/node` both export. */
export type { Design } from "./design/design.ts";
export type { AssumptionCheck } from "./diagnostics/certificate/assumptions.ts";
export {
  brierScore,
  expectedCalibrationError,
  logScore,
  type ReliabilityBin,
  reliabilityTable,
} from "./diagnostics/certificate/calibration.ts";
export type { Certificate, RunCheck, Verdict } from "./diagnostics/certificate/certificate.ts";
export { type SummaryStatistics, summaryStatistics } from "./diagnostics/statistics/summary-statistics.ts";
export type { ByLabels } from "./effects/by-groups.ts";
export type { EffectOptions, Effects } from "./effects/effects.ts";
export type { EffectEstimate, HypothesisEstimate, PosteriorOfEffect } from "./effects/estimates.ts";
export type { EffectNames } from "./effects/plan.ts";
export type { Condition } from "./effects/typical-row.ts";
export type { ProgressEvent, ProgressListener, ProgressUnit } from "./engine/progress.ts";
export { InputError } from "./errors.ts";
export type { FamilyName } from "./families/families.ts";
export type { CompareOptions } from "./fit/comparison/compare.ts";
export type { Comparison, SamplerComparison } from "./fit/comparison/comparison.ts";
export type { RunOptions } from "./fit/fit.ts";
export type { LearnedPrior } from "./fit/input/learn-prior.ts";
export type { ArrayInput, FitInput, TableInput } from "./fit/input/load.ts";
export type { KFoldOptions } from "./fit/k-fold/k-fold.ts";
export type { Posterior, Timing } from "./fit/posterior.ts";
export type { NewRows, Prediction } from "./fit/predict.ts";
export type { CustomPosterior, SampleModelOptions } from "./fit/sample-model.ts";
export type { Coefficient } from "./fit/summary/coefficients.ts";
export type { GroupCorrelation, GroupTermSummary } from "./fit/summary/group-terms.ts";
export type { IntraclassCorrelation } from "./fit/summary/intraclass.ts";
export {
  comparisonToJson,
  effectsToJson,
  looToJson,
  posteriorToJson,
  predictionToJson,
} from "./fit/summary/to-json.ts";
export type { Carried, UpdateOptions } from "./fit/update/update-types.ts";
export type { ComparedFit, FitComparison } from "./loo/compare-fits.ts";
export type { FoldSummary, KFold } from "./loo/k-fold-result.ts";
export type { LogLikelihood } from "./loo/log-likelihood.ts";
export type { FittedModel, LeftOut, Loo, LooOptions } from "./loo/loo.ts";
export type { ShapeCount } from "./loo/shape-counts.ts";
export type { CustomModel, CustomModelOptions } from "./models/custom-model.ts";
export type { FitOptions } from "./options/options.ts";
export type { PriorOption, PriorsByName } from "./options/prior-options.ts";
export type { PreconditionerName } from "./options/tuning.ts";
export type { Origin, SavedFit } from "./persistence/restored-fit.ts";
export type { PredictionStream, PredictionSummary, PredictOptions } from "./prediction/predict.ts";
export type { PredictiveCheck } from "./prediction/predictive-checks.ts";
export type { ModelRecipe, NamedDraws, PredictiveFit } from "./prediction/predictive-fit.ts";
export type { PredictionColumns, PredictionScores } from "./prediction/row-predictor.ts";
export type { Prior, ScalePrior } from "./priors/densities.ts";
export type { NormalPrior } from "./priors/normal.ts";
export type { PriorLike } from "./priors/prior.ts";
export type { SamplerSettings } from "./sampling/plan.ts";
export { samplers } from "./sampling/registry.ts";
export type { Sampler } from "./sampling/sampler.ts";
export type { ColumnData, Columns, TableData, TableSource } from "./table/table.ts";
