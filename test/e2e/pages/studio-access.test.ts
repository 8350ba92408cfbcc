import { describeAccess } from "./studio-access.ts";

describeAccess(["a phone, dark"]);
