/**
 * Pictures of fits as SVG texts, and reports of them as pages, drawn by Observable Plot; outside a page the package linkedom stands in for one.
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
export type { ReportOrigin } from "./report/again.ts";
export type { OverRows } from "./report/over-rows.ts";
export { type ReportOptions, report } from "./report/report.ts";
