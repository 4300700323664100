import { Dialog } from "../../parts/Dialog";

const MOD = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

const KEYS: readonly [title: string, keys: readonly (readonly [keys: string, what: string])[]][] = [
  [
    "Anywhere",
    [
      [`${MOD} K`, "find a room"],
      ["Alt ↑ ↓", "the room above or below"],
      ["Esc", "to the message field"],
      [`${MOD} /`, "this list"],
    ],
  ],
  [
    "In the message field",
    [
      ["Enter", "send"],
      ["Shift Enter", "a new line"],
      ["↑", "in an empty field: edit your last message"],
      ["Esc", "answer no message"],
      ["Shift Tab", "to the newest message"],
    ],
  ],
  [
    "On a message",
    [
      ["↑ ↓", "the message above or below"],
      ["Tab", "its actions, links and reactions"],
      ["Enter", "all actions"],
      ["+", "add a reaction"],
      ["R", "reply"],
      ["E", "edit"],
      ["Delete", "delete"],
    ],
  ],
  [
    "While editing",
    [
      ["Enter", "save"],
      ["Esc", "leave it as it was"],
    ],
  ],
];

/** What the keyboard does. */
export function Keys() {
  return (
    <Dialog title="Keyboard shortcuts" class="dialog-tall">
      {KEYS.map(([title, keys]) => (
        <section key={title} class="keys">
          <h3>{title}</h3>
          <dl>
            {keys.map(([combination, what]) => (
              <div key={combination}>
                <dt>
                  {combination.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
