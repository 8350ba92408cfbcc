import { quoteName } from "../../src/formula/formula-text.ts";
import { withTerm } from "../formula-edits.ts";
import type { Session } from "../session.ts";
import type { Fields, State } from "../state.ts";
import { FormulaField } from "./formula-field.tsx";

interface Given {
  readonly state: State;
  readonly session: Session;
}

/** The formula, the family, priors and groups, and the button that begins. */
export function Model({ state, session }: Given) {
  const { formula, fields, choices, run, table } = state;
  const set = (name: keyof Fields) => (value: string) => session.setField(name, value);
  const factors = table!.columns.filter(({ type }) => type === "string" || type === "boolean");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        session.fit();
      }}
    >
      <FormulaField state={state} onChange={(text) => session.setFormula(text)} />
      <div class="fields">
        <div class="field">
          <label for="family">Family</label>
          <select
            id="family"
            value={fields.family}
            onChange={({ currentTarget }) => set("family")(currentTarget.value)}
          >
            <option value="">guessed from the target</option>
            {choices?.families.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="groups">Groups whose intercepts vary</label>
          <select
            id="groups"
            value=""
            disabled={factors.length === 0 || !formula.includes("~")}
            onChange={({ currentTarget }) => {
              if (currentTarget.value) session.setFormula(withTerm(formula, `(1 | ${quoteName(currentTarget.value)})`));
              currentTarget.value = "";
            }}
          >
            <option value="">add (1 | …)</option>
            {factors.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <Text name="prior" label="Prior of the coefficients" fields={fields} set={set} placeholder="normal(0, 2.5)" />
      </div>
      <details>
        <summary>More: sampler, draws, seed, other priors</summary>
        <div class="fields">
          <div class="field">
            <label for="sampler">Sampler</label>
            <select
              id="sampler"
              value={fields.sampler}
              onChange={({ currentTarget }) => set("sampler")(currentTarget.value)}
            >
              <option value="">chosen for the data and the model</option>
              {choices?.samplers.map(({ name, summary }) => (
                <option key={name} value={name} title={summary}>
                  {name}
                </option>
              ))}
            </select>
          </div>
          <Text name="chains" label="Chains" fields={fields} set={set} placeholder="4" numeric />
          <Text name="draws" label="Draws a chain" fields={fields} set={set} placeholder="1000" numeric />
          <Text name="seed" label="Seed" fields={fields} set={set} placeholder="1" numeric />
          <Text
            name="tolerance"
            label="Error of an sd to aim for"
            fields={fields}
            set={set}
            placeholder="0.02"
            numeric
          />
          <Text
            name="interceptPrior"
            label="Prior of the intercept"
            fields={fields}
            set={set}
            placeholder="normal(0, 10)"
          />
          <Text
            name="event"
            label="Event of a two-valued target"
            fields={fields}
            set={set}
            placeholder="the second value"
          />
          <Text name="weights" label="Weights of the rows" fields={fields} set={set} placeholder="every row once" />
        </div>
        <p class="aside">
          Priors live on the standardised scale. Several are divided by semicolons: normal(0, 1); log(distance):
          laplace(0, 0.5).
        </p>
      </details>
      <p class="buttons">
        <button type="submit" class="button" disabled={run !== undefined || !formula.includes("~")}>
          Fit
        </button>
      </p>
    </form>
  );
}

interface TextGiven {
  readonly name: keyof Fields;
  readonly label: string;
  readonly fields: Fields;
  readonly set: (name: keyof Fields) => (value: string) => void;
  readonly placeholder: string;
  readonly numeric?: boolean;
}

function Text({ name, label, fields, set, placeholder, numeric }: TextGiven) {
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        type="text"
        inputMode={numeric ? "decimal" : "text"}
        value={fields[name]}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => set(name)(currentTarget.value)}
      />
    </div>
  );
}
