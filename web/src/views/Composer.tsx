import { useEffect, useRef, useState } from "preact/hooks";
import { isComposing } from "../lib/keys";
import { byteLength, cutText, limitText, typingText } from "../lib/text";
import { Icon } from "../parts/Icon";
import { StateLine } from "../parts/StateLine";
import { useGrowing } from "../parts/useGrowing";
import { endReply, lastOfMine, replies, startEdit } from "../state/acting";
import {
  draftOf,
  draftSent,
  endTyping,
  keepDraft,
  noteKeystroke,
  onDraftSent,
  sendMessage,
} from "../state/composer";
import { jumpTo } from "../state/jump";
import { displayName, typing } from "../state/people";
import type { MyRoom } from "../state/rooms";
import { server } from "../state/session";
import { ReplyBar } from "./ReplyBar";

const DEFAULT_LIMIT = 16_384;
/** How many times as much as a message may hold fits in here, to be made shorter. More makes each key slow. */
const KEPT_LIMITS = 2;

/** Fingers have a button for sending, and no Shift for a new line. */
const touch = matchMedia("(pointer: coarse)");

/** Where a message is written. Rendered anew for each room (by `key`): each has its own draft. */
export function Composer({ room }: { room: MyRoom }) {
  const limit = server.value?.limits.text_bytes ?? DEFAULT_LIMIT;
  const most = limit * KEPT_LIMITS;
  const [text, setText] = useState(() => draftOf(room.id).slice(0, most));
  /** How much of what was pasted had no room here. */
  const [cut, setCut] = useState(0);
  const area = useRef<HTMLTextAreaElement>(null);
  const answered = replies.value.get(room.id);
  const limitNote = cut > 0 ? cutText(cut) : limitText(text, limit);
  const sendable = text.trim() !== "" && byteLength(text.trim()) <= limit;

  useGrowing(area, text);

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
    if (value.length < most) setCut(0);
    keepDraft(room.id, value);
    noteKeystroke(room.id, value);
  };

  const submit = (): void => {
    if (!sendable) return;
    sendMessage(room.id, text.trim(), answered);
    endReply(room.id);
    setText("");
    setCut(0);
    draftSent(room.id, text);
    if (!touch.matches) area.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    if (event.key === "ArrowUp" && text === "" && !event.shiftKey && !event.altKey) editLast(event, room.id);
    if (event.key === "Escape" && answered !== undefined) {
      event.stopPropagation();
      endReply(room.id);
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    if (touch.matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    submit();
  };

  /** The browser cuts what is pasted or dropped at `maxlength`, and says nothing. */
  const onBeforeInput = (event: InputEvent): void => {
    if (!event.inputType.startsWith("insertFrom")) return;
    const added = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    const { value, selectionStart, selectionEnd } = event.currentTarget as HTMLTextAreaElement;
    setCut(Math.max(0, value.length - (selectionEnd - selectionStart) + added.length - most));
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {answered !== undefined && <ReplyBar room={room.id} seq={answered} />}
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
          enterkeyhint={touch.matches ? "enter" : "send"}
          maxLength={most}
          autocomplete="off"
          dir="auto"
          onInput={(event) => change(event.currentTarget.value)}
          onBeforeInput={onBeforeInput}
          onKeyDown={onKeyDown}
          onBlur={endTyping}
        />
        <button
          type="submit"
          class="send"
          aria-label="Send"
          aria-disabled={!sendable}
          // Where the focus is, the keyboard of a touch screen stays.
          onPointerDown={(event) => event.preventDefault()}
          onMouseDown={(event) => event.preventDefault()}
        >
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

/** Up in the empty field: the last message of mine, to be written anew. */
function editLast(event: KeyboardEvent, room: string): void {
  const message = lastOfMine(room);
  if (message === null) return;
  event.preventDefault();
  startEdit(message);
  void jumpTo(room, message.seq);
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
