import { roomChange } from "../lib/changes";
import { listNames, plural } from "../lib/text";
import { dayText } from "../lib/time";
import type { LineEvent, RoomNames, Row } from "../lib/timeline";
import { displayName } from "../state/people";
import { MessageRow, PendingRow, Time } from "./MessageRow";

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
      return <Line key={row.key} id={row.key} events={row.events} before={row.before} />;
    case "message":
      return <MessageRow id={row.key} event={row.event} first={row.first} change={row.change} />;
    case "pending":
      return <PendingRow id={row.key} outgoing={row.outgoing} first={row.first} />;
  }
}

interface LineProps {
  id: string;
  events: readonly LineEvent[];
  before: RoomNames | null;
}

function Line({ id, events, before }: LineProps) {
  const first = events[0];
  if (first === undefined) return null;
  const names = [...new Set(events.map((event) => event.sender))].map(displayName);
  const who =
    names.length > 4
      ? `${listNames(names.slice(0, 2), 3)} and ${plural(names.length - 2, "other")}`
      : listNames(names, 4);
  const what = first.type === "room_changed" ? roomChange(first, before) : WHAT[first.type];
  return (
    <li class="row-line" data-key={id}>
      <span>
        <strong>{who}</strong> {what}
      </span>
      <Time ts={first.ts} />
    </li>
  );
}

const WHAT = { room_created: "created this room", member_joined: "joined", member_left: "left" } as const;
