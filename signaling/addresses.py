"""Every address that Candor answers at, and the older names that lead to the same place.

The one table of its kind: pages redirect from their old names, API calls share the handler.
`{names}` in braces are parts of the path.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """Where a thing is found, and where it was found before."""

    path: str
    also: tuple[str, ...] = ()


# Pages
ENTRY = Address("/", ("/tools/chat/",))
LOGIN = Address("/login")
REGISTER = Address("/register")
ME = Address("/me")
INVITATION = Address("/i/{code}")
CONSOLE = Address("/console")
DIAGNOSE = Address("/diagnose", ("/static/websocket_test.html", "/static/test_websocket.html"))
DIAGNOSE_ROOM = Address("/diagnose/{room}", ("/tools/chat/debug/{room}/",))
MATCH_PAGE = Address("/match", ("/tools/number-match/",))
HEART_LINK_PAGE = Address("/heart-link", ("/tools/heart_link/",))
CHAT_PAGE = Address("/chat/{room}", ("/tools/chat/enhanced/{room}/",))
CALL_PAGE = Address("/call/{room}", ("/tools/video-chat/{room}/",))

# Accounts and sessions
AUTH_REGISTER = Address("/api/v1/auth/register")
AUTH_LOGIN = Address("/api/v1/auth/login")
AUTH_GUEST = Address("/api/v1/auth/guest")
AUTH_REFRESH = Address("/api/v1/auth/refresh")
AUTH_LOGOUT = Address("/api/v1/auth/logout")
AUTH_PASSWORD = Address("/api/v1/auth/password")
AUTH_SESSIONS = Address("/api/v1/auth/sessions")
AUTH_SESSION = Address("/api/v1/auth/sessions/{session}")

# People
API_WHO_AM_I = Address("/api/v1/who-am-i")
API_ME = Address("/api/v1/me")
API_ME_AVATAR = Address("/api/v1/me/avatar")
API_ME_PRESENCE = Address("/api/v1/me/presence")
API_ME_AUTHENTICATOR = Address("/api/v1/me/authenticator")
API_ME_AUTHENTICATOR_CONFIRM = Address("/api/v1/me/authenticator/confirm")
API_ME_AUTHENTICATOR_REMOVE = Address("/api/v1/me/authenticator/remove")
API_ME_ENROLMENT = Address("/api/v1/me/enrolment")
API_PEOPLE = Address("/api/v1/people")
API_ME_PASSKEYS = Address("/api/v1/me/passkeys")
API_ME_PASSKEYS_BEGIN = Address("/api/v1/me/passkeys/begin")
API_ME_PASSKEY = Address("/api/v1/me/passkeys/{passkey}")
API_PERSON = Address("/api/v1/people/{user}", ("/tools/api/user/{user}/profile/",))
API_PERSON_AVATAR = Address("/api/v1/people/{user}/avatar")

# Rooms and invitations
API_ROOMS = Address("/api/v1/rooms")
API_ROOM = Address("/api/v1/rooms/{room}")
API_ROOM_GRANTS = Address("/api/v1/rooms/{room}/grants")
API_ROOM_TOKENS = Address("/api/v1/rooms/{room}/tokens")
API_ROOM_INVITATIONS = Address("/api/v1/rooms/{room}/invitations")
API_INVITATION = Address("/api/v1/invitations/{code}")
API_INVITATION_ACCEPT = Address("/api/v1/invitations/{code}/accept")
API_INVITATION_REVOKE = Address("/api/v1/rooms/{room}/invitations/{invitation}")

API_ROOM_MEMBERS = Address(
    "/api/v1/rooms/{room}/members", ("/tools/api/chat/{room}/participants/",)
)
API_ROOM_MEMBER = Address("/api/v1/rooms/{room}/members/{user}")
API_ROOM_MEMBER_ROLE = Address("/api/v1/rooms/{room}/members/{user}/role")
API_ROOM_MEMBER_SILENCE = Address("/api/v1/rooms/{room}/members/{user}/silence")
API_ROOM_MEMBERSHIP = Address("/api/v1/rooms/{room}/membership")
API_ROOM_OWNER = Address("/api/v1/rooms/{room}/owner")
API_ROOM_LOCK = Address("/api/v1/rooms/{room}/lock")
API_ROOM_WAITING_ROOM = Address("/api/v1/rooms/{room}/waiting-room")
API_ROOM_KNOCK = Address("/api/v1/rooms/{room}/knock")
API_ROOM_WAITING = Address("/api/v1/rooms/{room}/waiting")
API_ROOM_MOVE = Address("/api/v1/rooms/{room}/waiting/{user}")
API_ROOM_ADMIT_ALL = Address("/api/v1/rooms/{room}/waiting/admit")
API_ROOM_ADMIT = Address("/api/v1/rooms/{room}/waiting/{user}/admit")
API_ROOM_DENY = Address("/api/v1/rooms/{room}/waiting/{user}/deny")
API_ROOM_BANS = Address("/api/v1/rooms/{room}/bans")
API_ROOM_BAN = Address("/api/v1/rooms/{room}/bans/{user}")

API_ROOM_DETECTION = Address("/api/v1/rooms/{room}/detection")

# Files: one address tells of it and takes its bytes, those below give what it consists of
API_ROOM_FILES = Address("/api/v1/rooms/{room}/files")
API_FILE = Address("/api/v1/files/{file}")
API_FILE_FINISH = Address("/api/v1/files/{file}/finish")
API_FILE_CONTENT = Address("/api/v1/files/{file}/content")
API_FILE_THUMBNAIL = Address("/api/v1/files/{file}/thumbnail")
API_FILE_POSTER = Address("/api/v1/files/{file}/poster")
API_FILE_WAVEFORM = Address("/api/v1/files/{file}/waveform")

# Calls
API_CALLS_START = Address("/api/v1/calls/start")
API_CALLS_END = Address("/api/v1/calls/end")
API_CALLS_ACTIVE = Address("/api/v1/calls/active")
API_CALLS_HISTORY = Address("/api/v1/calls/history")
API_CALL = Address("/api/v1/calls/{call}")
API_CALL_STATS = Address("/api/v1/calls/{call}/stats")
API_RISK = Address("/api/v1/risk")
API_CALL_RISK = Address("/api/v1/calls/{call}/risk")
API_CALL_RISK_HISTORY = Address("/api/v1/calls/{call}/risk/history")
API_CALL_RISK_OVERRIDE = Address("/api/v1/calls/{call}/risk/{user}/override")
API_CALL_ACCEPT = Address("/api/v1/calls/{call}/accept")
API_CALL_DECLINE = Address("/api/v1/calls/{call}/decline")
API_CALL_JOIN = Address("/api/v1/calls/{call}/join")
API_CALL_LEAVE = Address("/api/v1/calls/{call}/leave")
API_CALL_MEDIUM = Address("/api/v1/calls/{call}/medium")
API_CALL_INVITE = Address("/api/v1/calls/{call}/invite")

# Challenges: in a call, and what a room asks by itself
API_CALL_CHALLENGES = Address("/api/v1/calls/{call}/challenges")
API_ROOM_CHALLENGES = Address("/api/v1/rooms/{room}/challenges")

# Proofs of an account, in a call
API_CALL_PROOFS = Address("/api/v1/calls/{call}/proofs")

# Chat
API_CHAT_MESSAGES = Address("/api/v1/chat/messages")
API_CHAT_MESSAGE = Address("/api/v1/chat/messages/{message}")
API_CHAT_MESSAGE_READ = Address("/api/v1/chat/messages/{message}/read")
API_CHAT_MESSAGE_READERS = Address("/api/v1/chat/messages/{message}/readers")
API_CHAT_MESSAGE_EDITS = Address("/api/v1/chat/messages/{message}/edits")
API_CHAT_MESSAGE_REACTION = Address("/api/v1/chat/messages/{message}/reaction")
API_CHAT_MESSAGE_PIN = Address("/api/v1/chat/messages/{message}/pin")
API_CHAT_MESSAGE_FORWARD = Address("/api/v1/chat/messages/{message}/forward")
API_CHAT_SEARCH = Address("/api/v1/chat/search")
API_CHAT_MESSAGE_REPORT = Address("/api/v1/chat/messages/{message}/report")
API_CHAT_REPORTS = Address("/api/v1/chat/reports")
API_CHAT_REPORT = Address("/api/v1/chat/reports/{report}")
API_CHAT_BLOCKS = Address("/api/v1/chat/blocks")
API_CHAT_BLOCK = Address("/api/v1/chat/blocks/{user}")
API_CHAT_CONVERSATIONS = Address("/api/v1/chat/conversations")
API_CHAT_ROOM_MESSAGES = Address(
    "/api/v1/chat/rooms/{room}/messages", ("/tools/api/chat/{room}/messages/",)
)
API_CHAT_ROOM_SEND = Address("/api/v1/chat/rooms/{room}/send", ("/tools/api/chat/{room}/send/",))
API_CHAT_ROOM_SEND_IMAGE = Address(
    "/api/v1/chat/rooms/{room}/send-image", ("/tools/api/chat/{room}/send-image/",)
)
API_CHAT_ROOM_SEND_AUDIO = Address(
    "/api/v1/chat/rooms/{room}/send-audio", ("/tools/api/chat/{room}/send-audio/",)
)
API_CHAT_ROOM_SEND_VIDEO = Address(
    "/api/v1/chat/rooms/{room}/send-video", ("/tools/api/chat/{room}/send-video/",)
)
API_CHAT_ROOM_SEND_FILE = Address(
    "/api/v1/chat/rooms/{room}/send-file", ("/tools/api/chat/{room}/send-file/",)
)
API_CHAT_ROOM_DELETE = Address(
    "/api/v1/chat/rooms/{room}/delete-message/{message}",
    ("/tools/api/chat/{room}/delete-message/{message}/",),
)
API_CHAT_ROOM_READ = Address(
    "/api/v1/chat/rooms/{room}/read", ("/tools/api/chat/{room}/mark_read/",)
)
API_CHAT_ROOM_POSITIONS = Address("/api/v1/chat/rooms/{room}/positions")
API_CHAT_ROOM_RULES = Address("/api/v1/chat/rooms/{room}/rules")
API_CHAT_ROOM_HOLD = Address("/api/v1/chat/rooms/{room}/hold")
API_CHAT_ROOM_EXPORT = Address("/api/v1/chat/rooms/{room}/export")
API_CHAT_ROOM_PINS = Address("/api/v1/chat/rooms/{room}/pins")

# Matching
API_MATCH_NUMBER = Address("/api/v1/matches/number", ("/tools/api/number-match/",))
API_MATCH_NUMBER_CANCEL = Address(
    "/api/v1/matches/number/cancel", ("/tools/api/number-match/cancel/",)
)
API_HEART_LINK = Address("/api/v1/matches/heart-link")
API_HEART_LINK_ACCEPT = Address("/api/v1/matches/heart-link/accept")
API_HEART_LINK_DECLINE = Address("/api/v1/matches/heart-link/decline")

# Operators and administrators
API_USERS = Address("/api/v1/users")
API_USER_BAN = Address("/api/v1/users/{user}/ban")
API_USER_ROLE = Address("/api/v1/users/{user}/role")
API_USER_MEMBERSHIP = Address("/api/v1/users/{user}/membership")
API_AUDIT = Address("/api/v1/audit")
API_ALL_CALLS = Address("/api/v1/operators/calls")
API_ALL_ROOMS = Address("/api/v1/operators/rooms")
API_LOAD = Address("/api/v1/operators/load")
API_ROOM_TITLES = Address("/api/v1/operators/room-titles")
API_ALL_MOVED = Address("/api/v1/operators/waiting")

API_ALERTS = Address("/api/v1/alerts")
API_ALERT = Address("/api/v1/alerts/{alert}")
API_ALERT_ACTS = Address("/api/v1/alerts/{alert}/acts")
API_ALERT_OWNER = Address("/api/v1/alerts/{alert}/owner")
API_ALERT_NOTES = Address("/api/v1/alerts/{alert}/notes")

API_THRESHOLDS = Address("/api/v1/detection/thresholds")
API_THRESHOLDS_PREVIEW = Address("/api/v1/detection/thresholds/preview")
API_ALERT_CAPTURES = Address("/api/v1/alerts/{alert}/captures")
API_ALERT_CASE = Address("/api/v1/alerts/{alert}/case")
API_CAPTURE = Address("/api/v1/captures/{capture}")
API_CAPTURE_MAP = Address("/api/v1/captures/{capture}/map")
API_SCORE = Address("/api/v1/scores/{score}")
API_USER_EVIDENCE = Address("/api/v1/users/{user}/evidence")

API_WEBHOOKS = Address("/api/v1/webhooks")
API_WEBHOOK = Address("/api/v1/webhooks/{webhook}")
API_WEBHOOK_DELIVERIES = Address("/api/v1/webhooks/{webhook}/deliveries")
API_WEBHOOK_RETRY = Address("/api/v1/webhooks/{webhook}/deliveries/{delivery}/retry")

# Media by HTTP (RFC 9725 and its sister for watching)
WHIP = Address("/whip/{room}")
WHIP_SESSION = Address("/whip/{room}/{session}")
WHEP = Address("/whep/{room}")
WHEP_SESSION = Address("/whep/{room}/{session}")

# One protocol, on sockets: of a client, or bound to a room
WS = Address("/ws")
WS_CHAT = Address("/ws/chat/{room}/")
WS_CALL = Address("/ws/call/{room}")

# Sight
HEALTHZ = Address("/healthz")
READYZ = Address("/readyz")
METRICS = Address("/metrics")
OPENAPI = Address("/api/v1/openapi.json")
API_PAGE = Address("/api/v1/docs")
