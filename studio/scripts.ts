/**
 * The page's other scripts, each a function under its name (scripts/build-studio.mjs). They are loaded by script elements and not as
 * modules, which a page that is opened as a file may not load.
 */
declare global {
  var ornsteinParts: Record<string, () => unknown> | undefined;
}

const loaded = new Map<string, Promise<() => unknown>>();

/** The function in a script. */
function part(name: string): Promise<() => unknown> {
  const found = loaded.get(name) ?? load(name);
  loaded.set(name, found);
  found.catch(() => loaded.delete(name));
  return found;
}

async function load(name: string): Promise<() => unknown> {
  const script = document.createElement("script");
  script.src = `${name}.js`;
  await new Promise<void>((resolve, reject) => {
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${script.src} could not be loaded; load the page again.`));
    document.head.append(script);
  });
  return globalThis.ornsteinParts![name];
}

/** What a script exports. */
export async function exportsOf<Exports>(name: string): Promise<Exports> {
  return (await part(name))() as Exports;
}

/** A worker that runs a script: from its file, or where the page itself is a file from its text. */
export async function workerOf(name: string): Promise<Worker> {
  if (location.protocol !== "file:") return new Worker(`${name}.js`);
  const text = `(${await part(name)})();`;
  return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}
