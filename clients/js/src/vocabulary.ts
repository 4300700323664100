// Written by scripts/generate.py from src/hubbub/vocabulary. Change the Structs, then run it again.

/**
 * Sign this connection in with a session's token, and receive `rooms` as by `subscribe`.
 *
 * Answered by `welcome`, then by the reply: `Subscribed`.
 */
export interface Auth {
  type: "auth";
  token: string;
  /** Default: []. */
  rooms?: RoomCursor[];
  /** Default: null. */
  ref?: number | string | null;
}

/** A room to receive. `since`: the last `seq` that I have; without it only what comes from now on. */
export interface RoomCursor {
  room: string;
  /** Default: null. */
  since?: number | null;
}

/**
 * The rooms that I am a member of, with unread counts, the oldest room first. Reply: `RoomList`.
 *
 * `after`: the last room id of the page before.
 */
export interface Rooms {
  type: "rooms";
  /** Default: null. */
  after?: string | null;
  /** Default: 200. */
  limit?: number;
  /** Default: null. */
  ref?: number | string | null;
}

/** The public rooms, by room id. Reply: `DirectoryPage`. `after`: the last room id of the page before. */
export interface Directory {
  type: "directory";
  /** Default: null. */
  after?: string | null;
  /** Default: 100. */
  limit?: number;
  /** Default: null. */
  ref?: number | string | null;
}

