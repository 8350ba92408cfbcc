import { describeAccess } from "../../e2e/pages/studio-access.ts";

describeAccess(["wide and light"]);
