// Fields of the form: label, control, hint, fault; tied together for those who listen to the page.
import type { ComponentChildren, JSX } from "preact";

import { Icon } from "../lib/icons";
import { defaultText, type Param } from "./model";

export function fieldId(name: string): string {
  return `f-${name.replace(/[^A-Za-z0-9_-]/g, "_")}`;
}

interface FieldProps { name: string; label: ComponentChildren; class?: string; hint?: ComponentChildren; fault?: string; children: ComponentChildren }

export function Field({ name, label, class: more = "", hint, fault, children }: FieldProps): JSX.Element {
  const id = fieldId(name);
  return (
    <div class={`field ${more}`}>
      <label for={id}>{label}</label>
      {children}
      {hint && !fault && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {fault && <span class="wrongtext" id={`${id}-wrong`}><Icon name="warn" />{fault}</span>}
    </div>
  );
}

/** What a control of that name carries: id, and what describes it. */
export function tied(name: string, fault?: string, hint?: unknown): { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" } {
  const id = fieldId(name);
  const described = fault ? `${id}-wrong` : hint ? `${id}-hint` : undefined;
  return { id, "aria-describedby": described, "aria-invalid": fault ? "true" : undefined };
}

interface TextProps { name: string; label: ComponentChildren; value: string; onInput: (text: string) => void; class?: string; hint?: ComponentChildren; fault?: string; placeholder?: string; mono?: boolean; number?: boolean; secret?: boolean }

export function TextField({ name, label, value, onInput, class: more, hint, fault, placeholder, mono, number, secret }: TextProps): JSX.Element {
  return (
    <Field name={name} label={label} class={more} hint={hint} fault={fault}>
      <input {...tied(name, fault, hint)} class={`in${mono ? " mono" : ""}${number ? " num" : ""}${fault ? " wrong" : ""}`} value={value} placeholder={placeholder} inputMode={number ? "numeric" : undefined}
        type={secret ? "password" : undefined} autocomplete={secret ? "new-password" : "off"} spellcheck={false} onInput={(event) => onInput(event.currentTarget.value)} />
    </Field>
  );
}

interface SelectProps { name: string; label: ComponentChildren; value: string; onChange: (value: string) => void; choices: { value: string; label: string }[]; class?: string; hint?: ComponentChildren; fault?: string }

export function SelectField({ name, label, value, onChange, choices, class: more, hint, fault }: SelectProps): JSX.Element {
  const all = choices.some((choice) => choice.value === value) ? choices : [...choices, { value, label: value }];
  return (
    <Field name={name} label={label} class={more} hint={hint} fault={fault}>
      <select {...tied(name, fault, hint)} class={`in${fault ? " wrong" : ""}`} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {all.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
      </select>
    </Field>
  );
}

function range({ min, max }: Param): string {
  const has = (n: number | undefined | null): n is number => n !== undefined && n !== null;
  if (has(min) && has(max)) return `${min} to ${max}`;
  return has(min) ? `from ${min}` : has(max) ? `up to ${max}` : "";
}

interface ParamProps { name: string; param: Param; value: string; onInput: (text: string) => void; fault?: string }

function ParamControl({ name, param, value, onInput, fault, described }: ParamProps & { described?: string }): JSX.Element {
  const ties = { ...tied(`param:${name}`, fault), "aria-describedby": described };
  const byDefault = defaultText(param);
  const choices = param.type === "bool" ? ["true", "false"] : param.type === "choice" ? (param.choices ?? []).map(String) : undefined;
  if (choices)
    return (
      <select {...ties} class="in mono" value={value || byDefault} onChange={(event) => onInput(event.currentTarget.value === byDefault ? "" : event.currentTarget.value)}>
        {!byDefault && <option value="">not set</option>}
        {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
      </select>
    );
  const isNumber = param.type === "int" || param.type === "float";
  return (
    <input {...ties} class={`in mono${fault ? " wrong" : ""}`} value={value} placeholder={byDefault || (param.type === "path" ? "path" : "")} inputMode={param.type === "int" ? "numeric" : isNumber ? "decimal" : undefined}
      autocomplete="off" spellcheck={false} onInput={(event) => onInput(event.currentTarget.value)} />
  );
}

/** A parameter of the project: name, typed control, help with its range, back to the default. */
export function ParamField({ name, param, value, onInput, fault }: ParamProps): JSX.Element {
  const id = fieldId(`param:${name}`);
  const hint = [param.help, range(param)].filter(Boolean).join(" · ");
  const isChanged = value !== "" && value !== defaultText(param);
  const described = [hint && `${id}-hint`, fault && `${id}-wrong`].filter(Boolean).join(" ") || undefined;
  return (
    <div class={`pf${isChanged ? " changed" : ""}`}>
      <label for={id} title={name}>{isChanged && <span class="sr">changed: </span>}{name}</label>
      <ParamControl name={name} param={param} value={value} onInput={onInput} fault={fault} described={described} />
      {isChanged ? <button type="button" class="ibtn" aria-label={`Reset ${name} to ${defaultText(param) || "nothing"}`} title={`Back to ${defaultText(param) || "nothing"}`} onClick={() => onInput("")}><Icon name="undo" /></button> : <span />}
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {fault && <span class="wrongtext" id={`${id}-wrong`}><Icon name="warn" />{fault}</span>}
    </div>
  );
}