/** Create a public room and become its first member. Reply: `RoomEntry`. Join it to receive its events. */
export interface CreateRoom {
  type: "create_room";
  room: string;
  /** Default: "". */
  title?: string;
  /** Default: "". */
  topic?: string;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Give a room another title or topic, or both. Reply: `Sent`, with the `seq` of the `room_changed` event.
 *
 * What is absent stays as it is.
 */
export interface ChangeRoom {
  type: "change_room";
  room: string;
  /** The client's idempotency key of this message. */
  nonce: string;
  /** Default: null. */
  title?: string | null;
  /** Default: null. */
  topic?: string | null;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Become a member if I am not one yet, and receive the room's events on this connection.
 *
 * Reply: `Joined`. With `since`, every event with a greater `seq` follows the reply, in order and without a hole,
 * then live events. Without it only live events follow: those after the reply's `head`.
 */
export interface Join {
  type: "join";
  room: string;
  /** Default: null. */
  since?: number | null;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Receive rooms that I am a member of on this connection, up to 1,000 of them. Reply: `Subscribed`.
 *
 * It never makes a member. A room that can't be received has its own error in the reply, and the others go on. What
 * was missed follows the reply, in the order of each room's log and without a hole, then live events: see `join`.
 */
export interface Subscribe {
  type: "subscribe";
  rooms: RoomCursor[];
  /** Default: null. */
  ref?: number | string | null;
}

/** Stop being a member. All connections of the user stop receiving the room. Reply: `Done`. */
export interface Leave {
  type: "leave";
  room: string;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Say something in a joined room. Reply: `Sent`, after the message is durable, before its event.
 *
 * The same nonce by the same sender in the same room returns the first `seq` for as long as the message exists.
 * `reply_to`: the message of this room that it answers.
 */
export interface Send {
  type: "send";
  room: string;
  /** Markdown, at most `limits.text_bytes` bytes of UTF-8. */
  text: string;
  /** The client's idempotency key of this message. */
  nonce: string;
  /** Default: null. */
  reply_to?: number | null;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Give a message of mine another text. Reply: `Sent`, with the `seq` of the `message_edited` event.
 *
 * The earlier texts are kept until the message is deleted: `versions`.
 */
export interface Edit {
  type: "edit";
  room: string;
  seq: number;
  /** Markdown, at most `limits.text_bytes` bytes of UTF-8. */
  text: string;
  /** The client's idempotency key of this message. */
  nonce: string;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Delete a message of mine; administrators, any of a room that they are in. Reply: `Sent`.
 *
 * Its texts, the earlier ones too, and its reactions are gone from the server. Its `seq` stays.
 */
export interface Delete {
  type: "delete";
  room: string;
  seq: number;
  /** The client's idempotency key of this message. */
  nonce: string;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * React to a message. Reply: `Sent`; with `repeat` when this reaction of mine was there already.
 *
 * `emoji`: one of Unicode's, with or without U+FE0F. A message has at most 20 different ones.
 */
export interface React {
  type: "react";
  room: string;
  seq: number;
  emoji: string;
  /** The client's idempotency key of this message. */
  nonce: string;
  /** Default: null. */
  ref?: number | string | null;
}

/** Take a reaction of mine back. Reply: `Sent`; with `repeat` when there was none. */
export interface Unreact {
  type: "unreact";
  room: string;
  seq: number;
  emoji: string;
  /** The client's idempotency key of this message. */
  nonce: string;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * A page of a room's log. Reply: `EventPage`, ascending by `seq` whichever way was asked.
 *
 * `before`: events with a smaller `seq`, the nearest first chosen. `after`: events with a greater one. Neither: the
 * newest. Both: `bad_field`.
 */
export interface History {
  type: "history";
  room: string;
  /** Default: null. */
  before?: number | null;
  /** Default: null. */
  after?: number | null;
  /** Default: 50. */
  limit?: number;
  /** Default: null. */
  ref?: number | string | null;
}

/** The texts that a message had. Reply: `Versions`, the newest 50 at most, in 128 KiB of text. */
export interface ReadVersions {
  type: "versions";
  room: string;
  seq: number;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Who reacted to a message by this emoji. Reply: `ReactionPage`.
 *
 * `after`: the last name of the page before; `not_found` when that user has taken the reaction back meanwhile.
 */
export interface ReadReactions {
  type: "reactions";
  room: string;
  seq: number;
  emoji: string;
  /** Default: null. */
  after?: string | null;
  /** Default: 50. */
  limit?: number;
  /** Default: null. */
  ref?: number | string | null;
}

/** Who is in a room, by name. Reply: `MemberPage`. `after`: the last name of the page before. */
export interface Members {
  type: "members";
  room: string;
  /** Default: null. */
  after?: string | null;
  /** Default: 100. */
  limit?: number;
  /** Default: null. */
  ref?: number | string | null;
}

/** Set my read mark. It only moves forward. Reply: `ReadMark`. My other connections get a `read` signal. */
export interface Read {
  type: "read";
  room: string;
  seq: number;
  /** Default: null. */
  ref?: number | string | null;
}

/** Say that I am typing (or stopped) in a joined room. A client repeats it every few seconds while it goes on. */
export interface Typing {
  type: "typing";
  room: string;
  /** Default: true. */
  typing?: boolean;
  /** Default: null. */
  ref?: number | string | null;
}

/**
 * Name the room on the screen: this connection gets `presence` and `typing` signals of that room only.
 *
 * Reply: `Watching`. null: of no room.
 */
export interface Watch {
  type: "watch";
  room: string | null;
  /** Default: null. */
  ref?: number | string | null;
}

/** The first entry of every log. */
export interface RoomCreated {
  type: "room_created";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  /** Default: "". */
  title?: string;
  /** Default: "". */
  topic?: string;
}

/** `sender` became a member. `title` is the display name at that time. */
export interface MemberJoined {
  type: "member_joined";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  /** Default: "". */
  title?: string;
}

/** `sender` is no longer a member. */
export interface MemberLeft {
  type: "member_left";
  room: string;
  seq: number;
  sender: string;
  ts: number;
}

/**
 * `sender` said `text`: Markdown, as it was typed. `reply_to`: the `seq` of the message that it answers.
 *
 * In a page of history `text` is the text of now, and `state` what became of the message; absent: nothing. Messages
 * that come live, or are caught up with, have the text that was sent and no `state`: later events tell.
 */
export interface Message {
  type: "message";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  /** Default: "". */
  text?: string;
  /** Default: null. */
  reply_to?: number | null;
  /** Default: null. */
  state?: MessageState | null;
}

/**
 * What became of a message. `seq`: the last event about it that is taken into account.
 *
 * `edited_ts`: when its text was changed last. `deleted`: its text is gone. `reactions`: in the order in which each
 * emoji came up.
 */
export interface MessageState {
  seq: number;
  /** Default: null. */
  edited_ts?: number | null;
  /** Default: false. */
  deleted?: boolean;
  /** Default: []. */
  reactions?: Reaction[];
}

/** One emoji below a message. `count`: how many reacted so; `users`: the first ten of them; `mine`: I am one. */
export interface Reaction {
  emoji: string;
  count: number;
  /** Default: []. */
  users?: string[];
  /** Default: false. */
  mine?: boolean;
}

/** `sender` gave its message `about` another text. */
export interface MessageEdited {
  type: "message_edited";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  about: number;
  /** Default: "". */
  text?: string;
}

/** The message `about` is gone, with its texts and reactions. Its place in the log stays. */
export interface MessageDeleted {
  type: "message_deleted";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  about: number;
}

/** `sender` reacted to the message `about`. */
export interface ReactionAdded {
  type: "reaction_added";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  about: number;
  emoji: string;
}

/** `sender` took its reaction to the message `about` back. */
export interface ReactionRemoved {
  type: "reaction_removed";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  about: number;
  emoji: string;
}

/** `sender` gave the room this title and this topic. */
export interface RoomChanged {
  type: "room_changed";
  room: string;
  seq: number;
  sender: string;
  ts: number;
  /** Default: "". */
  title?: string;
  /** Default: "". */
  topic?: string;
}

/**
 * An entry of a kind that a later version has added: skip it, and let the cursor pass it.
 *
 * It is passed on with its own type and fields, as far as whoever passes it on can read them.
 */
export interface UnknownEvent {
  type: "unknown";
  room: string;
  seq: number;
  sender: string;
  ts: number;
}

/**
 * This connection now acts as `user`.
 *
 * `session` names the login for lists of devices; `transport` and `wire` are what this connection uses, as the
 * server sees it. The server pings every `heartbeat_seconds`.
 */
export interface Welcome {
  type: "welcome";
  user: User;
  session: string;
  transport: string;
  wire: string;
  heartbeat_seconds: number;
  limits: Limits;
}

/** A user as others see it. `title` is the display name; empty means: show `name`. */
export interface User {
  name: string;
  /** Default: "". */
  title?: string;
  /** Default: false. */
  admin?: boolean;
}

/** What the server accepts, so that a client can say so before it sends. */
export interface Limits {
  text_bytes: number;
  frame_bytes: number;
}

/** How each room of the list went that came with the handshake. What was missed follows. */
export interface SubscribedAtOnce {
  type: "subscribed";
  rooms: RoomOutcome[];
}

/** What became of one room of a list: the fields of `Joined` (0 is left out), or the `error` that it has. */
export interface RoomOutcome {
  room: string;
  /** Default: 0. */
  head?: number;
  /** Default: 0. */
  read?: number;
  /** Default: 0. */
  unread?: number;
  /** Default: "". */
  title?: string;
  /** Default: "". */
  topic?: string;
  /** Default: null. */
  error?: ErrorBody | null;
}

/** Why a command was refused. Branch on `code`, show `message`. */
export interface ErrorBody {
  /** Stable. Later versions may add codes. */
  code: string;
  /** One English sentence for people. */
  message: string;
  /** True: the same command may succeed later without any change. */
  retryable: boolean;
  /** Before this time it will not. Absent: not known. */
  retry_after_seconds?: number;
}

/** `user` began or stopped typing. It ends by itself after 6 seconds without a new signal. */
export interface TypingChanged {
  type: "typing";
  room: string;
  user: string;
  /** Default: true. */
  typing?: boolean;
}

/**
 * Who came and went in the watched room since the last such signal; `count` members are online now.
 *
 * In a room with more than 200 members online only `count` is sent and both lists are empty.
 */
export interface Presence {
  type: "presence";
  room: string;
  count: number;
  /** Default: []. */
  online?: string[];
  /** Default: []. */
  offline?: string[];
}

/** My read mark moved, on another connection of mine. */
export interface ReadChanged {
  type: "read";
  room: string;
  seq: number;
  unread: number;
}

/** I became a member of `room`, or stopped being one, on another connection of mine. */
export interface Membership {
  type: "membership";
  room: string;
  member: boolean;
}

/**
 * A user has another display name now: myself, or somebody who is a member of a room that I have joined.
 *
 * Once for each connection, however many rooms are shared; a `title` that is absent was cleared. Who was not connected
 * or slow reads names anew with `members`.
 */
export interface ProfileChanged {
  type: "user";
  user: User;
}

/** It happened; there is nothing to add. */
export type Done = Record<string, never>;

/** `head`: the last `seq` of the log at the time of joining; `read`: my read mark; the rest: see `RoomState`. */
export interface Joined {
  room: string;
  head: number;
  read: number;
  unread: number;
  /** Default: "". */
  title?: string;
  /** Default: "". */
  topic?: string;
  /** Default: 0. */
  epoch?: number;
}

/** How each room went, in the order of the list. */
export interface Subscribed {
  /** Default: []. */
  rooms?: RoomOutcome[];
}

/**
 * The event is durable at `seq`; `ts` as in the event. `repeat`: this nonce had been stored before.
 *
 * For a reaction that was there already, or is not there any more, `repeat` is set, too, and `seq` is the log's last.
 */
export interface Sent {
  seq: number;
  ts: number;
  /** Default: false. */
  repeat?: boolean;
}

/**
 * `events` ascend by `seq`. `more`: there are further ones in the asked direction. `head`: the log's last `seq`.
 *
 * A page of long messages has fewer events than were asked for: it ends at 128 KiB of text.
 */
export interface EventPage {
  events: Event[];
  more: boolean;
  head: number;
}

/** The texts of a message, the oldest first; the last one is that of now. `more`: there were earlier ones. */
export interface Versions {
  versions: Version[];
  /** Default: false. */
  more?: boolean;
}

/** A text that a message had from `ts` on (Unix milliseconds). */
export interface Version {
  text: string;
  ts: number;
}

/** Who reacted to a message by one emoji, in the order of reacting. `total`: how many did in all. */
export interface ReactionPage {
  users: string[];
  more: boolean;
  total: number;
}

/** A public room. `members`: how many; `member`: whether I am one. */
export interface RoomEntry {
  room: string;
  /** Default: "". */
  title?: string;
  /** Default: "". */
  topic?: string;
  /** Default: 0. */
  members?: number;
  /** Default: false. */
  member?: boolean;
}

/** A page of the public rooms. `more`: there are further ones. */
export interface DirectoryPage {
  rooms: RoomEntry[];
  more: boolean;
}

/** A page of my rooms. `more`: there are further ones. */
export interface RoomList {
  rooms: RoomState[];
  /** Default: false. */
  more?: boolean;
}

/**
 * A room of mine. `unread`: messages of others after my read mark, counted up to 1,000.
 *
 * `epoch`: what its log is known by. When it is another one, the log that a cursor is of is gone: read it anew.
 */
export interface RoomState {
  room: string;
  head: number;
  read: number;
  unread: number;
  /** Default: "". */
  title?: string;
  /** Default: "". */
  topic?: string;
  /** Default: 0. */
  last_ts?: number;
  /** Default: 0. */
  epoch?: number;
}

/** A page of a room's members. `more`: there are further ones; `total`: how many there are in all. */
export interface MemberPage {
  members: Member[];
  more: boolean;
  total: number;
}

/** A room's member. `since_ms`: Unix milliseconds of joining. */
export interface Member {
  name: string;
  /** Default: "". */
  title?: string;
  /** Default: false. */
  online?: boolean;
  /** Default: 0. */
  since_ms?: number;
}

/** My read mark now, and how many messages of others are after it. */
export interface ReadMark {
  room: string;
  read: number;
  unread: number;
}

/** Who is online in the watched room. Above 200 members online, `online` is empty and only `count` tells. */
export interface Watching {
  room: string | null;
  /** Default: 0. */
  count?: number;
  /** Default: []. */
  online?: string[];
}

/** What a client may ask. */
export type Command =
  | Auth
  | Rooms
  | Directory
  | CreateRoom
  | ChangeRoom
  | Join
  | Subscribe
  | Leave
  | Send
  | Edit
  | Delete
  | React
  | Unreact
  | History
  | ReadVersions
  | ReadReactions
  | Members
  | Read
  | Typing
  | Watch;

/** A durable entry of a room's log. */
export type Event =
  | RoomCreated
  | MemberJoined
  | MemberLeft
  | Message
  | MessageEdited
  | MessageDeleted
  | ReactionAdded
  | ReactionRemoved
  | RoomChanged
  | UnknownEvent;

/** What passes without a trace. */
export type Signal =
  | Welcome
  | SubscribedAtOnce
  | TypingChanged
  | Presence
  | ReadChanged
  | Membership
  | ProfileChanged;

/** What stands under `ok` in the answer to a command. */
export type Reply =
  | Done
  | Joined
  | Subscribed
  | Sent
  | EventPage
  | Versions
  | ReactionPage
  | RoomEntry
  | DirectoryPage
  | RoomList
  | MemberPage
  | ReadMark
  | Watching;

/** The command with this `ref` was carried out. */
export interface ReplyOk {
  type: "reply";
  ref: number | string;
  ok: Reply;
}

/** The command with this `ref` was refused. null: no `ref` was given or could be read. */
export interface ReplyError {
  type: "reply";
  ref: number | string | null;
  error: ErrorBody;
}

/** The one answer to a command. */
export type ReplyFrame =
  | ReplyOk
  | ReplyError;

/** Everything that a server sends. */
export type ServerFrame =
  | Event
  | Signal
  | ReplyFrame;

/** The types of events of this version. A newer server may send others. */
export const EVENT_TYPES: ReadonlySet<unknown> = new Set([
  "room_created",
  "member_joined",
  "member_left",
  "message",
  "message_edited",
  "message_deleted",
  "reaction_added",
  "reaction_removed",
  "room_changed",
  "unknown",
]);

/** What a command takes besides `type` and `ref`, by its `type`. What is undefined is left out. */
export interface FieldsOf {
  auth: { token: string; rooms?: RoomCursor[] | undefined };
  rooms: { after?: string | null | undefined; limit?: number | undefined };
  directory: { after?: string | null | undefined; limit?: number | undefined };
  create_room: { room: string; title?: string | undefined; topic?: string | undefined };
  change_room: { room: string; nonce: string; title?: string | null | undefined; topic?: string | null | undefined };
  join: { room: string; since?: number | null | undefined };
  subscribe: { rooms: RoomCursor[] };
  leave: { room: string };
  send: { room: string; text: string; nonce: string; reply_to?: number | null | undefined };
  edit: { room: string; seq: number; text: string; nonce: string };
  delete: { room: string; seq: number; nonce: string };
  react: { room: string; seq: number; emoji: string; nonce: string };
  unreact: { room: string; seq: number; emoji: string; nonce: string };
  history: { room: string; before?: number | null | undefined; after?: number | null | undefined; limit?: number | undefined };
  versions: { room: string; seq: number };
  reactions: { room: string; seq: number; emoji: string; after?: string | null | undefined; limit?: number | undefined };
  members: { room: string; after?: string | null | undefined; limit?: number | undefined };
  read: { room: string; seq: number };
  typing: { room: string; typing?: boolean | undefined };
  watch: { room: string | null };
}

/** What stands under `ok` in the reply, by the command's `type`. */
export interface ReplyOf {
  auth: Subscribed;
  rooms: RoomList;
  directory: DirectoryPage;
  create_room: RoomEntry;
  change_room: Sent;
  join: Joined;
  subscribe: Subscribed;
  leave: Done;
  send: Sent;
  edit: Sent;
  delete: Sent;
  react: Sent;
  unreact: Sent;
  history: EventPage;
  versions: Versions;
  reactions: ReactionPage;
  members: MemberPage;
  read: ReadMark;
  typing: Done;
  watch: Watching;
}

/** The error codes of this version. A newer server may send others. */
export type ErrorCode =
  | "internal"
  | "bad_json"
  | "unknown_command"
  | "bad_field"
  | "unauthenticated"
  | "wrong_credentials"
  | "too_many_attempts"
  | "rate_limited"
  | "signup_closed"
  | "name_taken"
  | "bad_name"
  | "weak_password"
  | "forbidden"
  | "unknown_room"
  | "room_forbidden"
  | "room_exists"
  | "not_joined"
  | "text_empty"
  | "text_too_long"
  | "cursor_ahead"
  | "unknown_message"
  | "message_deleted"
  | "not_yours"
  | "nonce_reused"
  | "head_moved"
  | "too_many_reactions"
  | "store_unavailable"
  | "shutting_down"
  | "unknown_user"
  | "not_found";

/** WebSocket close codes of the server. 4000 to 4499: come back by yourself. 4500 to 4999: do not. */
export const CloseCode = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  INVALID_TEXT: 1007,
  POLICY: 1008,
  TOO_BIG: 1009,
  INTERNAL: 1011,
  SERVER_RESTART: 4000,
  HEARTBEAT_LOST: 4001,
  TOO_SLOW: 4002,
  RATE_LIMITED: 4003,
  AUTH_TIMEOUT: 4500,
  SESSION_ENDED: 4501,
} as const;
