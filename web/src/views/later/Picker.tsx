import type { Message } from "hubbub-client";
import { useEffect, useRef, useState } from "preact/hooks";
import {
  type Emoji,
  type EmojiGroup,
  readEmoji,
  searchEmoji,
  TONE_NAMES,
  TONES,
  withTone,
} from "../../lib/emoji";
import { isComposing } from "../../lib/keys";
import { Dialog } from "../../parts/Dialog";
import { FormProblem } from "../../parts/Field";
import { Icon } from "../../parts/Icon";
import { addReaction } from "../../state/acting";
import { closeDialog } from "../../state/dialogs";
import { chooseTone, quickEmoji, recentEmoji, tone } from "../../state/emoji";

/** More than this of what a search finds is not looked through by anybody. */
const FOUND_MAX = 120;

const RECENT = "Recently used";

/** What a tab shows instead of its name. */
const SIGNS = ["😀", "👋", "🐵", "🍎", "🚗", "⚽", "💡", "🔣", "🏁"];

let table: readonly EmojiGroup[] | null = null;

/** Any emoji as a reaction: by a tab, by its name, or as it was used before. */
export function Picker({ message }: { message: Message }) {
  const [groups, setGroups] = useState(table);
  const [problem, setProblem] = useState("");
  const [query, setQuery] = useState("");
  const [tab, setTab] = useState(RECENT);
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (table !== null) return;
    import("virtual:emoji").then(
      (module) => {
        table = readEmoji(module.default);
        setGroups(table);
      },
      () => setProblem("The emoji could not be loaded. Close this and try again."),
    );
  }, []);

  const choose = (emoji: string): void => {
    closeDialog();
    addReaction(message, emoji);
  };
  const found = query.trim() === "" ? null : searchEmoji(groups ?? [], query).slice(0, FOUND_MAX);
  const shown = found ?? emojiIn(groups ?? [], tab);
  const onSearchKey = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    const first = shown[0];
    if (event.key === "Enter" && found !== null && first !== undefined) {
      event.preventDefault();
      choose(withTone(first, tone.value));
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      grid.current?.querySelector("button")?.focus();
    }
  };
  return (
    <Dialog title="Add a reaction" bare class="dialog-emoji">
      <div class="switcher-input">
        <Icon name="search" />
        <input
          type="text"
          aria-label="Search emoji by name"
          placeholder="Search by name"
          maxLength={60}
          autocomplete="off"
          spellcheck={false}
          data-autofocus=""
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={onSearchKey}
        />
        <button type="button" class="icon-button" aria-label="Close" onClick={closeDialog}>
          <Icon name="close" />
        </button>
      </div>
      <Tabs
        groups={groups ?? []}
        tab={found === null ? tab : ""}
        choose={(next) => {
          setQuery("");
          setTab(next);
        }}
      />
      <FormProblem text={problem} />
      <h3 class="emoji-title" aria-live="polite">
        {found === null ? tab : found.length === 0 ? `Nothing is called “${query.trim()}”` : "Found"}
      </h3>
      <Grid key={found === null ? tab : query} refTo={grid} emoji={shown} choose={choose} />
      <ToneChoice />
    </Dialog>
  );
}

function emojiIn(groups: readonly EmojiGroup[], tab: string): readonly Emoji[] {
  if (tab !== RECENT) return groups.find((group) => group.name === tab)?.emoji ?? [];
  const used = [...new Set([...recentEmoji.value, ...quickEmoji.value])];
  return used.map((emoji) => ({ emoji, name: emoji, tones: false, words: [] }));
}

interface TabsProps {
  groups: readonly EmojiGroup[];
  tab: string;
  choose: (tab: string) => void;
}

function Tabs({ groups, tab, choose }: TabsProps) {
  const all = [RECENT, ...groups.map((group) => group.name)];
  return (
    // biome-ignore lint/a11y/useSemanticElements: no form's fieldset, but a group of buttons
    <div class="emoji-tabs" role="group" aria-label="Groups of emoji">
      {all.map((name, at) => (
        <button
          key={name}
          type="button"
          class="emoji-tab"
          aria-pressed={name === tab}
          aria-label={name}
          title={name}
          onClick={() => choose(name)}
        >
          {at === 0 ? <Icon name="clock" size={18} /> : SIGNS[at - 1]}
        </button>
      ))}
    </div>
  );
}

interface GridProps {
  refTo: { current: HTMLDivElement | null };
  emoji: readonly Emoji[];
  choose: (emoji: string) => void;
}

/** The arrows lead through it; Tab passes it. */
function Grid({ refTo, emoji, choose }: GridProps) {
  const [at, setAt] = useState(0);
  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = [...(refTo.current?.querySelectorAll("button") ?? [])];
    const next = buttons[moved(event.key, at, buttons)];
    if (next === undefined || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    next.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: no form's fieldset, but a group of buttons
    <div class="emoji-grid" role="group" aria-label="Emoji" ref={refTo} onKeyDown={onKeyDown}>
      {emoji.map((one, index) => {
        const shown = withTone(one, tone.value);
        return (
          <button
            key={one.emoji}
            type="button"
            class="emoji"
            tabIndex={index === at ? 0 : -1}
            aria-label={one.name}
            title={one.name}
            onFocus={() => setAt(index)}
            onClick={() => choose(shown)}
          >
            {shown}
          </button>
        );
      })}
    </div>
  );
}

/** Where an arrow leads from the button `at`. */
function moved(key: string, at: number, buttons: readonly HTMLElement[]): number {
  const top = buttons[0]?.offsetTop;
  const columns = Math.max(1, buttons.filter((button) => button.offsetTop === top).length);
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key] ?? 0;
  return at + by;
}

function ToneChoice() {
  return (
    <fieldset class="tones">
      <legend class="sr-only">Skin tone</legend>
      {TONES.map((one, at) => (
        <label key={one} class="tone" title={TONE_NAMES[at]}>
          <input
            type="radio"
            name="tone"
            aria-label={TONE_NAMES[at]}
            checked={tone.value === one}
            onChange={() => chooseTone(one)}
          />
          <span aria-hidden="true">✋{one}</span>
        </label>
      ))}
    </fieldset>
  );
}
