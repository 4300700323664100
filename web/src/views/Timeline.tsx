import { useEffect, useMemo } from "preact/hooks";
import { badge } from "../lib/text";
import { buildRows } from "../lib/timeline";
import { Icon } from "../parts/Icon";
import { RowView } from "../parts/Rows";
import { MessageSkeleton } from "../parts/Skeleton";
import { useMessageKeys } from "../parts/useMessageKeys";
import { useTimelineScroll } from "../parts/useTimelineScroll";
import { shownEvents } from "../state/acting";
import { behind, shown } from "../state/attention";
import { today } from "../state/clock";
import { ensureLog, type Log, loadNewer, loadOlder, logOf } from "../state/conversation";
import { openLatest } from "../state/jump";
import { announcements } from "../state/live";
import { changesIn, outbox, pendingIn } from "../state/outbox";
import { notePlace, openingPlace } from "../state/places";
import type { MyRoom } from "../state/rooms";
import { me } from "../state/session";
import { FirstSteps } from "./FirstSteps";

/** The open room's messages. Rendered anew for each room (by `key`), so that each opens at its own place. */
export function Timeline({ room }: { room: MyRoom }) {
  const log = logOf(room.id).value;
  const entries = outbox.value;
  const mine = me.value?.name ?? "";
  const events = shownEvents.value;
  const pending = useMemo(() => (log.end ? pendingIn(room.id, entries) : []), [room.id, entries, log.end]);
  const rows = useMemo(
    () => buildRows(events, pending, mine, log.divider, changesIn(room.id, entries)),
    [events, pending, mine, log.divider, entries],
  );
  const now = today.value;
  const newest = pending[pending.length - 1]?.createdAt ?? 0;
  const { ref, span, onScroll, toLatest } = useTimelineScroll(rows, {
    ready: log.ready,
    sent: newest,
    place: openingPlace(room.id),
    end: log.end,
    older: () => {
      if (log.error === "") loadOlder(room.id);
    },
    newer: () => void loadNewer(room.id),
    latest: () => openLatest(room.id),
    onView: ({ end, seq, place }) => {
      shown.value = { room: room.id, seq, end };
      notePlace(room.id, place);
    },
  });
  const keys = useMessageKeys(room.id, ref, rows, log.ready);
  useEffect(
    () => () => {
      if (shown.peek()?.room === room.id) shown.value = null;
    },
    [],
  );
  return (
    <div class="timeline-box">
      <section
        class="timeline"
        ref={ref}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs the focus for the arrow keys
        tabIndex={0}
        aria-label={`Messages in ${room.title}`}
      >
        <div class="timeline-inner">
          <Top room={room} log={log} more={log.more || span.from > 0} />
          <ol class="rows" {...keys}>
            {rows.slice(span.from, span.to).map((row) => (
              <RowView key={row.key} row={row} now={now} />
            ))}
          </ol>
        </div>
      </section>
      {behind.value && log.ready && (
        <button type="button" class="jump" onClick={toLatest}>
          <Icon name="down" size={18} />
          <span>Latest</span>
          {room.tally.unread > 0 && <span class="badge">{badge(room.tally.unread)}</span>}
          {room.tally.unread > 0 && <span class="sr-only">new messages</span>}
        </button>
      )}
      <div class="sr-only" role="log" aria-live="polite" aria-label="New messages">
        {announcements.value.map(({ seq, text }) => (
          <p key={seq}>{text}</p>
        ))}
      </div>
    </div>
  );
}

/** What stands above the first message: the room's beginning, more to come, or why it did not come. */
function Top({ room, log, more }: { room: MyRoom; log: Log; more: boolean }) {
  if (log.error !== "") {
    return (
      <div class="timeline-top">
        <p>{log.error}</p>
        <button
          type="button"
          class="button"
          onClick={() => (log.ready ? loadOlder(room.id) : ensureLog(room.id, room.tally.head))}
        >
          Try again
        </button>
      </div>
    );
  }
  if (!log.ready) return <MessageSkeleton label={`Loading messages of ${room.title}`} />;
  if (more)
    return <div class="timeline-top timeline-more">{log.loading ? "Loading earlier messages…" : ""}</div>;
  const quiet = !log.events.some((event) => event.type === "message");
  return (
    <div class="timeline-start">
      <span class="room-glyph room-glyph-l" aria-hidden="true">
        #
      </span>
      <h2>{quiet ? `Welcome to ${room.title}` : room.title}</h2>
      <p>
        {room.topic || `This is where ${room.title} begins.`}
        {quiet && " Say the first word: everyone who joins will find it here."}
      </p>
      {quiet && <FirstSteps />}
    </div>
  );
}
