import { useState } from "preact/hooks";
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
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files are dropped here by those who can; the button below is for all
    <div
      class={`drop${isOver ? " over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <p>{table ? <Opened table={table} /> : <>Drop a CSV or Parquet file here, or</>}</p>
      <p class="buttons">
        <label class="button">
          {table ? "Choose another file" : "Choose a file"}
          <input type="file" class="unseen" onChange={(event) => take(event.currentTarget.files)} />
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
