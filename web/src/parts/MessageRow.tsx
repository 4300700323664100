import { useComputed } from "@preact/signals";
import type { Message, Outgoing } from "hubbub-client";
import type { ComponentChildren } from "preact";
import { clockText, fullText, narrowClockText } from "../lib/time";
import type { Unsent } from "../lib/timeline";
import { active, editing, entered } from "../state/acting";
import { connected } from "../state/connection";
import { openDialog } from "../state/dialogs";
import { discard, retry } from "../state/outbox";
import { displayName } from "../state/people";
import { me } from "../state/session";
import { Avatar } from "./Avatar";
import { Editor } from "./Editor";
import { Icon } from "./Icon";
import { Prose } from "./Prose";
import { Quote } from "./Quote";
import { Reactions } from "./Reactions";
import { Tools } from "./Tools";
import { usePress } from "./usePress";

export function Time({ ts, narrow = false }: { ts: number; narrow?: boolean }) {
  return (
    <time dateTime={new Date(ts).toISOString()} title={fullText(ts)} dir="auto">
      {narrow ? narrowClockText(ts) : clockText(ts)}
    </time>
  );
}

interface FrameProps {
  id: string;
  sender: string;
  ts: number;
  first: boolean;
  state?: string;
  /** Whether Tab leads here. */
  stop?: boolean;
  tools?: ComponentChildren;
  onPress?: () => void;
  children: ComponentChildren;
}

function Frame({ id, sender, ts, first, state = "", stop = false, tools, onPress, children }: FrameProps) {
  const title = displayName(sender);
  const press = usePress(() => onPress?.());
  return (
    <li
      class={`row-message ${first ? "row-first" : ""} ${state}`}
      data-key={id}
      tabIndex={stop ? 0 : -1}
      {...(onPress && press)}
    >
      <span class="row-gutter">
        {first ? <Avatar name={sender} title={title} /> : <Time ts={ts} narrow />}
      </span>
      <div class="row-main">
        {first ? (
          <p class="row-head">
            <strong dir="auto">{title}</strong>
            {sender === me.value?.name && <span class="you">you</span>}
            <Time ts={ts} />
          </p>
        ) : (
          <span class="sr-only">{title}: </span>
        )}
        {children}
      </div>
      {tools}
    </li>
  );
}

interface MessageProps {
  id: string;
  event: Message;
  first: boolean;
  change: Outgoing | null;
}

export function MessageRow({ id, event, first, change }: MessageProps) {
  const isActive = useComputed(() => active.value === id).value;
  const stop = useComputed(() => entered.value === id).value;
  const edited = useComputed(
    () => editing.value?.room === event.room && editing.value.seq === event.seq,
  ).value;
  const frame = { id, sender: event.sender, ts: event.ts, first, stop };
  if (event.state?.deleted === true) {
    return (
      <Frame {...frame} state="row-deleted">
        <p class="deleted">This message was deleted</p>
      </Frame>
    );
  }
  if (edited) {
    return (
      <Frame {...frame} state="row-editing">
        <Editor message={event} />
      </Frame>
    );
  }
  return (
    <Frame
      {...frame}
      state={change?.type === "edit" ? `row-${change.status}` : ""}
      tools={isActive && <Tools message={event} />}
      onPress={() => openDialog("message", { seq: event.seq })}
    >
      {event.reply_to != null && <Quote room={event.room} seq={event.reply_to} />}
      <Prose text={event.text ?? ""} />
      {event.state?.edited_ts != null && <Edited message={event} at={event.state.edited_ts} />}
      {change?.type === "edit" && <Delivery outgoing={change} failed="Your changes were not saved." />}
      <Reactions message={event} />
    </Frame>
  );
}

function Edited({ message, at }: { message: Message; at: number }) {
  return (
    <button
      type="button"
      class="edited"
      title={`Edited ${fullText(at)}`}
      aria-label="Edited: show earlier versions"
      onClick={() => openDialog("versions", { seq: message.seq })}
    >
      edited
    </button>
  );
}

/** A message of mine that the server has not confirmed yet, or refused. */
export function PendingRow({ id, outgoing, first }: { id: string; outgoing: Unsent; first: boolean }) {
  const { status, text, createdAt, replyTo, room } = outgoing;
  const sender = me.value?.name ?? "";
  return (
    <Frame id={id} sender={sender} ts={createdAt} first={first} state={`row-${status}`}>
      {replyTo !== undefined && <Quote room={room} seq={replyTo} />}
      <Prose text={text} />
      <Delivery outgoing={outgoing} failed="Not sent." />
    </Frame>
  );
}

/** How far it has come, or why it did not, with what can be done about that. */
function Delivery({ outgoing, failed }: { outgoing: Outgoing; failed: string }) {
  const { nonce, status, error } = outgoing;
  if (status === "sent") return null;
  if (status === "failed") {
    return (
      <p class="delivery delivery-failed" role="alert">
        <Icon name="alert" size={16} />
        <span>
          {failed} {error?.message ?? ""}
        </span>
        <button type="button" class="link" onClick={() => retry(nonce)}>
          Retry
        </button>
        <button type="button" class="link" onClick={() => discard(nonce)}>
          Discard
        </button>
      </p>
    );
  }
  return (
    <p class="delivery">
      <Icon name="clock" size={14} />
      <span>{connected.value ? "Sending…" : "Waiting for the connection"}</span>
    </p>
  );
}
