"""What happened in a room, told to those whom it concerns and who are not there just now.

A telephone rings wherever its owner is.  Knows which events name people, and who is connected; it
refuses to know what becomes of it on their screens.
"""

from signaling.attendance import Attendance
from signaling.protocol import Notice
from signaling.store.events import Event
from signaling.telling import told

# Kinds of events that concern the people whom they name.
PERSONAL = ("call.", "member.")
# Where their bodies name one, and where several.
NAMES_ONE, NAMES_MANY = ("user", "caller"), ("users",)


def concerned(event: Event) -> set[str]:
    """Whom the event names; nobody, if it is everybody's in the room alike."""
    if not event.kind.startswith(PERSONAL):
        return set()
    found = {event.body[field] for field in NAMES_ONE if field in event.body}
    return found.union(*(event.body[field] for field in NAMES_MANY if field in event.body))


class Notices:
    """The service; `hear` is called for each event once it is committed."""

    def __init__(self, attendance: Attendance) -> None:
        self._attendance = attendance

    def hear(self, event: Event) -> None:
        """Tell every device of theirs that does not follow the room."""
        people = concerned(event)
        if not people:
            return
        notice = told(event, Notice)
        for identity in people:
            self._attendance.tell_person(notice, identity, outside=event.room_id)
