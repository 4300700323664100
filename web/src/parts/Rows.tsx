import type { Event, Message, Outgoing } from "hubbub-client";
import type { ComponentChildren } from "preact";
import { listNames, plural } from "../lib/text";
import { clockText, dayText, fullText, narrowClockText } from "../lib/time";
import type { Row } from "../lib/timeline";
import { connected } from "../state/connection";
import { discard, retry } from "../state/outbox";
import { displayName } from "../state/people";
import { me } from "../state/session";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";
import { Prose } from "./Prose";

/** One entry of the conversation's list. */
export function RowView({ row, now }: { row: Row; now: number }) {
  switch (row.kind) {
    case "day":
      return (
        <li class="row-day" data-key={row.key}>
          <h3 dir="auto">{dayText(row.ts, now)}</h3>
        </li>
      );
    case "divider":
      return (
        <li class="row-divider" data-key={row.key}>
          <span>New messages</span>
        </li>
      );
    case "line":
      return <Line key={row.key} id={row.key} events={row.events} />;
    case "message":
      return <MessageRow id={row.key} event={row.event} first={row.first} />;
    case "pending":
      return <PendingRow id={row.key} outgoing={row.outgoing} first={row.first} />;
  }
}

function Line({ id, events }: { id: string; events: readonly Event[] }) {
  const first = events[0];
  if (first === undefined) return null;
  const names = [...new Set(events.map((event) => event.sender))].map(displayName);
  const who =
    names.length > 4
      ? `${listNames(names.slice(0, 2), 3)} and ${plural(names.length - 2, "other")}`
      : listNames(names, 4);
  const what =
    first.type === "room_created" ? "created this room" : first.type === "member_joined" ? "joined" : "left";
  return (
    <li class="row-line" data-key={id}>
      <span>
        <strong>{who}</strong> {what}
      </span>
      <Time ts={first.ts} />
    </li>
  );
}

function Time({ ts, narrow = false }: { ts: number; narrow?: boolean }) {
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
  children: ComponentChildren;
}

function Frame({ id, sender, ts, first, state = "", children }: FrameProps) {
  const title = displayName(sender);
  const name = `row-message ${first ? "row-first" : ""} ${state}`;
  return (
    <li class={name} data-key={id}>
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
    </li>
  );
}

function MessageRow({ id, event, first }: { id: string; event: Message; first: boolean }) {
  return (
    <Frame id={id} sender={event.sender} ts={event.ts} first={first}>
      <Prose text={event.text ?? ""} />
    </Frame>
  );
}

/** A message of mine that the server has not confirmed yet, or refused. */
function PendingRow({ id, outgoing, first }: { id: string; outgoing: Outgoing; first: boolean }) {
  const { nonce, status, text, createdAt, error } = outgoing;
  return (
    <Frame id={id} sender={me.value?.name ?? ""} ts={createdAt} first={first} state={`row-${status}`}>
      <Prose text={text} />
      {status === "failed" ? (
        <p class="delivery delivery-failed" role="alert">
          <Icon name="alert" size={16} />
          <span>Not sent. {error?.message ?? ""}</span>
          <button type="button" class="link" onClick={() => retry(nonce)}>
            Retry
          </button>
          <button type="button" class="link" onClick={() => discard(nonce)}>
            Discard
          </button>
        </p>
      ) : (
        <Delivery status={status} />
      )}
    </Frame>
  );
}

function Delivery({ status }: { status: "queued" | "sending" | "sent" }) {
  if (status === "sent") return null;
  const text = connected.value ? "Sending…" : "Waiting for the connection";
  return (
    <p class="delivery">
      <Icon name="clock" size={14} />
      <span>{text}</span>
    </p>
  );
}
