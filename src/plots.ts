/**
 * Pictures of fits as SVG texts, drawn by Observable Plot; outside a page the package linkedom stands in for one.
 * @module ornstein/plots
 */

export { type CoefficientPlotOptions, plotCoefficients } from "./plots/coefficients.ts";
export { type EffectPlotOptions, plotEffects } from "./plots/effects.ts";
export { type GroupEffectPlotOptions, plotGroupEffects } from "./plots/group-effects.ts";
export type { PanelOptions } from "./plots/panels.ts";
export { plotCalibration, plotPredictiveChecks } from "./plots/predictive-checks.ts";
export { plotRanks } from "./plots/ranks.ts";
export { plotSds } from "./plots/sds.ts";
export { plotTraces } from "./plots/traces.ts";
