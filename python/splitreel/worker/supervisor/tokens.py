"""Counts the tokens of a prompt for the app."""

from __future__ import annotations

import threading
from collections.abc import Callable

from splitreel.contract import failures
from splitreel.contract.errors import SplitreelError
from splitreel.contract.protocol import CountTokens, Event, RequestFailed, TokensCounted
from splitreel.worker.supervisor.models import count_tokens


def answer_token_count(command: CountTokens, emit: Callable[[Event], None]) -> None:
    """Counts on a separate thread, so that a slow disk doesn't hold up the supervisor's loop."""

    def count() -> None:
        try:
            tokens, limit = count_tokens(command.model_path, command.text)
        except SplitreelError as error:
            emit(RequestFailed(command.request_id, error.error))
        except Exception as error:  # noqa: BLE001 - the caller waits for an answer
            problem = failures.internal(details=repr(error)[:2_000]).error
            emit(RequestFailed(command.request_id, problem))
        else:
            emit(TokensCounted(command.request_id, tokens, limit))

    threading.Thread(target=count, name="count-tokens", daemon=True).start()
