"""Running something in a process of its own: the parent of the crew must not open a database
connection, which its forks would share."""

import os
import pickle
import traceback
from collections.abc import Callable
from typing import Any


def apart(work: Callable[[], Any]) -> Any:
    """What `work` returns when done in a fork; raises RuntimeError when it failed there."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(reader)
            found = pickle.dumps(work())
            with os.fdopen(writer, "wb") as out:
                out.write(found)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        answer = told.read()
    _pid, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError("the fork failed; its traceback is above")
    return pickle.loads(answer)
