"""The `[[wa]] … [[/wa]]` message format: buttons, lists and header files written as text.

`model.py` says what a block can hold, `reading.py` and `writing.py` turn text into one and
back, `wire.py` makes the JSON of a gateway's POST from it. Pure.
"""

from portal.core.wablock.model import HEADER_KINDS as HEADER_KINDS
from portal.core.wablock.model import Block as Block
from portal.core.wablock.model import Button as Button
from portal.core.wablock.model import Interactive as Interactive
from portal.core.wablock.model import Row as Row
from portal.core.wablock.model import Section as Section
