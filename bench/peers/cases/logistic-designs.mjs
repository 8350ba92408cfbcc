import { join } from "node:path";
import { root } from "../../harness/cases.mjs";
import { logisticCase } from "./logistic.mjs";

const unitPriors = ["--prior", "normal(0, 1)", "--intercept-prior", "normal(0, 1)"];
const codes = "C(wilderness_area) + C(soil_type)";
const measures =
  "elevation + aspect + slope + horizontal_distance_to_hydrology + vertical_distance_to_hydrology + horizontal_distance_to_roadways + hillshade_9am + hillshade_noon + hillshade_3pm + horizontal_distance_to_fire_points";

export const logisticCases = [
  logisticCase({
    name: "german-credit",
    title: "German credit",
    what: "1,000 rows × 25, every prior normal(0, 1); reference: TensorFlow Probability's Inference Gym.",
    source: (shared) => join(shared, "data/german-credit/german.data-numeric"),
    options: ["--formula", "column24 ~ .", ...unitPriors],
  }),
  logisticCase({
    name: "skin",
    title: "Skin",
    what: "245,057 rows × 4, the default priors.",
    source: (shared) => join(shared, "data/skin/Skin_NonSkin.txt"),
    options: ["--formula", "column3 ~ ."],
  }),
  logisticCase({
    name: "covertype",
    title: "Covertype",
    what: "581,012 rows × 53 (treatment coding), the default priors.",
    source: (shared) => join(shared, "data/covertype/covertype-binary.parquet"),
    options: ["--formula", `lodgepole_pine ~ ${measures} + ${codes}`],
    peers: ["NumPyro NUTS", "NumPyro NUTS, float64", "NumPyro SVI", "PyMC with nutpie"],
  }),
  logisticCase({
    name: "covertype-notebook",
    title: "Covertype, the design of NumPyro's example",
    what: "581,012 rows × 55: all 54 columns of UCI's table standardised and an intercept, every prior normal(0, 1).",
    options: ["--formula", "lodgepole_pine ~ .", ...unitPriors],
    peers: ["NumPyro NUTS", "NumPyro NUTS, float64", "BlackJAX NUTS"],
  }),
  logisticCase({
    name: "covertype-sample",
    title: "Covertype, 5,000 of its rows",
    what: "A random 5,000 rows, on which every peer can be run to its end; the default priors.",
    options: ["--formula", `lodgepole_pine ~ ${measures} + ${codes}`],
  }),
  logisticCase({
    name: "flights",
    title: "Flights",
    what: "3,000,000 rows × 31 (late by hour, weekday and distance), the default priors.",
    source: () => join(root, "node_modules/vega-datasets/data/flights-3m.parquet"),
    options: [
      "--sql",
      "select delay > 15 as late, hour(date) as hour, dayname(date) as weekday, distance from data",
      "--formula",
      "late ~ C(hour) + weekday + distance",
    ],
  }),
];
