/** The public API that runs anywhere: Node and browsers. Files and worker threads are in `ornstein/node`. */
export { compare } from "./posterior/compare-inline.ts";
export { fit } from "./posterior/fit-inline.ts";
export * from "./public.ts";
