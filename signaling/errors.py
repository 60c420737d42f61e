"""What can go wrong, by whose fault it is.

`Refused` is theirs: it carries a code from the one table below, goes to the client as
`{"error": {"code", "message", "detail"}}` and to the log at debug level only.  `Unavailable` is
the world's: a named dependency does not answer, and the client may try again.  Everything else
that is raised is ours: it is logged once with its traceback and answered as `internal`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """What a client is told: the HTTP status, and a sentence that says what to do."""

    status: int
    message: str


CODES: Mapping[str, Code] = {
    # the request itself
    "bad_request": Code(400, "The request could not be understood. Check it against the API page."),
    "bad_json": Code(400, "The body is not valid JSON in UTF-8. Send one JSON object."),
    "invalid": Code(400, "A field has a value that is not accepted. The detail names the field."),
    "method_not_allowed": Code(
        405, "This address does not know that method. See the Allow header."
    ),
    "not_found": Code(404, "There is nothing at this address, or it is not yours to see."),
    "unsupported_type": Code(415, "Send the body as the content type that the API page names."),
    "too_large": Code(413, "The body is larger than this address accepts. Send less."),
    "too_slow": Code(408, "The body did not arrive in time. Send it again on a better line."),
    "rate_limited": Code(429, "Too many requests. Wait as long as Retry-After says."),
    "idempotency_in_progress": Code(
        409, "The first request with this key has not ended. Ask again."
    ),
    "idempotency_mismatch": Code(409, "This key was used with another request. Use a new key."),
    # who is asking
    "unauthenticated": Code(401, "Sign in first, or send a valid bearer token."),
    "token_expired": Code(401, "The token has expired. Refresh it, or sign in again."),
    "session_ended": Code(401, "This session has ended. Sign in again."),
    "wrong_credentials": Code(401, "Name or password is wrong. Try again."),
    "refresh_reused": Code(401, "This refresh token was used before. Sign in again."),
    "refresh_raced": Code(401, "Another tab refreshed a moment ago. Use the tokens that it got."),
    "banned": Code(403, "This account is closed. Ask an administrator why."),
    "forbidden": Code(403, "You may not do this. Ask somebody with the right role."),
    "foreign_origin": Code(403, "The request came from another site. Use Candor's own pages."),
    # people
    "name_taken": Code(409, "This name is taken, or looks like one that is. Choose another."),
    "name_refused": Code(400, "This name cannot be used. The detail says why."),
    "weak_password": Code(400, "This password is too easy to guess. The detail says why."),
    "registration_closed": Code(403, "Accounts are made by an administrator here. Ask one."),
    "picture_refused": Code(415, "This picture cannot be used. Send PNG, JPEG, WebP or GIF."),
    # proving an account
    "wrong_code": Code(403, "The code is wrong, or was used before. Wait for the next one."),
    "authenticator_set": Code(409, "There is an authenticator app already. Remove it first."),
    "passkey_refused": Code(403, "This passkey was not accepted. Try again, or use another."),
    "no_account": Code(409, "They came without an account. There is nothing to prove."),
    "no_proof_set_up": Code(
        409, "They have set up nothing to prove their account by. Ask them to."
    ),
    "several_devices": Code(409, "They are here by several devices. Ask when one is left."),
    "proof_open": Code(409, "They are asked already. Wait until they have answered."),
    "proof_over": Code(409, "Nothing is asked any more. Wait to be asked again."),
    # rooms and invitations
    "room_taken": Code(409, "There is a room with this address already. Choose another."),
    "invitation_spent": Code(410, "This invitation has expired or was used up. Ask for a new one."),
    "wrong_pin": Code(403, "The PIN is wrong. Ask whoever invited you."),
    "room_locked": Code(403, "The room is locked. Ask somebody inside to open it."),
    "room_full": Code(409, "Every place in the room is taken. Try again when somebody has left."),
    "room_banned": Code(403, "You were sent away from this room. Ask its owner to take it back."),
    "not_admitted": Code(403, "You were not let into this room. Ask whoever invited you."),
    "owner_stays": Code(409, "The room is yours. Hand it over to somebody before you leave."),
    "consent_required": Code(
        403, "Only those come in who agree to be checked. Agree, or stay out."
    ),
    # chat
    "message_too_long": Code(413, "The message is too long. Send it in parts, or as a file."),
    "message_differs": Code(409, "Another message has this client_id already. Use a new one."),
    "message_gone": Code(409, "This message was deleted. Nothing more can be done with it."),
    "room_read_only": Code(403, "Only moderators write in this room. Ask one of them."),
    "slow_mode": Code(429, "This room is in slow mode. Wait as long as Retry-After says."),
    "blocked": Code(403, "This person does not take messages from you."),
    # files
    "file_refused": Code(415, "This file cannot be taken. The detail says why."),
    "quota_full": Code(413, "There is no room for more files. Delete some first."),
    "upload_conflict": Code(409, "The upload stands elsewhere. Ask how far it is and go on there."),
    "upload_overrun": Code(400, "More bytes came than were announced. Begin the upload again."),
    "bad_range": Code(416, "The file has no such part. Ask for a range within its size."),
    # calls
    "call_over": Code(409, "This call is over. Start another one."),
    "wrong_moment": Code(409, "That cannot be done with this call now. The detail says why."),
    "evidence_unreadable": Code(409, "This evidence was changed, or sealed with another secret."),
    "alert_moment": Code(409, "That cannot be done with this alert now. The detail says why."),
    # matching
    "already_waiting": Code(409, "You wait for somebody already. Cancel that, or let it end."),
    "nothing_proposed": Code(409, "Nobody is proposed to you just now. Ask again."),
    # challenges
    "not_checked": Code(409, "Nobody looks at this person just now. Ask when their camera is on."),
    "challenge_open": Code(409, "They have a challenge already. Wait until it is over."),
    "challenge_over": Code(409, "This challenge is over. Wait to be asked again."),
    # media
    "bad_sdp": Code(400, "The session description cannot be used. The detail says why."),
    "codec_not_supported": Code(422, "No codec fits both sides. The detail names them."),
    "nothing_to_watch": Code(404, "Nobody sends anything there yet. Try again when they do."),
    "media_full": Code(503, "As many people send and watch as there is room for. Try later."),
    "precondition_required": Code(428, "Name the ETag of the connection, or *, in If-Match."),
    "precondition_failed": Code(412, "The connection was restarted since. Use its newest ETag."),
    # the world's
    "media_unavailable": Code(503, "The media process is starting again. Try in a few seconds."),
    "busy": Code(503, "Candor has more to do than it can just now. Try again in a few seconds."),
    "store_unavailable": Code(503, "The database does not answer. Nothing was saved; try again."),
    "storage_full": Code(507, "The disk is full. Nothing was saved; tell an administrator."),
    "draining": Code(503, "Candor is restarting. Connect again in a few seconds."),
    # ours
    "internal": Code(500, "Something broke on our side. It was logged; please try again."),
}
"""Every code that a client can see."""


class Refused(Exception):
    """A request that we will not carry out, with the code that tells why."""

    def __init__(
        self, code: str, detail: str | None = None, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(code if detail is None else f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s


class Unavailable(Exception):
    """Something that we depend on does not answer; `code` is what the client is told."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
