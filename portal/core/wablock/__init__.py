"""The `[[wa]] … [[/wa]]` message format: buttons, lists and header files written as text.

`model.py` says what a block can hold, `reading.py` (with `given.py` for JSON) and `writing.py`
turn text into one and back, `wire.py` makes the JSON of a gateway's POST from it, `words.py` the
plain words. Pure.
"""

from portal.core.wablock.model import Block as Block
from portal.core.wablock.model import Button as Button
from portal.core.wablock.model import Interactive as Interactive
from portal.core.wablock.model import Row as Row
from portal.core.wablock.model import Section as Section
from portal.core.wablock.reading import parse as parse
from portal.core.wablock.wire import payload as payload
from portal.core.wablock.words import fallback_text as fallback_text
from portal.core.wablock.words import spelled_out as spelled_out
from portal.core.wablock.writing import write as write
