/** The public API that runs anywhere: Node and browsers. Files and worker threads are in `ornstein/node`. */
export { fit } from "./posterior/fit-inline.ts";
export * from "./public.ts";
