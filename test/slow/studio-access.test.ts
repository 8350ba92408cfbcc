import { describeAccess } from "../e2e/studio-access.ts";

describeAccess(["wide and light"]);
