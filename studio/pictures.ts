export { report } from "../src/report/report.ts";
