// Data flows one way through the folders (docs/architecture.md): a folder imports only from those before it.
const order = [
  "checkpoint",
  "linalg",
  "rng",
  "priors",
  "families",
  "engine",
  "crossed",
  "table",
  "formula",
  "design",
  "duckdb",
  "models",
  "options",
  "blocks",
  "theory",
  "rows",
  "estimation",
  "sampling",
  "empirical-bayes",
  "diagnostics",
  "prediction",
  "effects",
  "fit",
  "persistence",
  "plots",
];

const kernels = ["layout", "memory", "families", "rows", "passes", "chains"];

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    ...order.slice(0, -1).map((folder, index) => ({
      name: `${folder.replace("|", "-")}-imports-only-what-comes-before-it`,
      severity: "error",
      from: { path: `^src/(${folder})/`, pathNot: "\\.test\\.ts$" },
      to: { path: `^src/(${order.slice(index + 1).join("|")})/` },
    })),
    ...kernels.slice(0, -1).map((folder, index) => ({
      name: `kernels-${folder}-import-only-what-comes-before-them`,
      severity: "error",
      from: { path: `^kernels/${folder}/` },
      to: { path: `^kernels/(${kernels.slice(index + 1).join("|")})/` },
    })),
    {
      name: "only-the-engine-knows-the-kernels",
      comment: "records are written and read by src/engine/bindings",
      severity: "error",
      from: { path: "^(src|cli|paper)/", pathNot: "^src/engine/" },
      to: { path: "^kernels/" },
    },
    {
      name: "kernels-stand-alone",
      severity: "error",
      from: { path: "^kernels/" },
      to: { path: "^(src|cli|paper)/" },
    },
    {
      name: "theory-is-the-paper-as-code",
      comment: "theory imports nothing but linear algebra",
      severity: "error",
      from: { path: "^src/theory/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: "^src/(theory|linalg)/" },
    },
    {
      name: "only-node-files-import-node",
      severity: "error",
      from: { path: "^src/", pathNot: "node[^/]*\\.ts$|^src/duckdb/|\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "src-imports-neither-paper-nor-cli",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(paper|cli)/" },
    },
    {
      name: "paper-does-not-import-cli",
      severity: "error",
      from: { path: "^paper/", pathNot: "\\.test\\.ts$" },
      to: { path: "^cli/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "generated" },
  },
};
