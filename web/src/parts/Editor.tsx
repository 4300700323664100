import type { Message } from "hubbub-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { isComposing } from "../lib/keys";
import { byteLength, limitText } from "../lib/text";
import { editing, endEdit } from "../state/acting";
import { server } from "../state/session";
import { useGrowing } from "./useGrowing";

const DEFAULT_LIMIT = 16_384;
const touch = matchMedia("(pointer: coarse)");

/** A message of mine in its place, to be written anew. Enter saves, Escape leaves it as it was. */
export function Editor({ message }: { message: Message }) {
  const [text, setText] = useState(editing.peek()?.text ?? message.text ?? "");
  const area = useRef<HTMLTextAreaElement>(null);
  const limit = server.value?.limits.text_bytes ?? DEFAULT_LIMIT;
  const note = limitText(text, limit);
  const trimmed = text.trim();
  const savable = trimmed !== "" && byteLength(trimmed) <= limit;
  useGrowing(area, text);
  useEffect(() => {
    const element = area.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
    element?.scrollIntoView({ block: "nearest" });
  }, []);

  const change = (value: string): void => {
    setText(value);
    editing.value = { room: message.room, seq: message.seq, text: value }; // it survives that its row is scrolled away
  };
  const leave = (saved: string): void => {
    endEdit(message, saved);
    document.getElementById("composer")?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      leave("");
    } else if (
      event.key === "Enter" &&
      !event.shiftKey &&
      (!touch.matches || event.ctrlKey || event.metaKey)
    ) {
      event.preventDefault();
      if (savable) leave(trimmed);
    }
  };
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        if (savable) leave(trimmed);
      }}
    >
      <div class={`editor-box ${note?.over ? "composer-over" : ""}`}>
        <textarea
          ref={area}
          rows={1}
          value={text}
          aria-label="Edit message"
          aria-describedby="editor-note"
          aria-invalid={note?.over ? "true" : undefined}
          maxLength={limit * 2}
          autocomplete="off"
          dir="auto"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <p class="editor-foot">
        <button type="submit" class="button button-main button-small" aria-disabled={!savable}>
          Save
        </button>
        <button type="button" class="button button-small" onClick={() => leave("")}>
          Cancel
        </button>
        <span id="editor-note" class={note?.over ? "hint hint-over" : "hint"} role="status">
          {note?.text ?? (trimmed === "" ? "A message needs some text" : "")}
        </span>
      </p>
    </form>
  );
}
