"""Messages, and records of entities without a route: each is logged."""

from typing import Annotated, Any

from structlog.typing import FilteringBoundLogger

from models.message import Message
from router import Batch, Change, Depends, Routes

routes = Routes()


def log_batch_size(batch: Batch, log: FilteringBoundLogger) -> None:
    log.info("(BatchSize)=%d", batch.size)


# Of scope "invocation", so it is logged once for all messages.
BatchSizeLogged = Annotated[None, Depends(log_batch_size, scope="invocation")]


@routes.on(Message)
def log_message(change: Change[Message], log: FilteringBoundLogger, _logged: BatchSizeLogged) -> None:
    _log(change.new or Message(), log)


@routes.fallback
def log_unknown(change: Change[dict[str, Any]], log: FilteringBoundLogger, _logged: BatchSizeLogged) -> None:
    _log(Message.model_validate(change.new or {}), log)


def _log(message: Message, log: FilteringBoundLogger) -> None:
    # The log shows values of the item on purpose.
    log.info("(Sample)=%s", message.model_dump_json())
