import type { InputHTMLAttributes } from "preact";
import { useId, useState } from "preact/hooks";
import { Icon } from "./Icon";

interface Props {
  label: string;
  value: string;
  onValue: (value: string) => void;
  /** What is expected, below the field. */
  hint?: string;
  /** What is wrong with the value, instead of the hint. */
  problem?: string;
  /** What stands before the value, as a part of it that cannot be changed. */
  prefix?: string;
  /** Gets the focus when its dialog opens. */
  focus?: boolean;
  type?: "text" | "password";
  required?: boolean;
  minLength?: number;
  maxLength?: number;
  placeholder?: string;
  autocomplete?: "off" | "name" | "username" | "new-password" | "current-password";
  autocapitalize?: "none";
  spellcheck?: boolean;
}

export function Field({ label, value, onValue, hint, problem, prefix, focus, ...input }: Props) {
  const id = useId();
  const note = problem || hint;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <span class={`input ${problem ? "input-wrong" : ""}`}>
        {prefix && <span class="input-prefix">{prefix}</span>}
        <input
          {
            ...(input as InputHTMLAttributes) /* its type ties the role to each literal `type` */
          }
          id={id}
          value={value}
          data-autofocus={focus ? "" : undefined}
          aria-invalid={problem ? "true" : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      </span>
      {note && (
        <p id={`${id}-note`} class={problem ? "note note-wrong" : "note"}>
          {note}
        </p>
      )}
    </div>
  );
}

/** A password with a button that shows what was typed. */
export function PasswordField(props: Omit<Props, "type" | "prefix">) {
  const [shown, setShown] = useState(false);
  return (
    <div class="password">
      <Field {...props} type={shown ? "text" : "password"} autocapitalize="none" spellcheck={false} />
      <button
        type="button"
        class="icon-button"
        aria-label="Show the password"
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
      >
        <Icon name="eye" size={18} />
      </button>
    </div>
  );
}

/** What went wrong with a whole form. Read aloud when it appears. */
export function FormProblem({ text }: { text: string }) {
  return (
    <div role="alert">
      {text && (
        <p class="problem">
          <Icon name="alert" size={18} />
          <span>{text}</span>
        </p>
      )}
    </div>
  );
}
