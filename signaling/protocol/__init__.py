"""Every message of the one protocol, typed once; `docs/PROTOCOL.md` is made from this package.

A message is one JSON object in one text frame; `type` says which.  What a client says carries an
`id`, and is answered exactly once by a message with the same number in `re`.  Pure: text in,
values out, and back.  It refuses to know sockets, people and what a message does.

The modules are parts of one vocabulary, which is read here: `protocol.Hello`, `protocol.Welcome`.
"""

from signaling.protocol.answers import *
from signaling.protocol.closing import *
from signaling.protocol.codec import *
from signaling.protocol.news import *
from signaling.protocol.proof_news import *
from signaling.protocol.risk_news import *
from signaling.protocol.said import *
from signaling.protocol.shapes import *

VERSION = 1
# A silent client is pinged after so long; one that does not answer is gone before twice of it.
HEARTBEAT_S = 30.0
