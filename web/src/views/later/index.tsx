import type { Message } from "hubbub-client";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { openMessage } from "../../state/acting";
import { closeDialog } from "../../state/dialogs";
import { openRoom } from "../../state/rooms";
import type { Layer } from "../../state/route";
import { Account } from "./Account";
import { Browse } from "./Browse";
import { DeleteMessage } from "./DeleteMessage";
import { Keys } from "./Keys";
import { LeaveRoom } from "./LeaveRoom";
import { MessageActions } from "./MessageActions";
import { NewRoom } from "./NewRoom";
import { Picker } from "./Picker";
import { Reacted } from "./Reacted";
import { RoomSettings } from "./RoomSettings";
import { Switcher } from "./Switcher";
import { Versions } from "./Versions";
import { Welcome } from "./Welcome";

const ALWAYS: Partial<Record<Layer["name"], ComponentType>> = {
  browse: Browse,
  switcher: Switcher,
  account: Account,
  keys: Keys,
};

const ABOUT_MESSAGES: Partial<Record<Layer["name"], ComponentType<{ message: Message }>>> = {
  message: MessageActions,
  react: Picker,
  reactions: Reacted,
  versions: Versions,
  delete: DeleteMessage,
};

export { Welcome };

/** The dialog of a layer. One whose message or room is not there any more closes. */
export function LaterDialog({ layer }: { layer: Layer }) {
  if (layer.name === "new-room") return <NewRoom begin={layer} />;
  const Always = ALWAYS[layer.name];
  if (Always !== undefined) return <Always />;
  const room = openRoom.value;
  if (room === null) return <Gone />;
  if (layer.name === "leave") return <LeaveRoom room={room} />;
  if (layer.name === "room") return <RoomSettings room={room} />;
  const message = openMessage(layer.seq ?? 0);
  const View = ABOUT_MESSAGES[layer.name];
  return message === null || View === undefined ? <Gone /> : <View message={message} />;
}

function Gone() {
  useEffect(closeDialog, []);
  return null;
}
