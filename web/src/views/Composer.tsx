import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { byteLength, limitText, typingText } from "../lib/text";
import { Icon } from "../parts/Icon";
import { StateLine } from "../parts/StateLine";
import {
  draftOf,
  draftSent,
  endTyping,
  keepDraft,
  noteKeystroke,
  onDraftSent,
  sendMessage,
} from "../state/composer";
import { displayName, typing } from "../state/people";
import type { MyRoom } from "../state/rooms";
import { server } from "../state/session";

const DEFAULT_LIMIT = 16_384;

/** Where a message is written. Rendered anew for each room (by `key`): each has its own draft. */
export function Composer({ room }: { room: MyRoom }) {
  const [text, setText] = useState(() => draftOf(room.id));
  const area = useRef<HTMLTextAreaElement>(null);
  const limit = server.value?.limits.text_bytes ?? DEFAULT_LIMIT;
  const limitNote = limitText(text, limit);
  const sendable = text.trim() !== "" && byteLength(text.trim()) <= limit;

  useLayoutEffect(() => {
    const element = area.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  useEffect(() => {
    // A touch screen would open its keyboard over the conversation.
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
    return endTyping;
  }, []);

  useEffect(
    () =>
      onDraftSent((where, sent) => {
        if (where === room.id) setText((now) => (now === sent ? "" : now));
      }),
    [],
  );

  const change = (value: string): void => {
    setText(value);
    keepDraft(room.id, value);
    noteKeystroke(room.id, value);
  };

  const submit = (): void => {
    if (!sendable) return;
    sendMessage(room.id, text.trim());
    setText("");
    draftSent(room.id, text);
    area.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class={`composer-box ${limitNote?.over ? "composer-over" : ""}`}>
        <textarea
          ref={area}
          id="composer"
          rows={1}
          value={text}
          placeholder={`Message ${room.title}`}
          aria-label={`Message ${room.title}`}
          aria-describedby="composer-note"
          aria-invalid={limitNote?.over ? "true" : undefined}
          enterkeyhint="send"
          autocomplete="off"
          dir="auto"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={endTyping}
        />
        <button type="submit" class="send" aria-label="Send" aria-disabled={!sendable}>
          <Icon name="send" size={20} />
        </button>
      </div>
      <div class="composer-foot">
        <TypingLine />
        <span id="composer-note" class={limitNote?.over ? "hint hint-over" : "hint"} role="status">
          {limitNote?.text ?? ""}
        </span>
        <span class="hint hint-keys">
          <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> starts a new line
        </span>
        <div class="composer-state">
          <StateLine />
        </div>
      </div>
    </form>
  );
}

function TypingLine() {
  const text = typingText(typing.value.map(displayName));
  return (
    <span class="typing" aria-live="polite">
      {text && <span class="typing-dots" aria-hidden="true" />}
      {text}
    </span>
  );
}
