import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { closeDialog } from "../../state/dialogs";
import { openRoom } from "../../state/rooms";
import type { Layer } from "../../state/route";
import { Account } from "./Account";
import { Browse } from "./Browse";
import { LeaveRoom } from "./LeaveRoom";
import { NewRoom } from "./NewRoom";
import { Switcher } from "./Switcher";
import { Welcome } from "./Welcome";

const ALWAYS: Partial<Record<Layer["name"], ComponentType>> = {
  browse: Browse,
  switcher: Switcher,
  account: Account,
};

export { Welcome };

/** The dialog of a layer. One whose room is not there any more closes. */
export function LaterDialog({ layer }: { layer: Layer }) {
  if (layer.name === "new-room") return <NewRoom begin={layer} />;
  const Always = ALWAYS[layer.name];
  if (Always !== undefined) return <Always />;
  const room = openRoom.value;
  return room === null ? <Gone /> : <LeaveRoom room={room} />;
}

function Gone() {
  useEffect(closeDialog, []);
  return null;
}
