import { useEffect, useState } from "preact/hooks";
import { exampleFile } from "../example.ts";
import type { Session } from "../session.ts";
import type { State } from "../state.ts";

interface Given {
  readonly state: State;
  readonly session: Session;
}

/** Where a file is dropped or chosen. */
export function Open({ state: { table, opening }, session }: Given) {
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => files?.[0] && session.openFile(files[0]);
  // Beside the frame too: a browser would leave the page for the file.
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(event.type === "dragover");
      if (event.type === "drop") take(event.dataTransfer?.files);
    };
    const kinds = ["dragover", "dragleave", "drop"] as const;
    for (const kind of kinds) addEventListener(kind, over);
    return () => {
      for (const kind of kinds) removeEventListener(kind, over);
    };
  }, []);
  return (
    <div class={`drop${isOver ? " over" : ""}`}>
      <p>{table ? <Opened table={table} /> : <>Drop a CSV or Parquet file here, or</>}</p>
      <p class="buttons">
        <label class="button">
          {table ? "Choose another file" : "Choose a file"}
          <input
            type="file"
            class="unseen"
            onChange={({ currentTarget }) => {
              take(currentTarget.files);
              // So that the same file can be chosen again, after a change.
              currentTarget.value = "";
            }}
          />
        </label>
        <button type="button" class="plain" onClick={() => session.openFile(exampleFile())}>
          Take an example
        </button>
      </p>
      <p class="aside" role="status">
        {opening ? `Reading ${opening} …` : "\u00a0"}
      </p>
    </div>
  );
}

function Opened({ table }: { table: NonNullable<State["table"]> }) {
  const { label, numRows, columns, reader, notes } = table;
  return (
    <>
      <strong>{label}</strong>: {numRows.toLocaleString("en")} rows, {columns.length} columns
      {reader === "command" ? ", read as the command reads it." : ", read in the page."}
      {notes.map((note) => (
        <span key={note}> {note}</span>
      ))}
    </>
  );
}
