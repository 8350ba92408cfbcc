/**
 * What runs anywhere: Node, Bun, Deno, a page or a worker. Files and worker threads are in `ornstein/node`.
 * @module ornstein
 */

export * from "./library.ts";
export * from "./public.ts";
