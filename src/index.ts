/** The public API that runs anywhere: Node and browsers. Files and worker threads are in `ornstein/node`. */
export * from "./library.ts";
export * from "./public.ts";
