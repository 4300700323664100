import { useState } from "preact/hooks";
import { errorText } from "../../lib/errors";
import { Dialog } from "../../parts/Dialog";
import { FormProblem } from "../../parts/Field";
import { closeDialog } from "../../state/dialogs";
import { leaveRoom, type MyRoom } from "../../state/rooms";

export function LeaveRoom({ room }: { room: MyRoom }) {
  const [problem, setProblem] = useState("");
  const leave = async (): Promise<void> => {
    try {
      await leaveRoom(room.id);
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  return (
    <Dialog title={`Leave ${room.title}?`} lead="The conversation stays. You can come back at any time.">
      <FormProblem text={problem} />
      <div class="form-actions">
        <button type="button" class="button" data-autofocus="" onClick={closeDialog}>
          Stay
        </button>
        <button type="button" class="button button-danger" onClick={leave}>
          Leave room
        </button>
      </div>
    </Dialog>
  );
}
