"""The operations that do what a command of the vocabulary does. Its declaration says all about them (`Rest`)."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from hubbub.chat.access import needs_room_role
from hubbub.errors import HubbubError, Internal, RoomForbidden, UnknownRoom
from hubbub.vocabulary.declaration import CommandBase, Rest, reply_of
from hubbub.vocabulary.describe.rest import input_struct, path_struct
from hubbub.vocabulary.describe.schema import COMMANDS

from .body import decode_path
from .call import Call
from .operation import API, Nothing, Operation

_TAG: Final = "rooms"


def operation_of(command: type[CommandBase[Any]], rest: Rest) -> Operation[Any]:
    """The operation that a command's declaration describes."""
    path = path_struct(command, rest)
    wanted = reply_of(command)

    async def perform(call: Call, given: Struct) -> Struct | None:
        fields = msgspec.structs.asdict(decode_path(call.parameters, path)) | msgspec.structs.asdict(given)
        reply = await call.services.chat.perform(call.actor, command(**fields))
        if not isinstance(reply, wanted):
            raise Internal(f"{command.__name__} was answered by {type(reply).__name__}")
        return None if rest.status == 204 else reply

    return Operation(
        rest.method,
        API + rest.path,
        rest.name,
        rest.summary,
        _TAG,
        perform,
        input_struct(command, rest) or Nothing,
        None if rest.status == 204 else wanted,
        command.declared.access,
        fields=path,
        description=rest.description,
        status=rest.status,
        errors=tuple(error for error in _errors(command) if error not in rest.never),
    )


def _errors(command: type[CommandBase[Any]]) -> tuple[type[HubbubError], ...]:
    of_room = (UnknownRoom, RoomForbidden) if needs_room_role(command.declared.access) else ()
    return (*of_room, *command.declared.errors)


OPERATIONS: Final[tuple[Operation[Any], ...]] = tuple(
    operation_of(command, command.declared.rest) for command in COMMANDS if command.declared.rest is not None
)
